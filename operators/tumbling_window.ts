/**
 * @module
 */
import type { OperatorFunction } from "rxjs";
import { assignedWindow } from "./_assigned_window.ts";
import { tumblingOf, type TumblingWindows } from "./_window_kinds.ts";
import { planOf, type WindowOptions } from "./_window_options.ts";
import type { WindowResult } from "./_window_result.ts";
import type { Key } from "./keyed_state.ts";

/** Options of {@linkcode tumblingWindow}. */
export interface TumblingWindowOptions<T, K extends Key, A, R> extends WindowOptions<T, K, A, R>, TumblingWindows {}

/**
 * Cuts event time into windows of one size, `[start, end)`, and aggregates each key in each window. A window fires
 * when the watermark reaches `end - 1`, which is also the result's event time. Within `allowedLateness` every late
 * record fires an updated result. A record is refused when `end - 1 + allowedLateness <= watermark`: it goes to the
 * `lateSideOutput()` below, if there is one, and is counted either way. A `trigger` brings panes before the end as
 * well, and `panes` says what they contain. Keeps one accumulator for each key and window until its end and
 * `allowedLateness`. A tombstone, the value `null`, is a bad record if `key` reads its fields. Boundaries are those of
 * Apache Flink's `TumblingEventTimeWindows`.
 *
 * ```text
 * event time --1---4----12-----|
 *            tumblingWindow({ size: 10, aggregate: count(), ... })   watermark without disorder
 * result     -----------([0,10): 2)--([10,20): 1)|
 * ```
 *
 * @param options key, size and aggregate
 * @returns an operator that emits a result for each key and window
 * @throws {RangeError} when `size` is not a positive integer, `offset` is not an integer between `-size` and `size`, or
 * `allowedLateness` is below 0
 * @throws {TypeError} when `key` is not a function or `aggregate` lacks `seed` or `add`
 *
 * @example Events a minute
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { count, eventTime, minutes, tumblingWindow, watermark } from "@tidemark/streams";
 *
 * const results: unknown[] = [];
 * from([{ user: "ada", at: 1_000 }, { user: "ada", at: 59_999 }, { user: "ada", at: 60_000 }]).pipe(
 *   eventTime((event) => event.at),
 *   watermark({ maxOutOfOrderness: 0 }),
 *   tumblingWindow({ name: "activity", key: (event) => event.user, size: minutes(1), aggregate: count() }),
 * ).subscribe(({ window, value, pane }) => results.push([window.start, value, pane]));
 * assertEquals(results, [[0, 2, "onTime"], [60_000, 1, "onTime"]]);
 * ```
 */
export function tumblingWindow<T, K extends Key, A, R>(
  options: TumblingWindowOptions<T, K, A, R>,
): OperatorFunction<T | null, WindowResult<T, K, R>> {
  const cannot = "Cannot create tumbling windows:";
  const windower = tumblingOf(cannot, options);
  return assignedWindow("tumblingWindow", options, planOf(cannot, options), windower);
}
