/**
 * @module
 */
import type { OperatorFunction } from "rxjs";
import { slicedWindow } from "./_assigned_window.ts";
import { cumulativeOf, type CumulativeWindows } from "./_window_kinds.ts";
import { planOf, type WindowOptions } from "./_window_options.ts";
import type { WindowResult } from "./_window_result.ts";
import type { Key } from "./keyed_state.ts";

/** Options of {@linkcode cumulativeWindow}. */
export interface CumulativeWindowOptions<T, K extends Key, A, R> extends WindowOptions<T, K, A, R>, CumulativeWindows {}

/**
 * Windows that begin together and end a step later each: `[start, start + step)`, `[start, start + 2 * step)` and so on
 * up to `[start, start + max)`. So the counts of a day are known every hour. A window fires when the watermark reaches
 * `end - 1`, which is also the result's event time, for each key that has a value in it. Within `allowedLateness` every
 * late record fires an updated result of each of its windows that have fired. A record is late when the last of its
 * windows is gone; late records go to the `lateSideOutput()` below, if there is one, and are counted either way.
 *
 * Windows share slices of time, so that the cost of a record does not grow with `max / step`. Keeps one accumulator for
 * each key and slice until the window of `max` is gone; with `allowedLateness` also the number of results of each key
 * and window. The aggregate needs `merge`. With a trigger or with `panes` other than `accumulate` there is an accumulator
 * for each key and window. A tombstone, the value `null`, is a bad record if `key` reads its fields. Windows are those
 * of Apache Flink SQL's `CUMULATE`.
 *
 * ```text
 * event time --1---4----6------------|
 *            cumulativeWindow({ max: 9, step: 3, aggregate: count(), ... })   watermark without disorder
 * result     ------([0,3): 1)-([0,6): 2)--([0,9): 3)|
 * ```
 *
 * @param options key, max, step and aggregate
 * @returns an operator that emits a result for each key and window
 * @throws {RangeError} when `max` or `step` is not a positive integer, `max` is no multiple of `step`, `offset` is not an
 * integer between `-max` and `max`, or `allowedLateness` is below 0
 * @throws {TypeError} when `key` is not a function or `aggregate` lacks `seed`, `add` or `merge`
 *
 * @example The count of a day, every six hours
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { count, cumulativeWindow, days, eventTime, hours, watermark } from "@tidemark/streams";
 *
 * const results: unknown[] = [];
 * from([{ user: "ada", at: hours(1) }, { user: "ada", at: hours(13) }]).pipe(
 *   eventTime((event) => event.at),
 *   watermark({ maxOutOfOrderness: 0 }),
 *   cumulativeWindow({ key: (event) => event.user, max: days(1), step: hours(6), aggregate: count() }),
 * ).subscribe(({ window, value }) => results.push([window.end / hours(1), value]));
 * assertEquals(results, [[6, 1], [12, 1], [18, 2], [24, 2]]);
 * ```
 */
export function cumulativeWindow<T, K extends Key, A, R>(
  options: CumulativeWindowOptions<T, K, A, R>,
): OperatorFunction<T | null, WindowResult<T, K, R>> {
  const cannot = "Cannot create cumulative windows:";
  const slicer = cumulativeOf(cannot, options);
  return slicedWindow("cumulativeWindow", options, planOf(cannot, options, "windows share slices of time"), slicer);
}
