/**
 * @module
 */
import type { Observable, OperatorFunction } from "rxjs";
import type { TableChange } from "./_table_change.ts";
import { innerOrLeft, isBootstrapped, isFrozen, needFunctions } from "./_join_options.ts";
import { keepRow } from "./_kept_rows.ts";
import { operate2 } from "./_operate.ts";
import { copyOf, freeze } from "./_own.ts";
import type { Key } from "./keyed_state.ts";

/** Options of {@linkcode tableJoin}. */
export interface TableJoinOptions<T, K extends Key, V, O, Type extends "inner" | "left" = "inner"> {
  /** The name under which the rows are found again after a restart. Needed in a job, unique there. */
  readonly name?: string;
  /** The key of a value, whose row is looked up. */
  readonly key: (value: T) => K;
  /** `inner`: a value without a row has no result. `left`: it has one, and its row is `undefined`. @default "inner" */
  readonly type?: Type;
  /** Makes a result of a value and the row of its key. */
  readonly join: (value: T, row: Type extends "left" ? V | undefined : V) => O;
  /**
   * How kept rows are protected from changes outside. `copied`: they are copied when they come and for each result.
   * `frozen`: they are frozen deeply when they come, and shared. Primitives cost nothing either way.
   *
   * @default "copied"
   */
  readonly values?: "copied" | "frozen";
  /**
   * Whether a task that is new reads the table to the end that it has then, before it gets its first value. A job begins
   * to read the table at its beginning, whatever its `from` is. Topics that are joined with each other in a circle do
   * not wait. Without it, values may come before the rows that were there before them.
   *
   * @default true
   */
  readonly bootstrap?: boolean;
  /** The version of the shape of a row. @default 1 */
  readonly version?: number;
  /** Converts a row written by an older version into the current one. */
  readonly migrate?: (row: unknown, version: number) => V;
}

/**
 * Joins each value with the row that a table has for its key now. A change of the table has no result by itself. Keeps
 * the table: a row for each key until it is deleted. The result has the value's event time. Watermarks of the table's
 * stream, if there are any, do not count below.
 *
 * Both topics must be keyed by the key and have the same number of partitions, or the table is read with
 * `broadcast: true`: then every task keeps all of it, and `key` may be any part of a value. A task that is new reads the
 * table first, to the end that it has then; see `bootstrap`. After that a job reads it as it reads every topic: of what
 * is there, the record with the least timestamp is next, from either topic. Which of two records comes first is not
 * certain if one has not arrived yet when the other is read; once a result is committed it stays.
 *
 * ```text
 * values  --a1----a2----a3--|
 * table   -----a:x----a:-----      a row of a, and its deletion
 *         tableJoin(table, { type: "left", ... })
 * result  --(a1,-)--(a2,x)--(a3,-)--|
 * ```
 *
 * @param table the changes of the table: a `table()` of a connector, the results of `toTable()` or of `keyedReduce()`
 * @param options key and `join`
 * @returns an operator that emits the results
 * @throws {TypeError} when `key` or `join` is not a function, or `type` or `values` is not one of its options
 *
 * @example Clicks with the user's name
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { memory, tableJoin } from "@tidemark/streams";
 *
 * const log = memory();
 * log.append("users", [{ key: "u1", value: { name: "Ada" } }, { key: "u2", value: null }]);
 * log.append("clicks", [{ key: "u1", value: { user: "u1" } }, { key: "u2", value: { user: "u2" } }]);
 *
 * const rows: unknown[] = [];
 * log.source<{ user: string }>("clicks").pipe(
 *   tableJoin(log.table<{ name: string }>("users"), {
 *     name: "named",
 *     key: ({ user }) => user,
 *     type: "left",
 *     join: ({ user }, row) => [user, row?.name],
 *   }),
 * ).subscribe((row) => rows.push(row));
 * assertEquals(rows, [["u1", "Ada"], ["u2", undefined]]);
 * ```
 */
export function tableJoin<T, K extends Key, V, O, Type extends "inner" | "left" = "inner">(
  table: Observable<TableChange<K, V>>,
  options: TableJoinOptions<T, K, V, O, Type>,
): OperatorFunction<T | null, O> {
  const { name, key, type = "inner", values = "copied", bootstrap = true, version, migrate } = options;
  const cannot = "Cannot create a table join:";
  needFunctions({ key, join: options.join }, cannot);
  const left = innerOrLeft(type, cannot) === "left";
  isBootstrapped(bootstrap, cannot);
  const frozen = isFrozen(values, cannot);
  const own: (row: V) => V = frozen ? freeze : copyOf;
  // The type of a row that may be missing follows from `type`.
  const join = options.join as (value: T, row: V | undefined) => O;

  return operate2<T, TableChange<K, V>, O>(
    { operator: "tableJoin", name, time: "passes", keeps: true, reads: key, apart: true, bootstrap, defers: true },
    table,
    (stage) => {
      const plain = !frozen && migrate === undefined;
      const rows = stage.state<K, V>({ part: "table", version, migrate, frozen: true, plain });
      return {
        left(value) {
          const by = key(value);
          const row = rows.find(by)?.value;
          if (row !== undefined) return stage.emit(join(value, typeof row === "object" ? own(row) : row));
          stage.meet(by);
          if (left) stage.emit(join(value, undefined));
        },
        right(change) {
          keepRow(stage, rows, change, own);
        },
      };
    },
  ) as OperatorFunction<T | null, O>;
}
