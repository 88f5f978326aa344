/**
 * The running pipeline as a graph, from left to right: what it reads, its stages, and what it writes, each with its rate.
 *
 * @module
 */
import { round } from "../../../pictures/figures/marks.js";

/**
 * @template Node
 * @typedef {import("../../../pictures/figures/marks.js").Draw<Node>} Draw
 */
/** @typedef {{ x: number, y: number }} Spot */
/**
 * @typedef {object} Box
 * @property {string} id
 * @property {string} kind
 * @property {string} operator
 * @property {string} name
 * @property {string} rate
 * @property {boolean} state whether it keeps state
 * @property {string | undefined} warning
 * @property {number} x
 * @property {number} y
 * @property {number} width
 * @property {number} height
 */
/** @typedef {{ kind: string, word: string, points: readonly Spot[], share: number }} Line */

/** The mean width of a letter. */
const LETTER = 6.9;

/**
 * Draws the graph. A graph that is a little wider than the room is made smaller; one that is much wider is to be scrolled.
 *
 * @template Node
 * @param {Draw<Node>} h makes an element
 * @param {{ boxes: readonly Box[], lines: readonly Line[], width: number, height: number, room: number, label: string }} data
 * @returns {Node} the picture
 */
export function pipelineFigure(h, { boxes, lines, width, height, room, label }) {
  const scale = Math.min(1, Math.max(0.72, (room - 2) / width));
  return h(
    "svg",
    {
      class: "graph",
      role: "img",
      "aria-label": label,
      viewBox: `-1 -1 ${width + 2} ${height + 2}`,
      width: round(width * scale),
      height: round(height * scale),
    },
    ...lines.map((line) => edge(h, line)),
    ...boxes.map((box) => node(h, box)),
  );
}

/**
 * A line, as thick as what flows.
 *
 * @template Node
 * @param {Draw<Node>} h
 * @param {Line} line
 * @returns {Node}
 */
function edge(h, { kind, word, points, share }) {
  const [first, ...rest] = points;
  let d = `M${round(first.x)} ${round(first.y)}`, before = first;
  for (const point of rest) {
    const middle = round((before.x + point.x) / 2);
    d += `C${middle} ${round(before.y)} ${middle} ${round(point.y)} ${round(point.x)} ${round(point.y)}`;
    before = point;
  }
  return h(
    "path",
    { class: `flow ${kind}${share > 0 ? "" : " still"}`, d, "stroke-width": round(1.25 + 3 * share) },
    h("title", {}, word),
  );
}

/**
 * @template Node
 * @param {Draw<Node>} h
 * @param {Box} box
 * @returns {Node}
 */
function node(h, { kind, operator, name, rate, state, warning, x, y, width, height }) {
  const round = kind === "source" || kind === "sink" || kind === "table" || kind === "deadLetters";
  return h(
    "g",
    { class: `node ${kind}${state ? " keeps" : ""}${warning === undefined ? "" : " warns"}` },
    h("title", {}, `${operator} ${name}${warning === undefined ? "" : `: ${warning}`}`),
    h("rect", { x, y, width, height, rx: round ? height / 2 : 10 }),
    h("text", { class: "node-name", x: x + width / 2, y: y + 22 }, clipped(name || operator, width - 20)),
    h(
      "text",
      { class: "node-rate", x: x + width / 2, y: y + 41 },
      warning ?? clipped(`${name ? `${operator} ` : ""}${rate}`, width - 14),
    ),
  );
}

/** @param {string} text @param {number} width */
function clipped(text, width) {
  const letters = Math.floor(width / LETTER), all = [...text];
  return all.length <= letters ? text : `${all.slice(0, letters - 1).join("")}…`;
}
