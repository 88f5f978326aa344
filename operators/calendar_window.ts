/**
 * @module
 */
import type { OperatorFunction } from "rxjs";
import { assignedWindow } from "./_assigned_window.ts";
import { calendarOf, type CalendarWindows } from "./_window_kinds.ts";
import { planOf, type WindowOptions } from "./_window_options.ts";
import type { WindowResult } from "./_window_result.ts";
import type { Key } from "./keyed_state.ts";

/** Options of {@linkcode calendarWindow}. */
export interface CalendarWindowOptions<T, K extends Key, A, R> extends WindowOptions<T, K, A, R>, CalendarWindows {}

/**
 * Cuts event time into days, weeks or months of a time zone. A day is from midnight to midnight there: where clocks are
 * changed it has 23 or 25 hours, and where midnight is skipped it begins with the first moment of the date. A week begins
 * on Monday, as in ISO 8601. In everything else the windows are as those of `tumblingWindow()`: a window fires when the
 * watermark reaches `end - 1`, which is also the result's event time. Keeps one accumulator for each key and window
 * until its end and `allowedLateness`.
 *
 * The calendar is that of the runtime's own time zone data (`Temporal`). Data that changes between two runs moves the
 * windows that are opened afterwards.
 *
 * ```text
 * event time (UTC) --22:59---23:00---23:00 a day later--|
 *                  calendarWindow({ unit: "day", timeZone: "Europe/Berlin", aggregate: count(), ... })    in winter
 * result           ---------(until 23:00: 1)--(until 23:00: 1)(until 23:00: 1)|
 * ```
 *
 * @param options key, unit, time zone and aggregate
 * @returns an operator that emits a result for each key and window
 * @throws {RangeError} when `timeZone` is no time zone, or `allowedLateness` is below 0
 * @throws {TypeError} when `unit` is none of the three, `key` is not a function or `aggregate` lacks `seed` or `add`
 *
 * @example A day of 23 hours
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { of } from "rxjs";
 * import { calendarWindow, count, eventTime, hours, watermark } from "@tidemark/streams";
 *
 * const results: unknown[] = [];
 * of({ user: "ada", at: Date.UTC(2024, 2, 31, 12) }).pipe(
 *   eventTime((event) => event.at),
 *   watermark({ maxOutOfOrderness: 0 }),
 *   calendarWindow({ key: (event) => event.user, unit: "day", timeZone: "Europe/Berlin", aggregate: count() }),
 * ).subscribe(({ window, value }) => results.push([(window.end - window.start) / hours(1), value]));
 * assertEquals(results, [[23, 1]]);
 * ```
 */
export function calendarWindow<T, K extends Key, A, R>(
  options: CalendarWindowOptions<T, K, A, R>,
): OperatorFunction<T | null, WindowResult<T, K, R>> {
  const cannot = "Cannot create calendar windows:";
  const windower = calendarOf(cannot, options);
  return assignedWindow("calendarWindow", options, planOf(cannot, options), windower);
}
