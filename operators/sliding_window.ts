/**
 * @module
 */
import type { OperatorFunction } from "rxjs";
import { slicedWindow } from "./_assigned_window.ts";
import { slidingOf, type SlidingWindows } from "./_window_kinds.ts";
import { planOf, type WindowOptions } from "./_window_options.ts";
import type { WindowResult } from "./_window_result.ts";
import type { Key } from "./keyed_state.ts";

/** Options of {@linkcode slidingWindow}. */
export interface SlidingWindowOptions<T, K extends Key, A, R> extends WindowOptions<T, K, A, R>, SlidingWindows {}

/**
 * Windows of one size, `[start, end)`, that begin every `slide` milliseconds, so that they overlap: a record is in all
 * that hold its time. A window fires when the watermark reaches `end - 1`, which is also the result's event time. Within
 * `allowedLateness` every late record fires an updated result of each of its windows that have fired. A record is late
 * when the last of its windows is gone; late records go to the `lateSideOutput()` below, if there is one, and are
 * counted either way. With a `slide` above `size` there are records in no window: they are passed over, and not late.
 *
 * Windows share slices of time, so that the cost of a record does not grow with `size / slide`. Keeps one accumulator
 * for each key and slice until the last window of the slice is gone; with `allowedLateness` also the number of results
 * of each key and window. A window's value is merged from its slices, so the aggregate needs `merge`; `first`, `last` and
 * `collect` merge in the order of time. With a trigger or with `panes`
 * other than `accumulate` there is an accumulator for each key and window, and a record costs as many additions as it
 * has windows.
 *
 * A tombstone, the value `null`, is a bad record if `key` reads its fields. Boundaries are those of Apache Flink's
 * `SlidingEventTimeWindows`; Kafka Streams calls these windows hopping.
 *
 * ```text
 * event time --1---7----12------|
 *            slidingWindow({ size: 10, slide: 5, aggregate: count(), ... })   watermark without disorder
 * result     ------([-5,5): 1)-([0,10): 2)--([5,15): 2)([10,20): 1)|
 * ```
 *
 * @param options key, size, slide and aggregate
 * @returns an operator that emits a result for each key and window
 * @throws {RangeError} when `size` or `slide` is not a positive integer, `offset` is not an integer between `-slide` and
 * `slide`, or `allowedLateness` is below 0
 * @throws {TypeError} when `key` is not a function or `aggregate` lacks `seed`, `add` or `merge`
 *
 * @example The last minute, every ten seconds
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { count, eventTime, seconds, slidingWindow, watermark } from "@tidemark/streams";
 *
 * const results: unknown[] = [];
 * from([{ user: "ada", at: 1_000 }, { user: "ada", at: 12_000 }]).pipe(
 *   eventTime((event) => event.at),
 *   watermark({ maxOutOfOrderness: 0 }),
 *   slidingWindow({ key: (event) => event.user, size: seconds(20), slide: seconds(10), aggregate: count() }),
 * ).subscribe(({ window, value }) => results.push([window.start, value]));
 * assertEquals(results, [[-10_000, 1], [0, 2], [10_000, 1]]);
 * ```
 */
export function slidingWindow<T, K extends Key, A, R>(
  options: SlidingWindowOptions<T, K, A, R>,
): OperatorFunction<T | null, WindowResult<T, K, R>> {
  const cannot = "Cannot create sliding windows:";
  const slicer = slidingOf(cannot, options);
  return slicedWindow("slidingWindow", options, planOf(cannot, options, "windows share slices of time"), slicer);
}
