/**
 * What the figure of lines draws. All places are pixels.
 *
 * @module
 */

/** A line of an axis, and its word. */
export interface Tick {
  readonly at: number;
  readonly word: string;
}

/** A point of a line. */
export interface Dot {
  readonly x: number;
  readonly y: number;
  readonly title: string;
}

/** A line, from left to right. */
export interface Curve {
  readonly name: string;
  /** Its number, which has a colour. */
  readonly index: number;
  readonly dots: readonly Dot[];
  /** Where its name stands, beside its end. */
  readonly nameAt: number;
}

/** A picture of lines, before it is drawn. */
export interface LinesScene {
  readonly title: string;
  /** The picture in sentences. */
  readonly description: string;
  readonly note: string;
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** The lines across. */
  readonly rows: readonly Tick[];
  /** The words below. */
  readonly columns: readonly Tick[];
  /** What the words below are. */
  readonly across: string;
  readonly curves: readonly Curve[];
  /** Whether each point is drawn. */
  readonly dotted: boolean;
}
