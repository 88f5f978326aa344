/**
 * Windowers: which windows a value belongs to.
 *
 * A number identifies a window, and is the namespace of its cells; for windows of one size it is the start. A windower
 * gives the windows of a value one after the other, without an object for each, and the time span of a window. Windows
 * that overlap, share a start or follow a calendar differ only in this part.
 *
 * @module
 */
import type { TimeWindow } from "./_window_result.ts";

/** Assigns values to windows. It must be pure, so that it gives the same windows after a restart. */
export interface Windower<T> {
  /** The first window of a value. */
  first(time: number, value: T): number;
  /** The next window of the same value, or NaN. */
  after(window: number, time: number, value: T): number;
  /** The last millisecond of a window. The window is complete when the watermark reaches it. */
  last(window: number): number;
  /** The time span of a window, for its results. */
  span(window: number): TimeWindow;
}

/** Windows of one size without overlap: each value belongs to exactly one. */
export function tumbling(size: number, offset: number): Windower<unknown> {
  return {
    // Exact for safe integers: a quotient just below a whole number is not rounded up to it. Several times faster than `%`.
    first: (time) => Math.floor((time - offset) / size) * size + offset,
    after: () => NaN,
    last: (start) => start + size - 1,
    span: (start) => ({ start, end: start + size }),
  };
}
