/**
 * @module
 */
import type { Observable } from "rxjs";
import { isFrozen, needFunctions } from "./_join_options.ts";
import { keepRow } from "./_kept_rows.ts";
import { operate2 } from "./_operate.ts";
import { copyOf, freeze } from "./_own.ts";
import type { TableChange } from "./_table_change.ts";
import type { Key } from "./keyed_state.ts";

/** Which keys a {@linkcode joinTables} has a row for: those in both tables, in the left one, or in either. */
export type TableJoinType = "inner" | "left" | "outer";

/** Options of {@linkcode joinTables}. */
export interface JoinTablesOptions<L, R, O, Type extends TableJoinType = "inner"> {
  /** The name under which the rows of both tables are found again after a restart. Needed in a job, unique there. */
  readonly name?: string;
  /** `inner`: a row for each key that both tables have. `left`: that the left one has. `outer`: that one of them has. */
  readonly type?: Type;
  /** Makes the row of a key. A row that does not exist is `undefined`. */
  readonly join: (
    left: Type extends "outer" ? L | undefined : L,
    right: Type extends "left" | "outer" ? R | undefined : R,
  ) => O;
  /**
   * How kept rows are protected from changes outside. `copied`: they are copied when they come and for each result.
   * `frozen`: they are frozen deeply when they come, and shared. Primitives cost nothing either way.
   *
   * @default "copied"
   */
  readonly values?: "copied" | "frozen";
  /** The version of the shape of the rows of both tables. @default 1 */
  readonly version?: number;
  /** Converts a kept row written by an older version into the current one. */
  readonly migrate?: (row: unknown, version: number, side: "left" | "right") => unknown;
}

/**
 * Joins two tables by key: a table of its own. Each change of either table that concerns a row of the result is a change
 * of the result, with the change's event time; a row that is no more is deleted with `undefined`. Keeps the rows of both
 * tables until they are deleted. Both topics must be keyed by the key and have the same number of partitions.
 *
 * ```text
 * left    --a:1-----------a:2--a:-----
 * right   -------a:x------------------
 *         joinTables(left, right, { join: (left, right) => left + right })
 * result  -------a:1x-----a:2x-a:-----
 * ```
 *
 * @param left the changes of the left table: a `table()` of a connector, the results of `toTable()`, of `keyedReduce()`
 * or of another `joinTables()`
 * @param right those of the right table
 * @param options type and `join`
 * @returns the changes of the result
 * @throws {TypeError} when `join` is not a function, or `type` or `values` is not one of its options
 *
 * @example Users with their address
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { joinTables, memory } from "@tidemark/streams";
 *
 * const log = memory();
 * log.append("users", [{ key: "u1", value: "Ada" }, { key: "u2", value: "Bob" }]);
 * log.append("cities", [{ key: "u1", value: "London" }]);
 *
 * const rows: unknown[] = [];
 * joinTables(log.table<string>("users"), log.table<string>("cities"), {
 *   name: "addresses",
 *   join: (name, city) => `${name}, ${city}`,
 * }).subscribe(({ key, value }) => rows.push([key, value]));
 * assertEquals(rows, [["u1", "Ada, London"]]);
 * ```
 */
export function joinTables<K extends Key, L, R, O, Type extends TableJoinType = "inner">(
  left: Observable<TableChange<K, L>>,
  right: Observable<TableChange<K, R>>,
  options: JoinTablesOptions<L, R, O, Type>,
): Observable<TableChange<K, O>> {
  const { name, type = "inner", values = "copied", version, migrate } = options;
  const cannot = "Cannot join tables:";
  needFunctions({ join: options.join }, cannot);
  if (type !== "inner" && type !== "left" && type !== "outer") {
    throw new TypeError(`${cannot} type must be "inner", "left" or "outer", current value is ${String(type)}`);
  }
  const frozen = isFrozen(values, cannot);
  const own: <V>(row: V) => V = frozen ? freeze : copyOf;
  const exists = EXISTS[type];
  // The types of rows that may be missing follow from `type`.
  const join = options.join as (left: L | undefined, right: R | undefined) => O;

  return left.pipe(operate2<TableChange<K, L>, TableChange<K, R>, TableChange<K, O>>(
    { operator: "joinTables", name, time: "passes", keeps: true, defers: true },
    right,
    (stage) => {
      const open = <V>(part: "left" | "right") =>
        stage.state<K, V>({
          part,
          version,
          migrate: migrate && ((row, from) => migrate(row, from, part)),
          frozen: true,
          plain: !frozen && migrate === undefined,
        });
      const lefts = open<L>("left"), rights = open<R>("right");
      /** Emits the row of a key after a change of one side. `had`: it had one before. */
      const tell = (key: K, had: boolean, left: L | undefined, right: R | undefined) => {
        if (exists(left !== undefined, right !== undefined)) stage.emit({ key, value: join(left, right) });
        else if (had) stage.emit({ key, value: undefined });
      };
      return {
        left(change) {
          const { key, value } = change;
          const other = rights.find(key)?.value;
          const before = keepRow(stage, lefts, change, own);
          tell(key, exists(before, other !== undefined), value, own(other));
        },
        right(change) {
          const { key, value } = change;
          const other = lefts.find(key)?.value;
          const before = keepRow(stage, rights, change, own);
          tell(key, exists(other !== undefined, before), own(other), value);
        },
      };
    },
  ));
}

/** Whether the result has a row, for each type. */
const EXISTS: Readonly<Record<TableJoinType, (left: boolean, right: boolean) => boolean>> = {
  inner: (left, right) => left && right,
  left: (left) => left,
  outer: (left, right) => left || right,
};
