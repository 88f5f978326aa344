/**
 * The points of a chart as a scene: what a figure draws, in pixels.
 *
 * @module
 */
import type { Curve, LinesScene, Tick } from "./figures/lines_scene.ts";
import { type TimeWords, timeWords, wordOf } from "./_words.ts";

/** A line of a chart. Its points are in the order of `x`. */
export interface Line {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** What a chart shows. */
export interface Charted {
  readonly title: string | undefined;
  readonly status: string;
  readonly lines: readonly Line[];
  /** Whether `x` is a time. Otherwise it is the number of a value. */
  readonly timed: boolean;
}

/** The picture, in pixels. */
const WIDTH = 720, HEIGHT = 300, TOP = 52, BOTTOM = 238, EDGE = 16;
/** The mean width of a letter, and the least distance of two names, in pixels. */
const LETTER = 7.2, NAME = 15;
/** The most lines across, and the most words below. */
const ROWS = 5, COLUMNS = 7;
/** The most points that are drawn as such. */
const DOTS = 120;

/** The lowest and the highest of some numbers. */
interface Range {
  readonly low: number;
  readonly high: number;
}

/** Makes the scene of a chart. */
export function chartScene(chart: Charted): LinesScene {
  const { lines, timed, title, status } = chart;
  const points = lines.flatMap(({ points }) => points);
  const xs = rangeOf(points.map(({ x }) => x)), ys = rangeOf([0, ...points.map(({ y }) => y)]);
  const rowStep = niceStep(ys, ROWS);
  const rows = multiples(rowStep, { low: Math.floor(ys.low / rowStep) * rowStep, high: ys.high + rowStep * 0.999 });
  const low = rows[0], high = rows[rows.length - 1];
  const left = EDGE + 12 + Math.max(...rows.map((row) => numberWord(row).length)) * LETTER;
  const right = WIDTH - EDGE - 12 - Math.min(180, Math.max(0, ...lines.map(({ name }) => [...name].length)) * LETTER);
  const x = (value: number) => round(left + 10 + (value - xs.low) / (xs.high - xs.low) * (right - left - 20));
  const y = (value: number) => round(BOTTOM - (value - low) / (high - low) * (BOTTOM - TOP));
  const { word, step } = wordsOf(xs, timed);
  return {
    title: title ?? "Values as they come",
    description: describeChart(chart),
    note: status,
    ...{ width: WIDTH, height: HEIGHT, left, right, top: TOP, bottom: BOTTOM },
    rows: rows.map((row): Tick => ({ at: y(row), word: numberWord(row) })),
    columns: points.length === 0 ? [] : multiples(step, xs).map((at): Tick => ({ at: x(at), word: word(at) })),
    across: timed ? "event time →" : "order of arrival →",
    curves: apart(lines.map(({ name, points }, index): Curve => ({
      name,
      index,
      dots: points.map((point) => ({
        ...{ x: x(point.x), y: y(point.y) },
        title: `${name === "" ? "" : `${name} `}${word(point.x)}: ${numberWord(point.y)}`,
      })),
      nameAt: y(points[points.length - 1].y),
    }))),
    dotted: points.length <= DOTS,
  };
}

/** The picture in sentences: a line for each name. */
export function describeChart({ lines, timed }: Charted): string {
  if (lines.length === 0) return "Nothing has come yet.";
  const { word } = wordsOf(rangeOf(lines.flatMap(({ points }) => points.map(({ x }) => x))), timed);
  return lines.map(({ name, points }) => {
    const heights = rangeOf(points.map(({ y }) => y), 0), last = points[points.length - 1];
    const values = points.length === 1 ? "1 point" : `${points.length} points`;
    const span = `from ${numberWord(heights.low)} to ${numberWord(heights.high)}`;
    return `${name === "" ? "" : `${name}: `}${values} ${span}, ${numberWord(last.y)} at ${word(last.x)}.`;
  }).join(" ");
}

/** How places from left to right are written. */
export function wordsOf(xs: Range, timed: boolean): TimeWords {
  if (timed) return timeWords(xs.low, xs.high, COLUMNS);
  return { step: Math.max(1, niceStep(xs, COLUMNS)), word: numberWord };
}

/** A number in few characters. */
export function numberWord(value: number): string {
  const exact = wordOf(value);
  const text = exact.length <= 7 ? exact : String(Number(value.toPrecision(4)));
  return text.replace("-", "−");
}

/** @param least the least distance of the two */
export function rangeOf(values: readonly number[], least = 1): Range {
  if (values.length === 0) return { low: 0, high: 1 };
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return { low, high: high === low ? low + least : high };
}

/** A step of 1, 2 or 5 times a power of ten, of which a range has at most `most`. */
function niceStep({ low, high }: Range, most: number): number {
  const power = 10 ** Math.floor(Math.log10((high - low) / most));
  return [1, 2, 5, 10].map((times) => times * power).find((step) => (high - low) / step <= most) ?? high - low;
}

/** The multiples of a step in a range. */
function multiples(step: number, { low, high }: Range): number[] {
  const first = Math.ceil(low / step), last = Math.floor(high / step);
  // A range that is tiny beside its numbers has no exact multiples.
  const count = Math.min(50, Math.max(1, last - first + 1));
  return Array.from({ length: count }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** The curves with their names apart from each other, in the order of their heights. */
function apart(curves: readonly Curve[]): Curve[] {
  let above = -Infinity;
  const pushed = curves.toSorted((a, b) => a.nameAt - b.nameAt).map((curve) => {
    above = Math.max(above + NAME, curve.nameAt);
    return { ...curve, nameAt: above };
  });
  // Names that would stand below the plot move up.
  let below = BOTTOM + 4 + NAME;
  return pushed.reverse().map((curve) => {
    below = Math.min(below - NAME, curve.nameAt);
    return { ...curve, nameAt: round(below) };
  }).sort((a, b) => a.index - b.index);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
