/**
 * `table()` of every connector: a compacted topic as the changes of a table.
 *
 * @module
 */
import type { Observable } from "rxjs";
import type { Key, TableChange } from "../operators/_table_change.ts";
import { isKey } from "../operators/_key.ts";
import type { RecordCodec, StandardSchema } from "./codec.ts";
import type { Connector, SourceSpec } from "./connector.ts";
import { text } from "./plain_codecs.ts";
import { sourceFrom, type SourceOptions, sourceSpec } from "./verbs.ts";

/** Options of a `table()`. */
export interface TableOptions<V, K extends Key = string> {
  /** Decodes a record's key, which is the key of the row: `text()`, `int64()`, `json()` or any codec. @default text */
  readonly key?: Pick<RecordCodec<K>, "decode" | "prepare">;
  /** Any Standard Schema validator for rows. A record that it refuses is a bad record; it is not asked about tombstones. */
  readonly schema?: StandardSchema<V>;
  /** Decodes the bytes of a row. @default JSON */
  readonly codec?: RecordCodec<unknown>;
  /** Whether every task of a job reads all of the table, as for a `source()`. @default false */
  readonly broadcast?: SourceOptions<V>["broadcast"];
}

/** Creates a connector's `table()`: a cold Observable of changes. */
export function tableVerb<V, K extends Key>(
  connector: Connector,
  topic: string,
  options: TableOptions<V, K> = {},
): Observable<TableChange<K, V>> {
  return sourceFrom(tableSpec(connector, topic, options));
}

function tableSpec<V, K extends Key>(
  connector: Connector,
  topic: string,
  { key = text() as unknown as RecordCodec<K>, schema, codec, broadcast }: TableOptions<V, K>,
): SourceSpec<TableChange<K, V>> {
  const values = sourceSpec<V | null>(connector, topic, { key, schema, codec, broadcast, tombstones: "keep" });
  return {
    ...values,
    decode(record) {
      if (record.key === null) throw new TypeError("it has no key, which a row of a table needs");
      const by = key.decode(record.key);
      if (!isKey(by)) {
        throw new TypeError(`its key must read as a string, number, bigint or boolean, and reads as ${typeof by}`);
      }
      return { key: by, value: values.decode(record) ?? undefined };
    },
  };
}
