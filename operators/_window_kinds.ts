/**
 * The kinds of windows of event time: what describes each, checked, and its windower. A window operator has these fields
 * among its options, and `windowJoin()` takes them as its windows.
 *
 * @module
 */
import { messageOf } from "../base/thrown.ts";
import { calendar } from "./_calendar.ts";
import { cumulative, type Slicer, sliding } from "./_slicers.ts";
import { tumbling, type Windower } from "./_windower.ts";

/** Windows of one size, one after the other. */
export interface TumblingWindows {
  /** How long a window is, in milliseconds. */
  readonly size: number;
  /** Shifts all windows, in milliseconds: `hours(-8)` makes days begin at 16:00 UTC, midnight in China. @default 0 */
  readonly offset?: number;
}

/** Windows of one size that overlap. */
export interface SlidingWindows {
  /** How long a window is, in milliseconds. */
  readonly size: number;
  /** How long after one window the next one begins, in milliseconds. `size` need not be a multiple of it. */
  readonly slide: number;
  /** Shifts all windows, in milliseconds. @default 0 */
  readonly offset?: number;
}

/** Windows that begin together and end one after the other. */
export interface CumulativeWindows {
  /** How long the longest window is, in milliseconds. */
  readonly max: number;
  /** How much longer each window is than the one before it, in milliseconds. `max` is a multiple of it. */
  readonly step: number;
  /** Shifts all windows, in milliseconds. @default 0 */
  readonly offset?: number;
}

/** Sessions of a key. */
export interface SessionWindows<T> {
  /**
   * How long a key must be silent for its session to end, in milliseconds; or a function that returns it for a value. A
   * function may return 0: then the value opens no time of its own, but belongs to a session that it touches.
   */
  readonly gap: number | ((value: T) => number);
}

/** Windows by the calendar of a time zone. */
export interface CalendarWindows {
  /** How long a window is: a day, a week from Monday on, or a month. */
  readonly unit: "day" | "week" | "month";
  /** The time zone whose calendar counts, by its IANA name: `Europe/Berlin`. */
  readonly timeZone: string;
}

/** Returns the gap of a value, or throws an error of that value with the stage's label. */
export type GapOf<T> = (value: T, label: string) => number;

/** Windows of one size. */
export function tumblingOf(cannot: string, { size, offset = 0 }: TumblingWindows): Windower<unknown> {
  aligned(cannot, { size }, "size", offset);
  return tumbling(size, offset);
}

/** Windows of one size that overlap. */
export function slidingOf(cannot: string, { size, slide, offset = 0 }: SlidingWindows): Slicer {
  aligned(cannot, { size, slide }, "slide", offset);
  return sliding(size, slide, offset);
}

/** Windows that begin together. */
export function cumulativeOf(cannot: string, { max, step, offset = 0 }: CumulativeWindows): Slicer {
  aligned(cannot, { max, step }, "max", offset);
  if (max % step !== 0) {
    throw new RangeError(`${cannot} max must be a multiple of step, current value is ${max} with step ${step}`);
  }
  return cumulative(max, step, offset);
}

/** Windows of a calendar. */
export function calendarOf(cannot: string, { unit, timeZone }: CalendarWindows): Windower<unknown> {
  if (unit !== "day" && unit !== "week" && unit !== "month") {
    throw new TypeError(`${cannot} unit must be "day", "week" or "month", current value is ${String(unit)}`);
  }
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(timeZone);
  } catch (error) {
    throw new RangeError(`${cannot} timeZone must be the name of a time zone: ${messageOf(error)}`, { cause: error });
  }
  return calendar(unit, timeZone);
}

/** The gaps of sessions. */
export function gapOf<T>(cannot: string, { gap }: SessionWindows<T>): GapOf<T> {
  if (typeof gap === "function") {
    return (value, label) => {
      const its = gap(value);
      if (Number.isSafeInteger(its) && its >= 0) return its;
      throw new RangeError(`${label}: gap must return an integer of at least 0, current value is ${its}`);
    };
  }
  if (!(Number.isSafeInteger(gap) && gap > 0)) {
    throw new RangeError(`${cannot} gap must be an integer above 0, current value is ${gap}`);
  }
  return () => gap;
}

/**
 * Checks the lengths of windows that are aligned with the clock.
 *
 * @param lengths the lengths, by the names of their options
 * @param period the name of the length after which windows repeat
 */
function aligned(
  cannot: string,
  lengths: Readonly<Record<string, number>>,
  period: string,
  offset: number,
): void {
  for (const [name, length] of Object.entries(lengths)) {
    if (!(length > 0)) throw new RangeError(`${cannot} ${name} must be > 0, current value is ${length}`);
    if (Number.isSafeInteger(length)) continue;
    throw new RangeError(`${cannot} ${name} must be an integer of milliseconds, current value is ${length}`);
  }
  if (!Number.isSafeInteger(offset)) {
    throw new RangeError(`${cannot} offset must be an integer of milliseconds, current value is ${offset}`);
  }
  if (Math.abs(offset) >= lengths[period]) {
    throw new RangeError(
      `${cannot} offset must lie between -${period} and ${period}, current value is ${offset} with ${period} ${
        lengths[period]
      }`,
    );
  }
}
