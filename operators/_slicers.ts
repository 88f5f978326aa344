/**
 * Slicers: windows as rows of slices of time, which those that overlap share.
 *
 * @module
 */
import type { Windower } from "./_windower.ts";

/** Windows that are rows of slices. A slice is a span of time in which no window begins or ends. */
export interface Slicer extends Windower<unknown> {
  /** Whether each window is one slice, and has its number. */
  readonly whole: boolean;
  /** The start of the slice that holds a time. It has the windows of that start, in the order of their ends. */
  sliceOf(time: number): number;
  /** The start of the next slice. */
  sliceAfter(start: number): number;
}

/** Windows that do not overlap. Each is a slice. */
export function disjoint(windower: Windower<unknown>): Slicer {
  return {
    ...windower,
    whole: true,
    sliceOf: (time) => windower.first(time, undefined),
    sliceAfter: (start) => windower.last(start) + 1,
  };
}

/** The windows of a slice, in the order of their ends. */
export function windowsOf(slicer: Slicer, start: number): number[] {
  if (slicer.whole) return [start];
  const windows: number[] = [];
  for (let at = slicer.first(start, undefined); !Number.isNaN(at); at = slicer.after(at, start, undefined)) {
    windows.push(at);
  }
  return windows;
}

/** The slices of a window, in the order of their starts. */
export function slicesOf(slicer: Slicer, window: number): number[] {
  if (slicer.whole) return [window];
  const { start, end } = slicer.span(window);
  const slices: number[] = [];
  for (let at = slicer.sliceOf(start); at < end; at = slicer.sliceAfter(at)) slices.push(at);
  return slices;
}

/** Windows of one size that begin every `slide`. A window's number is its start. */
export function sliding(size: number, slide: number, offset: number): Slicer {
  /** How far a window's end lies behind the last beginning of another one. */
  const rest = size % slide;
  const beginning = (time: number) => Math.floor((time - offset) / slide) * slide + offset;
  return {
    whole: false,
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
    whole: false,
    first: (time) => sliceOf(time) + step,
    after: (end, time) => end + step <= startOf(time) + max ? end + step : NaN,
    last: (end) => end - 1,
    span: (end) => ({ start: startOf(end - 1), end }),
    sliceOf,
    sliceAfter: (start) => start + step,
  };
}
