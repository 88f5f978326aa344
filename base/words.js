/**
 * Counts, shares, sizes and durations as people read them: in the page, on the command line, and in sentences. A plain
 * module, since the page has it too.
 *
 * @module
 */

const NUMBER = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const SECOND = 1_000;
const UNITS = /** @type {const} */ ([[86_400_000, "d"], [3_600_000, "h"], [60_000, "min"], [SECOND, "s"]]);

/**
 * What stands for a figure that is not known.
 */
export const UNKNOWN = "–";

/**
 * A count with separators: `81,204`.
 *
 * @param {number | undefined} value
 * @returns {string}
 */
export function count(value) {
  return value === undefined || !Number.isFinite(value) ? UNKNOWN : NUMBER.format(value);
}

/**
 * A count and its noun: `1 record`, `2 records`.
 *
 * @param {number} value
 * @param {string} noun
 * @returns {string}
 */
export function counted(value, noun) {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/**
 * A duration, in milliseconds, in its two largest units: `0.3 ms`, `340 ms`, `5.2 s`, `48 s`, `2 min 20 s`, `94 d 3 h`.
 *
 * @param {number | undefined} ms
 * @returns {string}
 */
export function duration(ms) {
  if (ms === undefined || !Number.isFinite(ms)) return UNKNOWN;
  if (ms < 0) return `−${duration(-ms)}`;
  if (ms < SECOND) return `${short(ms)} ms`;
  if (ms < 9_950) return `${short(ms / SECOND)} s`;
  const at = UNITS.findIndex(([unit]) => ms >= unit);
  const [unit, word] = UNITS[at];
  const next = UNITS[at + 1];
  const whole = Math.floor(ms / unit);
  const rest = next === undefined ? 0 : Math.floor(ms % unit / next[0]);
  return rest === 0 ? `${whole} ${word}` : `${whole} ${word} ${rest} ${next[1]}`;
}

/**
 * A size: `812 B`, `4.2 KB`, `15 KB`, `1.3 MB`.
 *
 * @param {number | undefined} bytes
 * @returns {string}
 */
export function size(bytes) {
  if (bytes === undefined || !Number.isFinite(bytes)) return UNKNOWN;
  if (Math.abs(bytes) < 1000) return `${Math.round(bytes)} B`;
  for (const unit of ["KB", "MB", "GB"]) {
    bytes /= 1000;
    if (Math.abs(bytes) < 999.5) return `${short(bytes)} ${unit}`;
  }
  return `${NUMBER.format(bytes / 1000)} TB`;
}

/**
 * A share of 1 in per cent: `61 %`, `0.39 %`.
 *
 * @param {number | undefined} share
 * @returns {string}
 */
export function percent(share) {
  if (share === undefined || !Number.isFinite(share)) return UNKNOWN;
  return `${share > 0 && share < 0.01 ? (share * 100).toPrecision(2) : NUMBER.format(share * 100)} %`;
}

/**
 * A number with one decimal where it is small and has one.
 *
 * @param {number} value
 * @returns {string}
 */
function short(value) {
  const parts = Math.abs(value) < 9.95 ? 10 : 1;
  return String(Math.round(value * parts) / parts);
}
