/**
 * What the figure of event time draws. Times are milliseconds of event time, `x` and `from` and `to` are pixels.
 *
 * @module
 */

/** A line of the axis. */
export interface Row {
  readonly time: number;
  readonly word: string;
}

/** A record. */
export interface Spot {
  readonly x: number;
  readonly time: number;
  /** The number of its partition, which has a shape and a colour. */
  readonly place: number;
  readonly late: boolean;
  readonly label: string;
  readonly title: string;
}

/** A result of a window. */
export interface Pane {
  readonly x: number;
  readonly start: number;
  readonly end: number;
  readonly kind: "early" | "onTime" | "late";
  readonly retracts: boolean;
  /** Its lines: the key, and the value. */
  readonly label: readonly string[];
  readonly title: string;
  /** The number of its stage. */
  readonly row: number;
}

/** A result of a stage that is no window. */
export interface Result {
  readonly x: number;
  /** Its event time; NaN where it has none. */
  readonly time: number;
  /** Its lines. */
  readonly label: readonly string[];
  readonly title: string;
  /** The number of its stage. */
  readonly row: number;
}

/** A window, from its first record to its last pane. */
export interface Band {
  readonly from: number;
  to: number;
  readonly start: number;
  readonly end: number;
}

/** A stage fires. */
export interface Firing {
  readonly x: number;
  /** The watermark; Infinity at the end of the input. */
  readonly time: number;
}

/** A watermark over the columns. */
export interface Stair {
  readonly of: "partition" | "watermark";
  readonly name: string;
  readonly index: number;
  readonly points: { readonly x: number; readonly time: number }[];
  /** When it was idle; until the end where `to` is `undefined`. */
  readonly idle: { readonly from: number; to: number | undefined }[];
}

/** A sign and its name. */
export interface Legend {
  readonly of: "record" | "late" | "watermark" | "pane" | "retracted" | "result" | "idle";
  readonly place: number;
  readonly name: string;
  readonly kind?: Pane["kind"];
}

/** A picture of event time, before it is drawn. */
export interface Scene {
  readonly title: string;
  /** The picture in sentences. */
  readonly description: string;
  readonly note: string | undefined;
  readonly left: number;
  readonly right: number;
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly Row[];
  /** Where the input ended. */
  readonly end: number | undefined;
  /** The names of the rows below the plot: the records, then each stage. */
  readonly rows: readonly string[];
  readonly bands: readonly Band[];
  readonly stairs: readonly Stair[];
  readonly records: readonly Spot[];
  readonly panes: readonly Pane[];
  readonly results: readonly Result[];
  readonly firings: readonly Firing[];
  readonly legend: readonly Legend[];
}
