/**
 * @module
 */
import type { Observable, OperatorFunction } from "rxjs";
import type { TableChange } from "./_table_change.ts";
import { isBootstrapped, needFunctions } from "./_join_options.ts";
import { keepRow } from "./_kept_rows.ts";
import { operate2 } from "./_operate.ts";
import { freeze } from "./_own.ts";
import { Rules } from "./_rules.ts";
import type { Key } from "./keyed_state.ts";

/** Options of {@linkcode broadcastJoin}. */
export interface BroadcastJoinOptions<T, K extends Key, V, O> {
  /** The name under which the rules are found again after a restart. Needed in a job, unique there. */
  readonly name?: string;
  /**
   * Makes the result of a value, from all rules as they are now, by key. Iterating them goes in the order of their keys. They are
   * frozen, and the map must not be used after the function has returned: it changes with the rules.
   */
  readonly join: (value: T, rules: ReadonlyMap<K, V>) => O;
  /**
   * Whether a task that is new reads the rules to the end that they have then, before it gets its first value. A job begins
   * to read them at their beginning, whatever its `from` is.
   *
   * @default true
   */
  readonly bootstrap?: boolean;
  /** The version of the shape of a rule. @default 1 */
  readonly version?: number;
  /** Converts a rule written by an older version into the current one. */
  readonly migrate?: (rule: unknown, version: number) => V;
}

/**
 * Joins each value with all rules of a table that changes while the job runs. Every task keeps the whole table, so a
 * value meets all rules wherever its key lies. There is one result for each value, with the value's event time; a change of
 * a rule has no result by itself. Watermarks of the rules' stream, if there are any, do not count below.
 *
 * In a job the rules come from a topic that every task reads whole: `table(topic, { broadcast: true })`, or `toTable()`
 * of such a `source()`. Rules are plain data without `Map`, `Set`, `Date` and `Uint8Array`, and are frozen deeply. Which of
 * two records comes first, a value or a change of a rule, is not certain if one has not arrived yet when the other is
 * read, and may differ from task to task; once a result is committed it stays.
 *
 * ```text
 * values  --3----3----9----3--|
 * rules   -----low:5---low:2---      a limit that changes
 *         broadcastJoin(rules, { join: (n, rules) => n > (rules.get("low") ?? 0) })
 * result  --true-false-true-true--|
 * ```
 *
 * @param rules the changes of the rules
 * @param options `join`
 * @returns an operator that emits the results
 * @throws {TypeError} when `join` is not a function, or `bootstrap` is neither `true` nor `false`
 *
 * @example Payments with the rules that they break
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { broadcastJoin, memory, run } from "@tidemark/streams";
 *
 * const log = memory();
 * log.create("payments", { partitions: 2 });
 * log.append("limits", [{ key: "large", value: 100 }, { key: "huge", value: 1000 }]);
 * log.append("payments", [{ key: "ada", value: 250 }, { key: "bob", value: 20 }]);
 * for (const topic of ["payments", "limits"]) log.end(topic);
 *
 * const checked = log.source<number>("payments").pipe(
 *   broadcastJoin(log.table<number>("limits", { broadcast: true }), {
 *     name: "checked",
 *     join: (cents, limits) => [cents, [...limits].flatMap(([name, limit]) => cents > limit ? [name] : [])] as const,
 *   }),
 *   log.sink("checked"),
 * );
 * await (await run(checked, { name: "payments", state: ":memory:", log: () => {} })).finished;
 * assertEquals(log.read<[number, string[]]>("checked").sort(), [[20, []], [250, ["large"]]]);
 * ```
 */
export function broadcastJoin<T, K extends Key, V, O>(
  rules: Observable<TableChange<K, V>>,
  options: BroadcastJoinOptions<T, K, V, O>,
): OperatorFunction<T | null, O> {
  const { name, join, bootstrap = true, version, migrate } = options;
  const cannot = "Cannot create a broadcast join:";
  needFunctions({ join }, cannot);
  isBootstrapped(bootstrap, cannot);
  const reads = (value: T) => join(value, new Map());

  return operate2<T, TableChange<K, V>, O>(
    { operator: "broadcastJoin", name, time: "passes", keeps: true, reads, apart: "whole", bootstrap, defers: true },
    rules,
    (stage) => {
      const kept = stage.state<K, V>({ part: "rules", version, migrate, frozen: true });
      const all = new Rules(kept);
      return {
        left(value) {
          stage.emit(join(value, all));
        },
        right(change) {
          keepRow(stage, kept, change, freeze);
          all.changed();
        },
      };
    },
  ) as OperatorFunction<T | null, O>;
}
