/**
 * Which windows a value belongs to.
 *
 * A window is known by a number, which is the namespace of its cells: for windows of one size its start. A windower says which
 * windows a value has, one after the other and without an object for each, and what span of time a window is. Windows that
 * overlap, that share a start, or that follow a calendar differ in this part only.
 *
 * @module
 */
import type { TimeWindow } from "./_window_result.ts";

/** Assigns values to windows. Pure: the same answers after a restart. */
export interface Windower<T> {
  /** The first window of a value. */
  first(time: number, value: T): number;
  /** The window of the same value that follows, or NaN. */
  after(window: number, time: number, value: T): number;
  /** The last millisecond of a window: when it is complete. */
  last(window: number): number;
  /** The window as its results show it. */
  span(window: number): TimeWindow;
}

/** Windows of one size, side by side: each value has one. */
export function tumbling(size: number, offset: number): Windower<unknown> {
  return {
    // Exact for safe integers: a quotient just below a whole number is not rounded up to it. Several times faster than `%`.
    first: (time) => Math.floor((time - offset) / size) * size + offset,
    after: () => NaN,
    last: (start) => start + size - 1,
    span: (start) => ({ start, end: start + size }),
  };
}
