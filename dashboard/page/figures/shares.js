/**
 * Shares of a whole as one bar.
 *
 * @module
 */
import { round } from "../../../pictures/figures/marks.js";

/**
 * @template Node
 * @typedef {import("../../../pictures/figures/marks.js").Draw<Node>} Draw
 */

/**
 * Draws the bar.
 *
 * @template Node
 * @param {Draw<Node>} h makes an element
 * @param {{ parts: readonly { name: string, share: number, kind: string }[], label: string, width: number, height?: number }} data
 * @returns {Node} the picture
 */
export function sharesFigure(h, { parts, label, width, height = 18 }) {
  const all = parts.reduce((sum, { share }) => sum + share, 0) || 1;
  const shown = parts.filter(({ share }) => share > 0);
  const room = width - 2 * Math.max(0, shown.length - 1);
  let x = 0;
  return h(
    "svg",
    { class: "shares", role: "img", "aria-label": label, viewBox: `0 0 ${width} ${height}`, width, height },
    ...shown.map(({ name, share, kind }) => {
      const wide = share / all * room;
      const bar = { x: round(x), y: 0, width: round(Math.max(0.5, wide)), height, rx: Math.min(3, wide / 2) };
      x += wide + 2;
      return h("rect", { class: `share ${kind}`, ...bar }, h("title", {}, name));
    }),
  );
}

/**
 * Bars of several things beside what each would have if all were even.
 *
 * @template Node
 * @param {Draw<Node>} h makes an element
 * @param {{ bars: readonly { name: string, value: number, hot: boolean }[], fair: number, label: string, width: number }} data
 * @returns {Node} the picture
 */
export function skewFigure(h, { bars, fair, label, width }) {
  const height = 132, bottom = height - 22, top = 8;
  const high = Math.max(fair * 1.6, ...bars.map(({ value }) => value)) || 1;
  const step = Math.min(150, width / Math.max(1, bars.length)), wide = Math.max(1, Math.min(64, step * 0.66));
  /** @param {number} value */
  const y = (value) => round(bottom - value / high * (bottom - top));
  const every = Math.ceil(30 / step);
  return h(
    "svg",
    { class: "skew", role: "img", "aria-label": label, viewBox: `0 0 ${width} ${height}`, width, height },
    h("line", { class: "base", x1: 0, x2: width, y1: bottom, y2: bottom }),
    ...bars.map(({ name, value, hot }, index) => {
      const x = round(index * step + (step - wide) / 2);
      return h(
        "rect",
        { class: hot ? "bar hot" : "bar", x, y: y(value), width: round(wide), height: round(bottom - y(value)), rx: 2 },
        h("title", {}, name),
      );
    }),
    ...bars.flatMap(({ name }, index) =>
      index % every === 0
        ? [h("text", { class: "tick middle", x: round(index * step + step / 2), y: bottom + 16 }, name)]
        : []
    ),
    h("line", { class: "fair", x1: 0, x2: width, y1: y(fair), y2: y(fair) }),
    h("text", { class: "tick end", x: width - 2, y: y(fair) - 5 }, "fair share"),
  );
}
