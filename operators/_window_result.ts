/**
 * The results of windows.
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

/**
 * One result of a window. Unless the window discards, each pane contains all values so far, so adding up the panes of
 * one window counts values twice.
 */
export interface WindowResult<T, K extends Key, R> extends LateTyped<T> {
  /** The key. */
  readonly key: K;
  /** The window. */
  readonly window: TimeWindow;
  /** The aggregate of the window's values so far. */
  readonly value: R;
  /** `onTime` when the watermark reached the window's end, `late` for an update within the allowed lateness, `early` before it. */
  readonly pane: PaneKind;
  /** How many results of this key and window came before; 0 for the first one. */
  readonly index: number;
  /** Whether this takes back a result that was emitted before. Only with `panes: "retract"`; absent otherwise. */
  readonly retracts?: true;
}

/** Whether a pane came when the watermark reached the window's end, before that, or after it. */
export type PaneKind = "onTime" | "late" | "early";
