/**
 * What a trace records, as plain data.
 *
 * Times are event times in milliseconds. Events have the order in which they happened: a record comes before the
 * watermark that it causes, a watermark before the windows that it fires, a firing before its panes.
 *
 * @module
 */
import type { PaneKind, TimeWindow } from "../operators/_window_result.ts";

/** What all events of a trace have. */
export interface TraceMoment {
  /**
   * The number of the step, from 0. A record and all that it causes are one step, and so is a moment at which time moves
   * without a record.
   */
  readonly step: number;
  /** The number of the task, from 0 in the order in which they appeared. A pipeline without a job has one. */
  readonly task: number;
}

/** An input partition. */
export interface TracePlace {
  /** The topic; for a plain Observable the name of its `watermark()`, or "". */
  readonly topic: string;
  /** The partition; for plain Observables their number, or -1 where they have a name. */
  readonly partition: number;
}

/** A record has reached a `watermark()`. */
export interface TraceRecord extends TraceMoment, TracePlace {
  /** Tells the events apart. */
  readonly kind: "record";
  /** Its offset; `undefined` for a plain Observable. */
  readonly offset: number | undefined;
  /** Its event time. */
  readonly time: number;
  /** The value, as it came; it is not copied. */
  readonly value: unknown;
  /** The label, for pictures; "" where it is the event time. */
  readonly text: string;
}

/** The watermark of one partition has risen. */
export interface TraceMark extends TraceMoment, TracePlace {
  /** Tells the events apart. */
  readonly kind: "mark";
  /** The watermark of that partition. */
  readonly mark: number;
}

/** A partition has become idle, and holds time back no more; or it has become active again. */
export interface TraceIdle extends TraceMoment, TracePlace {
  /** Tells the events apart. */
  readonly kind: "idle" | "active";
}

/**
 * The watermark has risen: the minimum over the partitions of a task. While it follows the wall clock and nothing else
 * happens, only its last value is kept.
 */
export interface TraceWatermark extends TraceMoment {
  /** Tells the events apart. */
  readonly kind: "watermark";
  /** The watermark. */
  readonly watermark: number;
}

/** The input has ended: the watermark is at the end of time, and all that waits fires. */
export interface TraceEnd extends TraceMoment {
  /** Tells the events apart. */
  readonly kind: "end";
}

/** A stage fires, because the watermark has risen. Its panes follow. */
export interface TraceFiring extends TraceMoment {
  /** Tells the events apart. */
  readonly kind: "firing";
  /** `tumblingWindow "activity"` */
  readonly stage: string;
  /** The watermark that fired it; `undefined` at the end of the input. */
  readonly watermark: number | undefined;
}

/** A window has emitted a result. */
export interface TracePane extends TraceMoment {
  /** Tells the events apart. */
  readonly kind: "pane";
  /** `tumblingWindow "activity"` */
  readonly stage: string;
  /** The key. */
  readonly key: unknown;
  /** The window. */
  readonly window: TimeWindow;
  /** The result; a copy where it is plain data. */
  readonly value: unknown;
  /** Whether it came at the window's end, before it, or after it. */
  readonly pane: PaneKind;
  /** How many panes of this key and window came before. */
  readonly index: number;
  /** Whether it takes back an earlier one. */
  readonly retracts: boolean;
}

/** A stage that is no window has emitted a result: a join, a reduction, a ranking. */
export interface TraceResult extends TraceMoment {
  /** Tells the events apart. */
  readonly kind: "result";
  /** `intervalJoin "settled"` */
  readonly stage: string;
  /** Its event time; NaN where it has none. */
  readonly time: number;
  /** The result; a copy where it is plain data. */
  readonly value: unknown;
  /** The label, for pictures: one or two words. */
  readonly words: readonly string[];
}

/** A stage has refused a value, because it came too late. */
export interface TraceLate extends TraceMoment, TracePlace {
  /** Tells the events apart. */
  readonly kind: "late";
  /** `tumblingWindow "activity"` */
  readonly stage: string;
  /** Its event time. */
  readonly time: number;
  /** The value, as it came; it is not copied. */
  readonly value: unknown;
  /** The label, for pictures. */
  readonly text: string;
}

/** One thing that happened in a pipeline. */
export type TraceEvent =
  | TraceRecord
  | TraceMark
  | TraceIdle
  | TraceWatermark
  | TraceEnd
  | TraceFiring
  | TracePane
  | TraceResult
  | TraceLate;
