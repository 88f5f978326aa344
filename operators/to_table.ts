/**
 * @module
 */
import type { OperatorFunction } from "rxjs";
import type { TableChange } from "./_table_change.ts";
import { needFunctions } from "./_join_options.ts";
import { operate } from "./_operate.ts";
import type { Key } from "./keyed_state.ts";

/** Options of {@linkcode toTable}. */
export interface ToTableOptions<T, K extends Key, V = T> {
  /** The key of a value. */
  readonly key: (value: T) => K;
  /** The row of a value; `undefined` deletes the row of its key. @default the value itself */
  readonly value?: (value: T) => V | undefined;
}

/**
 * Makes changes of a table of a stream's values: each value is the row of its key from then on. Keeps nothing; what
 * reads the table, such as {@linkcode tableJoin}, keeps its rows. The results of a `keyedReduce` are such changes
 * already. A tombstone, the value `null`, is a bad record if `key` reads its fields.
 *
 * ```text
 * source  --a1--b2--a3--|
 *         toTable({ key: (value) => value.name, value: (value) => value.n })
 * result  --(a,1)--(b,2)--(a,3)--|
 * ```
 *
 * @param options key and row
 * @returns an operator that emits `{ key, value }`
 * @throws {TypeError} when `key` or `value` is not a function
 *
 * @example A table of the last price of each item
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { toTable } from "@tidemark/streams";
 *
 * const changes: unknown[] = [];
 * from([{ item: "tea", cents: 250 }, { item: "tea", cents: 0 }]).pipe(
 *   toTable({ key: ({ item }) => item, value: ({ cents }) => cents > 0 ? cents : undefined }),
 * ).subscribe(({ key, value }) => changes.push([key, value]));
 * assertEquals(changes, [["tea", 250], ["tea", undefined]]);
 * ```
 */
export function toTable<T, K extends Key, V = T>(
  options: ToTableOptions<T, K, V>,
): OperatorFunction<T | null, TableChange<K, V>> {
  const { key, value = (whole: T) => whole as unknown as V } = options;
  needFunctions({ key, value }, "Cannot create a table:");

  return operate<T, TableChange<K, V>>({ operator: "toTable", time: "passes", keeps: false, reads: key }, (stage) => ({
    next: (whole) => stage.emit({ key: key(whole), value: value(whole) }),
  }));
}
