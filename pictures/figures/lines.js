/**
 * The figure of lines: one for each name, which stands at its end.
 *
 * A plain module without imports, so that a page can load it as it is. It draws with the function that it is given:
 * `h(tag, attributes, ...children)` of Preact, or one that makes text. Colours and fonts are in `style.js`.
 *
 * @module
 */

/** @typedef {import("./lines_scene.ts").LinesScene} LinesScene */
/** @typedef {import("./lines_scene.ts").Curve} Curve */
/**
 * @template Node
 * @typedef {(tag: string, attributes: Record<string, string | number | undefined>, ...children: (Node | string)[]) => Node} Draw
 */

/** Distances, in pixels. */
const EDGE = 16, TITLE = 32;
/** How many lines have a colour of their own. */
const COLOURS = 8;

/**
 * Draws a scene.
 *
 * @template Node
 * @param {Draw<Node>} h makes an element
 * @param {LinesScene} scene what is drawn
 * @returns {Node} the picture
 */
export function linesFigure(h, scene) {
  const { title, description, note, width, height, right, across } = scene;
  return h(
    "svg",
    {
      ...{ xmlns: "http://www.w3.org/2000/svg", class: "tm-figure", role: "img", "aria-label": title },
      ...{ viewBox: `0 0 ${width} ${height}`, width, height },
    },
    h("title", {}, title),
    h("desc", {}, description),
    h("rect", { class: "tm-paper", x: 0.5, y: 0.5, width: width - 1, height: height - 1, rx: 10 }),
    h("text", { class: "tm-title", x: EDGE, y: TITLE }, title),
    ...axes(h, scene),
    ...scene.curves.map((curve) => line(h, curve, scene)),
    h("text", { class: "tm-caption", x: EDGE, y: height - 14 }, note),
    h("text", { class: "tm-caption tm-right", x: right, y: height - 14 }, across),
  );
}

/**
 * @template Node
 * @param {Draw<Node>} h
 * @param {LinesScene} scene
 * @returns {Node[]}
 */
function axes(h, { left, right, bottom, rows, columns }) {
  return [
    ...rows.flatMap(({ at, word }) => [
      h("line", { class: "tm-grid", x1: left, x2: right, y1: at, y2: at }),
      h("text", { class: "tm-tick tm-right", x: left - 8, y: at + 4 }, word),
    ]),
    h("line", { class: "tm-axis", x1: left, x2: right, y1: bottom, y2: bottom }),
    ...columns.flatMap(({ at, word }) => [
      h("line", { class: "tm-axis", x1: at, x2: at, y1: bottom, y2: bottom + 4 }),
      h("text", { class: "tm-tick tm-middle", x: at, y: bottom + 18 }, word),
    ]),
  ];
}

/**
 * @template Node
 * @param {Draw<Node>} h
 * @param {Curve} curve
 * @param {LinesScene} scene
 * @returns {Node}
 */
function line(h, { name, index, dots, nameAt }, { right, dotted }) {
  const path = dots.map(({ x, y }, place) => `${place === 0 ? "M" : "L"}${x} ${y}`).join("");
  const shown = dotted || dots.length === 1 ? dots : [];
  const last = dots[dots.length - 1];
  return h(
    "g",
    { class: `tm-curve tm-curve-${index % COLOURS}` },
    h("path", { d: path }),
    ...shown.map(({ x, y, title }) => h("circle", { cx: x, cy: y, r: 3.5 }, h("title", {}, title))),
    // From the end of the line to its name, which may have given way to others.
    ...(name === "" ? [] : [
      h("path", { class: "tm-leader", d: `M${last.x + 5} ${last.y}L${right + 4} ${nameAt}` }),
      h("text", { x: right + 8, y: nameAt + 4 }, name),
    ]),
  );
}
