/**
 * Triggers: when a window emits a pane.
 *
 * @module
 */

/** Decides when a window emits panes, besides the one that it always emits when the watermark reaches its end. */
export interface Trigger {
  /**
   * Whether the window emits a pane at once for a value that was just added. `late`: the watermark had already reached
   * the window's end.
   */
  atValue(late: boolean): boolean;
}

/** One pane when the watermark reaches the window's end, and one for each late value after that. */
export function atWatermark(): Trigger {
  return { atValue: (late) => late };
}
