/**
 * When a window's pane comes.
 *
 * @module
 */

/** Decides when a pane comes. That of the watermark itself comes always: a window that is complete is never silent. */
export interface Trigger {
  /** Whether a value that was just added brings a pane at once; `late`: the watermark had reached the window's end before. */
  atValue(late: boolean): boolean;
}

/** One pane when the watermark reaches the window's end, and one for each late value after that. */
export function atWatermark(): Trigger {
  return { atValue: (late) => late };
}
