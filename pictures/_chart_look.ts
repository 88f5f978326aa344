/**
 * A chart as text, as SVG and as HTML.
 *
 * @module
 */
import { type Charted, chartScene, describeChart, type Line, numberWord, rangeOf, wordsOf } from "./_chart_scene.ts";
import { linesFigure } from "./figures/lines.js";
import { linesStyle } from "./figures/style.js";
import { imageOf } from "./_html.ts";
import type { Display } from "./_notebook.ts";
import { drawnBy, type Markup } from "./_svg.ts";
import { framed } from "./_table_look.ts";
import { safe } from "./_words.ts";

/** The levels of a line of text, from low to high. */
const LEVELS = "▁▂▃▄▅▆▇█";
/** The most points of a line of text: the last ones. */
const POINTS = 60;

/** The chart for a terminal and for a notebook. */
export function chartLook(chart: Charted): Display {
  const svg = chartSvg(chart);
  const image: Markup = imageOf(svg, `${chart.title ?? "Values as they come"}. ${describeChart(chart)}`);
  return {
    "text/plain": plainChart(chart),
    "image/svg+xml": svg,
    "text/html": framed([image], undefined, ""),
  };
}

/** The chart as an SVG document. */
export function chartSvg(chart: Charted): string {
  return drawnBy((h) => linesFigure(h, chartScene(chart)), `${linesStyle}\n`);
}

function plainChart({ title, status, lines, timed }: Charted): string {
  const shown = lines.map(({ name, points }): Line => ({ name, points: points.slice(-POINTS) }));
  const points = shown.flatMap(({ points }) => points);
  const heights = rangeOf(points.map(({ y }) => y), 0), xs = rangeOf(points.map(({ x }) => x), 0);
  const names = Math.max(0, ...shown.map(({ name }) => [...name].length));
  const { word } = wordsOf({ low: xs.low, high: Math.max(xs.high, xs.low + 1) }, timed);
  const span = `${word(xs.low)} to ${word(xs.high)}, from ${numberWord(heights.low)} to ${numberWord(heights.high)}`;
  return [
    ...(title === undefined ? [] : [safe(title)]),
    ...shown.map(({ name, points }) => {
      const curve = points.map(({ y }) => levelOf(y, heights)).join("");
      const filled = name + " ".repeat(names - [...name].length);
      return `${filled}${names > 0 ? "  " : ""}${curve}  ${numberWord(points[points.length - 1].y)}`;
    }),
    ...(points.length === 0 ? [] : [span]),
    safe(status),
  ].join("\n");
}

function levelOf(value: number, { low, high }: { readonly low: number; readonly high: number }): string {
  const part = high === low ? 0.5 : (value - low) / (high - low);
  return LEVELS[Math.round(part * (LEVELS.length - 1))];
}
