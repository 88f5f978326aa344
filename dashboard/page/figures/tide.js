/**
 * The figure of event time against processing time: the clock to the right, event time upwards. What lies under the
 * watermark is settled, as under water; windows above it are open, and fire when the water reaches their upper edge.
 *
 * @module
 */
import { cross, round, stairPath } from "../../../pictures/figures/marks.js";

/** @typedef {import("../tide_scene.js").Tide} Tide */
/** @typedef {import("../tide_scene.js").Point} Point */
/**
 * @template Node
 * @typedef {import("../../../pictures/figures/marks.js").Draw<Node>} Draw
 */
/** @typedef {{ left: number, right: number, top: number, bottom: number, x: (at: number) => number, y: (time: number) => number }} Plot */

/** How far labels at the right edge are apart at least, in pixels. */
const APART = 17;

/**
 * Draws the scene.
 *
 * @template Node
 * @param {Draw<Node>} h makes an element
 * @param {{ scene: Tide, width: number, height: number, reading?: number }} data `reading` is the moment under the pointer
 * @returns {Node} the picture
 */
export function tideFigure(h, { scene, width, height, reading }) {
  const plot = plotOf(scene, width, height);
  const { left, right, top, bottom } = plot;
  return h(
    "svg",
    { class: "tide", role: "img", "aria-label": scene.sentence, viewBox: `0 0 ${width} ${height}`, width, height },
    h(
      "defs",
      {},
      h(
        "linearGradient",
        { id: "deep", x1: 0, y1: 0, x2: 0, y2: 1 },
        h("stop", { class: "deep-top", offset: 0 }),
        h("stop", { class: "deep-end", offset: 1 }),
      ),
      h("clipPath", { id: "plot" }, h("rect", { x: left, y: top, width: right - left, height: bottom - top })),
    ),
    ...axes(h, scene, plot),
    h(
      "g",
      { "clip-path": "url(#plot)" },
      ...scene.bands.map((band) => bandBar(h, band, plot)),
      ...water(h, scene, plot),
      ...scene.stairs.map((stair) => partition(h, stair, scene, plot)),
      crest(h, scene, plot),
      h("path", { class: "surface", d: stairPath(at(scene.watermark, plot)) }),
      ...scene.late.map((late) =>
        cross(h, plot.x(late.at), Math.min(bottom - 8, Math.max(top + 8, plot.y(late.eventTime))), late.sentence)
      ),
    ),
    ...firings(h, scene, plot),
    ...labels(h, scene, plot, width),
    ...(reading === undefined ? [] : [
      h("line", { class: "reading", x1: plot.x(reading), x2: plot.x(reading), y1: top, y2: bottom }),
    ]),
  );
}

/**
 * Where the plot is, for those who point into it.
 *
 * @param {Tide} scene
 * @param {number} width
 * @param {number} height
 * @returns {Plot}
 */
export function plotOf({ since, now, low, high, yTicks }, width, height) {
  const narrow = width < 560;
  // A word with a date is longer than a time.
  const longest = Math.max(0, ...yTicks.map(({ word }) => word.length));
  const left = longest > 9 ? 14 + 6.6 * longest : narrow ? 44 : 62,
    right = width - (narrow ? 10 : 116),
    top = 14,
    bottom = height - 30;
  return {
    ...{ left, right, top, bottom },
    x: (at) => left + (at - since) / (now - since) * (right - left),
    y: (time) => bottom - (Math.min(high, Math.max(low, time)) - low) / (high - low) * (bottom - top),
  };
}

/** @param {readonly Point[]} points @param {Plot} plot */
function at(points, { x, y }) {
  return points.map((point) => ({ x: x(point.at), y: point.mark === undefined ? undefined : y(point.mark) }));
}

/**
 * @template Node
 * @param {Draw<Node>} h
 * @param {Tide} scene
 * @param {Plot} plot
 * @returns {Node[]}
 */
function axes(h, { xTicks, yTicks, since, now, bound }, { left, right, top, bottom, x, y }) {
  return [
    ...yTicks.flatMap(({ time, word }) => [
      h("line", { class: "grid", x1: left, x2: right, y1: round(y(time)), y2: round(y(time)) }),
      h("text", { class: "tick end", x: left - 10, y: round(y(time)) + 4 }, word),
    ]),
    ...xTicks.flatMap(({ time, word }) => [
      h("line", { class: "notch", x1: round(x(time)), x2: round(x(time)), y1: bottom, y2: bottom + 5 }),
      h("text", { class: "tick middle", x: round(x(time)), y: bottom + 20 }, word),
    ]),
    h("line", { class: "base", x1: left, x2: right, y1: bottom, y2: bottom }),
    h("path", { class: "diagonal", d: `M${round(x(since))} ${round(y(since))}L${round(x(now))} ${round(y(now))}` }),
    ...(bound === undefined || bound === 0 ? [] : [
      h("path", {
        class: "bound",
        d: `M${round(x(since))} ${round(y(since - bound))}L${round(x(now))} ${round(y(now - bound))}`,
      }),
    ]),
    h("line", { class: "grid", x1: left, x2: left, y1: top, y2: bottom }),
  ];
}

/**
 * The life of a window.
 *
 * @template Node
 * @param {Draw<Node>} h
 * @param {Tide["bands"][number]} band
 * @param {Plot} plot
 * @returns {Node}
 */
function bandBar(h, { from, to, start, end, fired }, { x, y }) {
  const top = y(end) + 1, height = Math.max(2, y(start) - y(end) - 2);
  return h("rect", {
    class: fired ? "window fired" : "window",
    ...{ x: round(x(from)), y: round(top), width: round(Math.max(1, x(to) - x(from))), height: round(height) },
    rx: Math.min(5, height / 2),
  });
}

/**
 * Everything below the watermark.
 *
 * @template Node
 * @param {Draw<Node>} h
 * @param {Tide} scene
 * @param {Plot} plot
 * @returns {Node[]}
 */
function water(h, { watermark }, plot) {
  return runs(at(watermark, plot)).map((run) =>
    h("path", {
      class: "water",
      d: `${stairPath(run)}V${plot.bottom}H${round(run[0].x)}Z`,
    })
  );
}

/**
 * The parts of a line between its gaps.
 *
 * @param {{ x: number, y: number | undefined }[]} points
 */
function runs(points) {
  /** @type {(typeof points)[]} */
  const runs = [];
  /** @type {typeof points | undefined} */
  let run;
  for (const point of points) {
    if (point.y === undefined) run = undefined;
    else if (run === undefined) runs.push(run = [point]);
    else run.push(point);
  }
  return runs;
}

/**
 * @template Node
 * @param {Draw<Node>} h
 * @param {Tide["stairs"][number]} stair
 * @param {Tide} scene
 * @param {Plot} plot
 * @returns {Node}
 */
function partition(h, { name, index, holds, idle, points }, { stairs }, plot) {
  const few = stairs.length <= 4 ? `place-${index % 4}` : "place-many";
  return h(
    "path",
    { class: `stair ${few}${holds ? " holds" : ""}${idle ? " idle" : ""}`, d: stairPath(at(points, plot)) },
    h("title", {}, `${name}${holds ? ", holds the watermark" : idle ? ", idle" : ""}`),
  );
}

/**
 * The newest event of each moment: many dots as one path.
 *
 * @template Node
 * @param {Draw<Node>} h
 * @param {Tide} scene
 * @param {Plot} plot
 * @returns {Node}
 */
function crest(h, { newest }, { x, y }) {
  let d = "", before;
  for (const { at, mark } of newest) {
    if (mark !== undefined && mark !== before) d += `M${round(x(at))} ${round(y(mark))}h0`;
    before = mark;
  }
  return h("path", { class: "crest", d });
}

/**
 * Where windows fired: a sign on the surface.
 *
 * @template Node
 * @param {Draw<Node>} h
 * @param {Tide} scene
 * @param {Plot} plot
 * @returns {Node[]}
 */
function firings(h, { firings }, { x, y }) {
  return firings.map(({ at, time, stage }) =>
    h("circle", { class: "firing", cx: round(x(at)), cy: round(y(time)), r: 4 }, h("title", {}, `${stage} fired`))
  );
}

/**
 * @template Node
 * @param {Draw<Node>} h
 * @param {Tide} scene
 * @param {Plot} plot
 * @param {number} width
 * @returns {Node[]}
 */
function labels(h, { labels }, { right, y }, width) {
  if (width < 560) return [];
  let last = -Infinity;
  return [...labels].sort((a, b) => y(a.time) - y(b.time)).flatMap(({ name, time, kind }) => {
    const height = last = Math.max(y(time), last + APART);
    return [
      h("path", { class: `lead ${kind}`, d: `M${right + 1} ${round(y(time))}L${right + 10} ${round(height)}` }),
      h("text", { class: `label ${kind}`, x: right + 14, y: round(height) + 4 }, name),
    ];
  });
}
