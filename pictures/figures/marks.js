/**
 * The signs of records, which all figures share.
 *
 * @module
 */

/**
 * What figures draw with: `h(tag, attributes, ...children)` of Preact, or one that makes text.
 *
 * @template Node
 * @typedef {(tag: string, attributes: Record<string, string | number | undefined>, ...children: (Node | string)[]) => Node} Draw
 */

/** How many partitions have a shape and a colour of their own. */
export const SHAPES = 4;

/**
 * A length that is exact enough for a picture.
 *
 * @param {number} value
 * @returns {number}
 */
export function round(value) {
  return Math.round(value * 10) / 10;
}

/**
 * The path of a stair from left to right. Where a point has no height, the stair is broken.
 *
 * @param {readonly { readonly x: number, readonly y: number | undefined }[]} points
 * @returns {string}
 */
export function stairPath(points) {
  let path = "", open = false;
  for (const { x, y } of points) {
    if (y !== undefined) path += open ? `H${round(x)}V${round(y)}` : `M${round(x)} ${round(y)}`;
    open = y !== undefined;
  }
  return path;
}

/**
 * The sign of a late record.
 *
 * @template Node
 * @param {Draw<Node>} h
 * @param {number} x
 * @param {number} y
 * @param {string} title
 * @returns {Node}
 */
export function cross(h, x, y, title) {
  const d = `M${round(x - 5)} ${round(y - 5)}l10 10m0 -10l-10 10`;
  return h("path", { class: "tm-late", d }, h("title", {}, title));
}

/**
 * A record of a partition: a circle, a square, a diamond or a triangle.
 *
 * @template Node
 * @param {Draw<Node>} h
 * @param {number} place
 * @param {number} x
 * @param {number} y
 * @param {string} title
 * @returns {Node}
 */
export function dot(h, place, x, y, title) {
  const shape = Math.max(0, place) % SHAPES;
  const style = `tm-record tm-place-${shape}`;
  const name = h("title", {}, title);
  const at = `M${round(x)} ${round(y)}`;
  if (shape === 0) return h("circle", { class: style, cx: round(x), cy: round(y), r: 5 }, name);
  if (shape === 1) return h("path", { class: style, d: `${at}m-4.5 -4.5h9v9h-9z` }, name);
  if (shape === 2) return h("path", { class: style, d: `${at}m0 -6.5l6.5 6.5l-6.5 6.5l-6.5 -6.5z` }, name);
  return h("path", { class: style, d: `${at}m0 -6l6 10.5h-12z` }, name);
}
