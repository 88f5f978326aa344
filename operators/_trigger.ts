/**
 * Triggers as data: when a window emits a pane, besides the one that it emits when the watermark reaches its end.
 *
 * @module
 */

/** When a window emits panes. Made by `atWatermark()`, `everyRecord()`, `everyCount()` and the others. */
export interface Trigger {
  /** What it counts: `watermark` for nothing but the watermark's own firing. */
  readonly every: "watermark" | "records" | "eventTime" | "processingTime";
  /** How many records, or milliseconds, lie between two panes; 0 for `watermark`. */
  readonly interval: number;
}

/** A trigger before the end of a window and another one after it. */
export interface Triggers {
  /** Panes before the watermark reaches the window's end. @default none */
  readonly early?: Trigger;
  /** Panes after it, within the allowed lateness. @default everyRecord() */
  readonly late?: Trigger;
}

/** No panes but the watermark's own. */
export const WATERMARK: Trigger = { every: "watermark", interval: 0 };

/** A pane for each record. */
export const EACH_RECORD: Trigger = { every: "records", interval: 1 };
