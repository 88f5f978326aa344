/**
 * What comes out of a window.
 *
 * @module
 */
import type { LateTyped } from "./_late.ts";
import type { Key } from "./keyed_state.ts";

/** A span of event time: `start` belongs to it, `end` does not. */
export interface TimeWindow {
  /** Milliseconds since 1970. */
  readonly start: number;
  /** Milliseconds since 1970. */
  readonly end: number;
}

/** One result of a window. Panes accumulate: a sum over the panes of one window counts twice. */
export interface WindowResult<T, K extends Key, R> extends LateTyped<T> {
  /** The key. */
  readonly key: K;
  /** The window. */
  readonly window: TimeWindow;
  /** What the aggregate says of the window's values so far. */
  readonly value: R;
  /** `onTime` when the watermark reached the window's end, `late` for an update within the allowed lateness, `early` before it. */
  readonly pane: "onTime" | "late" | "early";
  /** How many results of this window came before, from 0. */
  readonly index: number;
}
