/**
 * The figure of event time: event time upwards, the order of arrival to the right. Records are dots, watermarks are
 * stairs, results are bars as long as their window.
 *
 * A plain module, so that a page can load it as it is. It draws with the function that it is given:
 * `h(tag, attributes, ...children)` of Preact, or one that makes text. Colours and fonts are in `style.js`.
 *
 * @module
 */
import { cross, dot, round, SHAPES } from "./marks.js";

/** @typedef {import("./scene.ts").Scene} Scene */
/** @typedef {import("./scene.ts").Pane} Pane */
/** @typedef {import("./scene.ts").Spot} Spot */
/** @typedef {import("./scene.ts").Stair} Stair */
/** @typedef {import("./scene.ts").Legend} Legend */
/**
 * @template Node
 * @typedef {import("./marks.js").Draw<Node>} Draw
 */
/** @typedef {{ top: number, bottom: number, y: (time: number) => number }} Plot */

/** Heights and distances, in pixels. */
const PLOT = 240, ROW = 26, LINE = 15, EDGE = 16, TITLE = 32, LEGEND = 22, LETTER = 6.6;

/**
 * Draws a scene.
 *
 * @template Node
 * @param {Draw<Node>} h makes an element
 * @param {Scene} scene what is drawn
 * @returns {Node} the picture
 */
export function eventTimeFigure(h, scene) {
  const width = Math.ceil(scene.right + 24);
  const legend = legendOf(scene.legend, width);
  const top = TITLE + 4 + legend.lines * LEGEND + 36;
  const plot = { top, bottom: top + PLOT, y: scaleOf(scene, top) };
  const height = rowAt(scene.rows.length, plot) + 26;
  return h(
    "svg",
    {
      ...{ xmlns: "http://www.w3.org/2000/svg", class: "tm-figure", role: "img", "aria-label": scene.title },
      ...{ viewBox: `0 0 ${width} ${height}`, width, height },
    },
    h("title", {}, scene.title),
    h("desc", {}, scene.description),
    h("rect", { class: "tm-paper", x: 0.5, y: 0.5, width: width - 1, height: height - 1, rx: 10 }),
    h("text", { class: "tm-title", x: EDGE, y: TITLE }, scene.title),
    ...legend.signs.map(({ sign, x, line }) => legendSign(h, sign, x, TITLE + 4 + line * LEGEND)),
    ...axis(h, scene, plot),
    ...scene.bands.map((band) =>
      h("rect", { class: "tm-band", ...box(plot, band.from - 13, band.to, band.start, band.end), rx: 4 })
    ),
    ...rows(h, scene, plot),
    ...firings(h, scene, plot),
    ...scene.stairs.map((stair) => stairs(h, stair, scene, plot)),
    ...scene.panes.map((pane) => paneBar(h, pane, plot)),
    ...scene.records.map((record) => recordDot(h, record, plot)),
    ...scene.results.filter(({ time }) => !Number.isNaN(time)).map(({ x, time, title }) =>
      ring(h, x, plot.y(time), title)
    ),
    h("text", { class: "tm-caption", x: EDGE, y: height - 14 }, scene.note ?? ""),
    h("text", { class: "tm-caption tm-right", x: scene.right, y: height - 14 }, "order of arrival →"),
  );
}

/**
 * From a time to a height. What is outside of the scene is drawn at its edge.
 *
 * @param {Scene} scene
 * @param {number} top
 * @returns {(time: number) => number}
 */
function scaleOf({ low, high }, top) {
  const pad = 12;
  return (time) => {
    const part = (Math.min(high, Math.max(low, time)) - low) / (high - low);
    if (time > high) return top;
    if (time < low) return top + PLOT;
    return round(top + PLOT - pad - part * (PLOT - 2 * pad));
  };
}

/**
 * The rectangle from one time to another.
 *
 * @param {Plot} plot
 * @param {number} from
 * @param {number} to
 * @param {number} start
 * @param {number} end
 */
function box({ y }, from, to, start, end) {
  return { x: round(from), width: round(to - from), y: y(end), height: round(Math.max(2, y(start) - y(end))) };
}

/**
 * @template Node
 * @param {Draw<Node>} h
 * @param {Scene} scene
 * @param {Plot} plot
 * @returns {Node[]}
 */
function axis(h, { left, right, ticks }, { top, bottom, y }) {
  return [
    h("text", { class: "tm-caption", x: EDGE, y: top - 12 }, "event time"),
    ...ticks.flatMap(({ time, word }) => [
      h("line", { class: "tm-grid", x1: left - 4, x2: right, y1: y(time), y2: y(time) }),
      h("text", { class: "tm-tick tm-right", x: left - 12, y: y(time) + 4 }, word),
    ]),
    h("line", { class: "tm-axis", x1: left - 4, x2: left - 4, y1: top, y2: bottom }),
  ];
}

/**
 * Where a row below the plot begins. The first one, of records, has one line of text, and the others have two.
 *
 * @param {number} row
 * @param {{ bottom: number }} plot
 */
function rowAt(row, { bottom }) {
  return bottom + 14 + (row === 0 ? 0 : ROW + (row - 1) * (ROW + LINE));
}

/**
 * The labels below the plot, and a thin line from each to what it names.
 *
 * @template Node
 * @param {Draw<Node>} h
 * @param {Scene} scene
 * @param {Plot} plot
 * @returns {Node[]}
 */
function rows(h, { left, right, rows, records, panes, results }, { bottom, y }) {
  /** @param {number} row */
  const base = (row) => rowAt(row, { bottom }) + 17;
  return [
    ...rows.flatMap((name, row) => [
      h("line", { class: "tm-rule", x1: EDGE, x2: right, y1: base(row) - 17, y2: base(row) - 17 }),
      h("text", { class: "tm-row", x: EDGE, y: base(row) }, clipped(name, (left - EDGE) / LETTER)),
    ]),
    ...records.flatMap(({ x, time, label, late }) => [
      h("line", { class: "tm-stem", x1: x, x2: x, y1: y(time) + 7, y2: base(0) - 13 }),
      h("text", { class: late ? "tm-label tm-late-word" : "tm-label", x, y: base(0) }, label),
    ]),
    ...panes.flatMap(({ x, start, label, row, kind, retracts }) => [
      h("line", { class: "tm-stem", x1: x, x2: x, y1: y(start) + 3, y2: base(row + 1) - 13 }),
      ...label.map((word, line) => {
        const style = `tm-label${line > 0 ? " tm-value" : ""} tm-word-${retracts ? "retracted" : kind}`;
        return h("text", { class: style, x, y: base(row + 1) + line * LINE }, word);
      }),
    ]),
    ...results.flatMap(({ x, time, label, row }) => [
      ...(Number.isNaN(time)
        ? []
        : [h("line", { class: "tm-stem", x1: x, x2: x, y1: y(time) + 7, y2: base(row + 1) - 13 })]),
      ...label.map((word, line) => {
        const style = `tm-label${line > 0 ? " tm-value" : ""} tm-word-onTime`;
        return h("text", { class: style, x, y: base(row + 1) + line * LINE }, word);
      }),
    ]),
  ];
}

/**
 * @param {string} name
 * @param {number} letters
 */
function clipped(name, letters) {
  const all = [...name];
  return all.length <= letters ? name : `${all.slice(0, Math.floor(letters) - 1).join("")}…`;
}

/**
 * @template Node
 * @param {Draw<Node>} h
 * @param {Scene} scene
 * @param {Plot} plot
 * @returns {Node[]}
 */
function firings(h, { firings, end }, { top, bottom }) {
  const lines = firings.map(({ x }) => h("line", { class: "tm-firing", x1: x, x2: x, y1: top, y2: bottom }));
  if (end === undefined) return lines;
  return [
    ...lines,
    h("line", { class: "tm-end", x1: end, x2: end, y1: top, y2: bottom }),
    h("text", { class: "tm-caption tm-middle", x: end, y: top - 12 }, "end of input"),
  ];
}

/**
 * @template Node
 * @param {Draw<Node>} h
 * @param {Stair} stair
 * @param {Scene} scene
 * @param {Plot} plot
 * @returns {Node}
 */
function stairs(h, { of, name, index, points, idle }, { right }, { bottom, y }) {
  // Partitions that stand at one time would hide each other.
  const shift = of === "partition" ? (index % SHAPES) * 2 - 3 : 0;
  /** @param {number} time */
  const at = (time) => round(y(time) + (time === Infinity ? 0 : shift));
  const [first] = points;
  let path = first === undefined ? "" : `M${round(first.x)} ${bottom}V${at(first.time)}`;
  for (const { x, time } of points.slice(1)) path += `H${round(x)}V${at(time)}`;
  if (path !== "") path += `H${round(right)}`;
  const style = of === "watermark" ? "tm-watermark" : `tm-mark tm-place-${index % SHAPES}`;
  return h(
    "g",
    { class: style },
    h("title", {}, of === "watermark" ? name : `watermark of ${name}`),
    ...(path === "" ? [] : [h("path", { d: path })]),
    ...idle.flatMap(({ from, to = right }) => {
      const mark = points.findLast(({ x }) => x <= from);
      const height = mark === undefined ? bottom - 4 : at(mark.time);
      return [h("line", { class: "tm-idle", x1: round(from), x2: round(to), y1: height, y2: height })];
    }),
  );
}

/**
 * @template Node
 * @param {Draw<Node>} h
 * @param {Pane} pane
 * @param {Plot} plot
 * @returns {Node}
 */
function paneBar(h, { x, start, end, kind, retracts, title }, plot) {
  return h(
    "rect",
    { class: `tm-pane tm-pane-${retracts ? "retracted" : kind}`, ...box(plot, x - 6, x + 6, start, end), rx: 5 },
    h("title", {}, title),
  );
}

/**
 * @template Node
 * @param {Draw<Node>} h
 * @param {Spot} record
 * @param {Plot} plot
 * @returns {Node}
 */
function recordDot(h, { x, time, place, late, title }, { y }) {
  return late ? cross(h, x, y(time), title) : dot(h, place, x, y(time), title);
}

/**
 * A result of a stage that is no window.
 *
 * @template Node
 * @param {Draw<Node>} h
 * @param {number} x
 * @param {number} y
 * @param {string} title
 * @returns {Node}
 */
function ring(h, x, y, title) {
  return h("circle", { class: "tm-pane tm-pane-onTime", cx: round(x), cy: round(y), r: 5.5 }, h("title", {}, title));
}

/**
 * Sets the signs of the legend in lines.
 *
 * @param {readonly Legend[]} legend
 * @param {number} width
 */
function legendOf(legend, width) {
  let x = EDGE, line = 1;
  const signs = legend.map((sign) => {
    const wide = 22 + [...sign.name].length * LETTER + 16;
    if (x + wide > width && x > EDGE) [x, line] = [EDGE, line + 1];
    const at = { sign, x, line };
    x += wide;
    return at;
  });
  return { signs, lines: line };
}

/**
 * @template Node
 * @param {Draw<Node>} h
 * @param {Legend} sign
 * @param {number} x
 * @param {number} y
 * @returns {Node}
 */
function legendSign(h, { of, place, name, kind }, x, y) {
  const middle = y - 4;
  const bar = { x: x + 3, y: middle - 7, width: 10, height: 14, rx: 5 };
  /** @type {Record<Legend["of"], () => Node>} */
  const signs = {
    record: () => dot(h, place, x + 8, middle, name),
    late: () => cross(h, x + 8, middle, name),
    watermark: () => h("g", { class: "tm-watermark" }, h("path", { d: `M${x} ${middle + 4}h8v-8h8` })),
    pane: () => h("rect", { class: `tm-pane tm-pane-${kind}`, ...bar }),
    result: () => ring(h, x + 8, middle, name),
    retracted: () => h("rect", { class: "tm-pane tm-pane-retracted", ...bar }),
    idle: () => h("line", { class: "tm-idle", x1: x, x2: x + 16, y1: middle, y2: middle }),
  };
  return h("g", {}, signs[of](), h("text", { class: "tm-legend", x: x + 22, y }, name));
}
