/**
 * Slicers: windows that overlap, and the slices of time that they share.
 *
 * @module
 */
import type { Windower } from "./_windower.ts";

/** Windows that are rows of slices. A slice is a span of time in which no window begins or ends. */
export interface Slicer extends Windower<unknown> {
  /** The start of the slice that holds a time. It has the windows of that start, in the order of their ends. */
  sliceOf(time: number): number;
  /** The start of the next slice. */
  sliceAfter(start: number): number;
}

/** Windows of one size that begin every `slide`. A window's number is its start. */
export function sliding(size: number, slide: number, offset: number): Slicer {
  /** How far a window's end lies behind the last beginning of another one. */
  const rest = size % slide;
  const beginning = (time: number) => Math.floor((time - offset) / slide) * slide + offset;
  return {
    first(time) {
      const start = beginning(time - size) + slide;
      return start <= time ? start : NaN;
    },
    after: (start, time) => start + slide <= time ? start + slide : NaN,
    last: (start) => start + size - 1,
    span: (start) => ({ start, end: start + size }),
    sliceOf(time) {
      const start = beginning(time);
      return rest === 0 || time - start < rest ? start : start + rest;
    },
    sliceAfter(start) {
      const begun = beginning(start);
      return rest > 0 && start === begun ? begun + rest : begun + slide;
    },
  };
}

/** Windows that share their start, and end a step later each. A window's number is its end. */
export function cumulative(max: number, step: number, offset: number): Slicer {
  const startOf = (time: number) => Math.floor((time - offset) / max) * max + offset;
  const sliceOf = (time: number) => Math.floor((time - offset) / step) * step + offset;
  return {
    first: (time) => sliceOf(time) + step,
    after: (end, time) => end + step <= startOf(time) + max ? end + step : NaN,
    last: (end) => end - 1,
    span: (end) => ({ start: startOf(end - 1), end }),
    sliceOf,
    sliceAfter: (start) => start + step,
  };
}
