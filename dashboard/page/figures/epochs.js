/**
 * The time line of epochs: each one a stem where it was cut, as high as its commit took, and above it as its publishing.
 *
 * @module
 */
import { round } from "../../../pictures/figures/marks.js";

/**
 * @template Node
 * @typedef {import("../../../pictures/figures/marks.js").Draw<Node>} Draw
 */
/** @typedef {{ at: number, commit_ms: number, publish?: { took: number } }} Epoch */
/** @typedef {{ at: number, low: number, high: number }} Second */
/**
 * @typedef {object} EpochScene
 * @property {string} sentence
 * @property {number} since
 * @property {number} now
 * @property {readonly Epoch[]} epochs
 * @property {readonly Second[]} seconds where there are too many: p50 to the longest of each second
 * @property {{ value: number, word: string }[]} yTicks
 * @property {{ time: number, word: string }[]} xTicks
 */

/**
 * Draws the time line.
 *
 * @template Node
 * @param {Draw<Node>} h makes an element
 * @param {{ scene: EpochScene, width: number, height: number }} data
 * @returns {Node} the picture
 */
export function epochsFigure(h, { scene, width, height }) {
  const { since, now, epochs, seconds, xTicks, yTicks, sentence } = scene;
  const left = 58, right = width - 8, top = 10, bottom = height - 28;
  const high = Math.max(
    1,
    ...epochs.map(({ commit_ms, publish }) => commit_ms + (publish?.took ?? 0)),
    ...seconds.map(({ high }) => high),
  );
  /** @param {number} at */
  const x = (at) => round(left + (at - since) / (now - since) * (right - left));
  /** @param {number} ms */
  const y = (ms) => round(bottom - Math.min(1, ms / (high * 1.08)) * (bottom - top));
  const wide = Math.max(2, Math.min(5, (right - left) / 300));
  const step = (right - left) / (now - since) * 1000;
  return h(
    "svg",
    { class: "epochs", role: "img", "aria-label": sentence, viewBox: `0 0 ${width} ${height}`, width, height },
    ...yTicks.flatMap(({ value, word }) => [
      h("line", { class: "grid", x1: left, x2: right, y1: y(value), y2: y(value) }),
      h("text", { class: "tick end", x: left - 10, y: y(value) + 4 }, word),
    ]),
    ...xTicks.flatMap(({ time, word }) => [
      h("line", { class: "notch", x1: x(time), x2: x(time), y1: bottom, y2: bottom + 5 }),
      h("text", { class: "tick middle", x: x(time), y: bottom + 19 }, word),
    ]),
    h("line", { class: "base", x1: left, x2: right, y1: bottom, y2: bottom }),
    ...seconds.map(({ at, low, high }) =>
      h("rect", {
        ...{ class: "epoch-band", x: x(at), y: y(high), width: round(Math.max(1, step - 1)) },
        ...{ height: round(Math.max(2, y(low) - y(high))), rx: 2 },
      })
    ),
    h("path", {
      class: "epoch publish",
      "stroke-width": wide,
      d: stems(
        epochs,
        ({ at, commit_ms, publish }) =>
          publish === undefined ? undefined : [x(at), y(commit_ms), y(commit_ms + publish.took)],
      ),
    }),
    h("path", {
      class: "epoch commit",
      "stroke-width": wide,
      d: stems(epochs, ({ at, commit_ms }) => [x(at), bottom, y(commit_ms)]),
    }),
  );
}

/**
 * All stems as one path.
 *
 * @param {readonly Epoch[]} epochs
 * @param {(epoch: Epoch) => [x: number, from: number, to: number] | undefined} stem
 */
function stems(epochs, stem) {
  return epochs.map((epoch) => {
    const place = stem(epoch);
    return place === undefined ? "" : `M${place[0]} ${place[1]}V${Math.min(place[2], place[1] - 1)}`;
  }).join("");
}
