/**
 * A small line of the last two minutes, under its figure.
 *
 * @module
 */
import { round } from "../../../pictures/figures/marks.js";

/**
 * @template Node
 * @typedef {import("../../../pictures/figures/marks.js").Draw<Node>} Draw
 */

/**
 * Draws a line. Where a value is not known, it is broken.
 *
 * @template Node
 * @param {Draw<Node>} h makes an element
 * @param {{ points: readonly { at: number, value: number | undefined }[], least?: number, since: number, now: number, width: number, height: number }} data
 *   `least` is the least height of the line: what is small beside it looks small
 * @returns {Node} the picture; it says nothing that the figure above it does not
 */
export function lineFigure(h, { points, least = 0, since, now, width, height }) {
  const values = points.flatMap(({ value }) => value ?? []);
  const high = Math.max(...values, least), low = Math.min(...values, 0);
  /** @param {number} at */
  const x = (at) => round((at - since) / (now - since) * (width - 6));
  /** @param {number} value */
  const y = (value) => round(height - 3 - (high === low ? 0 : (value - low) / (high - low) * (height - 8)));
  let line = "", area = "", start, last;
  for (const { at, value } of points) {
    if (value === undefined) {
      if (start !== undefined) area += `V${height}H${start}Z`;
      start = undefined;
      continue;
    }
    const step = `${start === undefined ? "M" : "L"}${x(at)} ${y(value)}`;
    line += step;
    area += step;
    start ??= x(at);
    last = { x: x(at), y: y(value) };
  }
  if (start !== undefined) area += `V${height}H${start}Z`;
  return h(
    "svg",
    { class: "line", viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true", focusable: "false" },
    h("path", { class: "line-area", d: area }),
    h("path", { class: "line-stroke", d: line }),
    ...(last === undefined ? [] : [h("circle", { class: "line-end", cx: last.x, cy: last.y, r: 3 })]),
  );
}
