/**
 * Windows by the calendar of a time zone. Days there may have 23 or 25 hours.
 *
 * @module
 */
import type { Windower } from "./_windower.ts";

/** How many windows are remembered, so that the calendar is not asked for each value. */
const REMEMBERED = 1_024;

/** Days, weeks from Monday on, or months of a time zone. A window's number is its start. */
export function calendar(unit: "day" | "week" | "month", timeZone: string): Windower<unknown> {
  /** The ends of windows, by their starts. */
  let ends = new Map<number, number>();
  let start = NaN, end = NaN;

  /** Finds the window that holds a time. */
  function find(time: number): void {
    const day = Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(timeZone).startOfDay();
    const first = unit === "day"
      ? day
      : unit === "week"
      ? day.subtract({ days: day.dayOfWeek - 1 }).startOfDay()
      : day.with({ day: 1 }).startOfDay();
    const next = first.add({ [`${unit}s`]: 1 }).startOfDay();
    start = first.epochMilliseconds;
    end = next.epochMilliseconds;
    if (ends.size >= REMEMBERED) ends = new Map();
    ends.set(start, end);
  }

  function endOf(window: number): number {
    if (window === start) return end;
    const known = ends.get(window);
    if (known !== undefined) return known;
    find(window);
    return end;
  }

  return {
    first(time) {
      if (!(time >= start && time < end)) find(time);
      return start;
    },
    after: () => NaN,
    last: (window) => endOf(window) - 1,
    span: (window) => ({ start: window, end: endOf(window) }),
  };
}
