/**
 * Tables in the job's own Deno KV, for readers outside of the job.
 *
 * @module
 */
import type { MonoTypeOperatorFunction } from "rxjs";
import { keyBytes, KV_KEY_BYTES, KV_VALUE_BYTES, type KvKey, showKey } from "../base/kv.ts";
import { copyOf } from "../operators/_own.ts";
import type { Present } from "../operators/_tombstone.ts";
import type { TableRow } from "../state/store.ts";
import { kvBytes } from "./_kv_size.ts";
import type { Connector, InCommit, SinkSpec } from "./connector.ts";
import type { RowContext, RowEncoder } from "./rows.ts";
import { sinkOperator } from "./verbs.ts";

/** A part of a key in Deno KV. */
export type KvTableKeyPart = KvKey[number];

/** Options of {@linkcode kvTable}. A value that one of these functions cannot read is a bad record. */
export interface KvTableOptions<T> {
  /** The key of the row: one part, or several in an array. It follows the table's prefix. */
  readonly key: (value: Present<T>) => KvTableKeyPart | readonly KvTableKeyPart[];
  /** The row, plain data; `null` deletes it. @default the value itself */
  readonly value?: (value: Present<T>) => unknown;
}

/** A table as a pipeline describes it. */
interface KvTableSink extends SinkSpec {
  readonly prefix: KvKey;
  key(value: unknown): unknown;
  value(value: unknown): unknown;
}

/** First parts of keys that the package itself has in a job's KV. */
const TAKEN: Readonly<Record<string, string>> = { job: "the state of jobs", log: "the embedded log" };

/**
 * Keeps the latest row of each key in the job's own Deno KV, as an entry `[...prefix, key]` with the row as its plain
 * value, and passes every value on. Any program that opens the KV can `get`, `list` and `watch` the rows.
 *
 * Rows are written exactly once. Of several rows of one key in an epoch only the last one is written. All rows of an
 * epoch appear together with its commit, if they fit into one atomic: about 900 rows, 760 kB, and 76 kB of keys. The
 * rows of a larger epoch follow its commit in the order of the values, as many at a time as fit into an atomic, so a
 * reader may see some of them before the others, but never a row of a later epoch among them. After a crash the next
 * owner of the task writes those that are missing, and may write some of them again, with the same values. Each write
 * checks that the task still has its owner, so a worker that has lost it can write nothing.
 *
 * The rows of one key must come from one task, as they do behind a stage with this key. If two tasks write one key, the
 * last one to commit wins, and after a crash an earlier row may win.
 *
 * A row has 64 KiB at most, in the form in which Deno KV stores it, and a key 2 KiB. A larger one is the fault of its
 * record (`onError`). Rows stay when the job ends, and when it is reset.
 *
 * @param prefix the beginning of all keys of the table, one part at least; `"job"` and `"log"` are taken
 * @param options the key of a row, and its value
 * @throws {TypeError} when `prefix` or `key` is invalid, or the prefix belongs to the package
 *
 * @example A page's data, written by a job and read beside it
 * ```ts
 * import { keyedReduce, kvTable, memory, run } from "@tidemark/streams";
 * import { assertEquals } from "@std/assert";
 *
 * using kv = await Deno.openKv(":memory:");
 * const log = memory();
 * log.append("visits", ["ada", "bob", "ada"].map((user) => ({ key: user, value: { user } })));
 * log.end("visits");
 *
 * const counts = log.source<{ user: string }>("visits", { tombstones: "refuse" }).pipe(
 *   keyedReduce({ name: "visits", key: ({ user }) => user, initial: 0, reduce: (total) => total + 1 }),
 *   kvTable(["visits"], { key: (row) => row.key, value: (row) => ({ visits: row.value }) }),
 * );
 * await using job = await run(counts, { name: "visits", state: kv, log: () => {} });
 * await job.finished;
 *
 * const { value } = await kv.get(["visits", "ada"]);
 * assertEquals(value, { visits: 2 });
 * ```
 */
export function kvTable<T>(
  prefix: readonly KvTableKeyPart[],
  { key, value = (whole: Present<T>): unknown => whole }: KvTableOptions<T>,
): MonoTypeOperatorFunction<T> {
  const checked = prefixOf(prefix);
  if (typeof key !== "function") {
    throw new TypeError(`Cannot create a KV table: key must be a function, current value is of type ${typeof key}`);
  }
  const spec: KvTableSink = {
    connector: JOB_KV,
    topic: tableName(checked),
    target: "table",
    prefix: checked,
    key: key as KvTableSink["key"],
    value: value as KvTableSink["value"],
  };
  return sinkOperator<T>(spec, (whole) => {
    spec.key(whole);
    spec.value(whole);
  });
}

/** The name of a table in messages, metrics and the topology: `kv:shop/prices`. */
export function tableName(prefix: readonly KvTableKeyPart[]): string {
  return `kv:${prefix.map((part) => part instanceof Uint8Array ? part.toHex() : String(part)).join("/")}`;
}

/** The job's own KV, as a connector. It has tables only. */
export const JOB_KV: Connector = {
  id: "the job's own KV",
  open() {
    const noTopics = () => Promise.reject(new TypeError("Deno KV has tables, and no topics"));
    return Promise.resolve({
      topic: noTopics,
      createTopic: noTopics,
      deleteBefore: noTopics,
      bounds: noTopics,
      offsets: noTopics,
      shown: noTopics,
      read: noTopics,
      append: noTopics,
      appendsWithState: false,
      reader: noTopics,
      delivery: DELIVERY,
      close: () => Promise.resolve(),
    });
  },
};

const DELIVERY: InCommit<TableRow> = {
  kind: "inCommit",
  encoder: (context) => new TableRows(context),
  replaces: ({ key }) => idOf(key),
  stage: (rows) => ({ ahead: [], last: [], rows }),
  committed() {},
};

/** Makes rows, and checks them against everything that Deno KV refuses. */
class TableRows implements RowEncoder<TableRow> {
  readonly #spec: KvTableSink;

  constructor({ spec }: RowContext) {
    this.#spec = spec as KvTableSink;
  }

  /**
   * Makes the row of a value, with a copy of it, because a pipeline may change it later.
   *
   * @throws {TypeError} when the sink's functions throw, or return something that is no key or no plain data
   * @throws {RangeError} when the key or the row is too large
   */
  result(whole: unknown): TableRow {
    const { prefix } = this.#spec;
    const key = [...prefix, ...partsOf(this.#spec.key(whole))];
    const length = keyBytes(key);
    if (length > KV_KEY_BYTES) {
      throw new RangeError(`a key in Deno KV may have ${KV_KEY_BYTES} bytes, ${shown(key)} has ${length}`);
    }
    const value = this.#spec.value(whole);
    if (value === undefined) throw new TypeError("its row is undefined; null deletes a row");
    if (value === null) return { key, value, bytes: 0 };
    const copy = copyOf(value);
    const bytes = kvBytes(copy);
    if (bytes > KV_VALUE_BYTES) {
      throw new RangeError(`a row in Deno KV may have ${KV_VALUE_BYTES} bytes, that of ${shown(key)} has ${bytes}`);
    }
    return { key, value: copy, bytes };
  }

  refused(): never {
    throw noLetters();
  }

  undelivered(): never {
    throw noLetters();
  }

  bytes({ key, bytes }: TableRow): number {
    return bytes + 2 * keyBytes(key);
  }
}

/** A table keeps one row of each key, so dead letters would be lost in it. `deadLetter()` refuses it before. */
function noLetters(): TypeError {
  return new TypeError("a KV table takes no dead letters");
}

/** A text that only this key has. */
function idOf(key: KvKey): string {
  let id = "";
  for (const part of key) {
    const text = String(part);
    id += `${typeof part} ${text.length} ${text}`;
  }
  return id;
}

function prefixOf(prefix: unknown): KvKey {
  const cannot = "Cannot create a KV table:";
  if (!Array.isArray(prefix) || prefix.length === 0) {
    throw new TypeError(`${cannot} prefix must be an array of one part at least, such as ["prices"]`);
  }
  const [first] = prefix;
  if (typeof first === "string" && Object.hasOwn(TAKEN, first)) {
    throw new TypeError(
      `${cannot} keys that begin with ${JSON.stringify(first)} belong to ${
        TAKEN[first]
      } in the job's KV: give its prefix another first part`,
    );
  }
  try {
    return partsOf(prefix);
  } catch (error) {
    throw new TypeError(`${cannot} ${(error as Error).message}`);
  }
}

/** The parts of a key, checked and copied. */
function partsOf(given: unknown): KvKey {
  if (!Array.isArray(given)) return [partOf(given)];
  if (given.length === 0) throw new TypeError("a key has one part at least");
  return given.map(partOf);
}

function partOf(part: unknown): KvTableKeyPart {
  switch (typeof part) {
    case "string":
      if (part.isWellFormed()) return part;
      throw new TypeError(`a key in Deno KV is UTF-8, and ${JSON.stringify(part.slice(0, 100))} has a lone surrogate`);
    case "number":
      // Deno KV tells -0 from 0, which are one key everywhere else.
      return part === 0 ? 0 : part;
    case "bigint":
    case "boolean":
      return part;
    default:
      if (part instanceof Uint8Array) return part.slice();
      throw new TypeError(
        `a part of a key must be a string, number, bigint, boolean or Uint8Array, current value is ${
          part === undefined || part === null ? String(part) : `of type ${typeof part}`
        }`,
      );
  }
}

function shown(key: KvKey): string {
  const text = showKey(key);
  return text.length <= 100 ? text : `${text.slice(0, 100)}...`;
}
