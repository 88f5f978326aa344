/**
 * The rows of tables in the KV of a job under test.
 *
 * @module
 */
import { textBytes } from "../base/text.ts";
import type { InputRecord } from "../connectors/connector.ts";
import { type KvTableKeyPart, tableName } from "../connectors/kv_table.ts";
import { legible } from "../connectors/record_rows.ts";
import type { StoreEntry } from "../state/store.ts";

/** A row of a table that `kvTable()` writes. */
export interface TestRow<T = unknown> {
  /** The key after the prefix of the table: one part, or an array of several. */
  readonly key: KvTableKeyPart | readonly KvTableKeyPart[];
  /** The row. */
  readonly value: T;
}

/** The entry as a row of a table whose prefix has so many parts. */
export function rowOf({ key, value }: Pick<StoreEntry, "key" | "value">, parts: number): TestRow {
  const own = key.slice(parts);
  return { key: own.length === 1 ? own[0] : own, value };
}

/** The rows of each of these tables, as records that can be compared. */
export function recordsOf(entries: readonly StoreEntry[], tables: ReadonlySet<string>): Map<string, InputRecord[]> {
  const found = new Map<string, InputRecord[]>([...tables].map((table) => [table, []]));
  for (const entry of entries) {
    for (let parts = 1; parts < entry.key.length; parts++) {
      const topic = tableName(entry.key.slice(0, parts));
      const rows = found.get(topic);
      const { key, value } = rowOf(entry, parts);
      const text = { key: textBytes(legible(key)), value: textBytes(legible(value)) };
      rows?.push({ topic, partition: 0, offset: rows.length, timestamp: 0, ...text, headers: undefined });
    }
  }
  return found;
}
