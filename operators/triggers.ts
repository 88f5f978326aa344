/**
 * Triggers: when a window emits a pane, besides the one that it emits when the watermark reaches its end.
 *
 * @module
 */
import type { Trigger } from "./_trigger.ts";

/**
 * One pane when the watermark reaches the window's end, and one for each late record after that. The default.
 *
 * @returns a trigger for windows
 *
 * @example The default
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { atWatermark } from "@tidemark/streams";
 * assertEquals(atWatermark(), { every: "watermark", interval: 0 });
 * ```
 */
export function atWatermark(): Trigger {
  return { every: "watermark", interval: 0 };
}

/**
 * A pane for each record, at once.
 *
 * @returns a trigger for windows
 *
 * @example Early results of a session
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { count, eventTime, everyRecord, sessionWindow, watermark } from "@tidemark/streams";
 *
 * const panes: unknown[] = [];
 * from([1, 2, 3]).pipe(
 *   eventTime((at) => at),
 *   watermark({ maxOutOfOrderness: 0 }),
 *   sessionWindow({ key: () => "all", gap: 10, aggregate: count(), trigger: everyRecord() }),
 * ).subscribe(({ value, pane }) => panes.push([value, pane]));
 * assertEquals(panes, [[1, "early"], [2, "early"], [3, "early"], [3, "onTime"]]);
 * ```
 */
export function everyRecord(): Trigger {
  return { every: "records", interval: 1 };
}

/**
 * A pane as soon as `n` records have come since the last one.
 *
 * @param n how many records
 * @returns a trigger for windows
 * @throws {RangeError} when `n` is not a positive integer
 *
 * @example Every second record
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { everyCount } from "@tidemark/streams";
 * assertEquals(everyCount(2), { every: "records", interval: 2 });
 * ```
 */
export function everyCount(n: number): Trigger {
  return { every: "records", interval: positive("everyCount", "n", n) };
}

/**
 * A pane when the watermark reaches a multiple of `ms`, if records have come since the last one.
 *
 * @param ms milliseconds of event time
 * @returns a trigger for windows
 * @throws {RangeError} when `ms` is not a positive integer
 *
 * @example Every minute of event time
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { everyEventTime, minutes } from "@tidemark/streams";
 * assertEquals(everyEventTime(minutes(1)), { every: "eventTime", interval: 60_000 });
 * ```
 */
export function everyEventTime(ms: number): Trigger {
  return { every: "eventTime", interval: positive("everyEventTime", "ms", ms) };
}

/**
 * A pane when the wall clock reaches a multiple of `ms`, if records have come since the last one. Only a job has this
 * clock; without a job no such pane comes. What was emitted is part of the checkpoint.
 *
 * @param ms milliseconds of the wall clock
 * @returns a trigger for windows
 * @throws {RangeError} when `ms` is not a positive integer
 *
 * @example Every second of the wall clock
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { everyProcessingTime, seconds } from "@tidemark/streams";
 * assertEquals(everyProcessingTime(seconds(1)), { every: "processingTime", interval: 1_000 });
 * ```
 */
export function everyProcessingTime(ms: number): Trigger {
  return { every: "processingTime", interval: positive("everyProcessingTime", "ms", ms) };
}

function positive(trigger: string, name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new RangeError(`Cannot create ${trigger}(): ${name} must be an integer above 0, current value is ${value}`);
}
