/**
 * Numbers, durations and times as the page shows them. A plain module: the page, the command line and notebooks use it.
 *
 * @module
 */

const NUMBER = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const SECOND = 1_000, MINUTE = 60_000, HOUR = 3_600_000, DAY = 86_400_000;
const UNITS = /** @type {const} */ ([[DAY, "d"], [HOUR, "h"], [MINUTE, "min"], [SECOND, "s"]]);

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
 * A rate: `0`, `0.4`, `12`, `2,004`.
 *
 * @param {number | undefined} value
 * @returns {string}
 */
export function rate(value) {
  if (value === undefined || !Number.isFinite(value)) return UNKNOWN;
  return value > 0 && value < 9.95 ? value.toFixed(1) : NUMBER.format(value);
}

/**
 * A duration in its two largest units: `340 ms`, `48 s`, `2 min 20 s`.
 *
 * @param {number | undefined} ms
 * @returns {string}
 */
export function duration(ms) {
  if (ms === undefined || !Number.isFinite(ms)) return UNKNOWN;
  if (ms < 0) return `−${duration(-ms)}`;
  if (ms < SECOND) return ms > 0 && ms < 9.95 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / SECOND).toFixed(1)} s`;
  const at = UNITS.findIndex(([unit]) => ms >= unit);
  const [unit, word] = UNITS[at];
  const next = UNITS[at + 1];
  const whole = Math.floor(ms / unit);
  const rest = next === undefined ? 0 : Math.floor(ms % unit / next[0]);
  return rest === 0 ? `${whole} ${word}` : `${whole} ${word} ${rest} ${next[1]}`;
}

/**
 * A size: `812 B`, `4.2 KB`, `1.3 MB`.
 *
 * @param {number | undefined} bytes
 * @returns {string}
 */
export function size(bytes) {
  if (bytes === undefined || !Number.isFinite(bytes)) return UNKNOWN;
  if (Math.abs(bytes) < 1000) return `${Math.round(bytes)} B`;
  for (const unit of ["KB", "MB", "GB"]) {
    bytes /= 1000;
    if (Math.abs(bytes) < 999.5) return `${bytes.toFixed(Math.abs(bytes) < 9.95 ? 1 : 0)} ${unit}`;
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
 * A time of day, in UTC or in the zone of the reader: `12:06:37Z`, `14:06:37`; with its date where that is another than
 * the date of `now`. A time that no calendar has is shown as its number.
 *
 * @param {number | undefined} ms
 * @param {{ now: number, local?: boolean, millis?: boolean }} options
 * @returns {string}
 */
export function time(ms, { now, local = false, millis = false }) {
  if (ms === undefined) return UNKNOWN;
  if (Number.isNaN(new Date(ms).getTime())) return String(ms);
  // The parts of local time are read as if they were UTC.
  /** @param {number} at */
  const shifted = (at) => new Date(local ? at - new Date(at).getTimezoneOffset() * MINUTE : at).toISOString();
  const [day, clock] = shifted(ms).slice(0, -1).split("T");
  const shown = `${millis ? clock : clock.slice(0, 8)}${local ? "" : "Z"}`;
  return day === shifted(now).split("T")[0] ? shown : `${day} ${shown}`;
}

/**
 * How long ago: `now`, `3 s ago`.
 *
 * @param {number | undefined} ms
 * @param {number} now
 * @returns {string}
 */
export function ago(ms, now) {
  if (ms === undefined) return UNKNOWN;
  const age = now - ms;
  if (Math.abs(age) < SECOND) return "now";
  return age < 0
    ? `in ${duration(Math.round(-age / SECOND) * SECOND)}`
    : `${duration(Math.round(age / SECOND) * SECOND)} ago`;
}

/**
 * A window: `[12:01:00, 12:02:00)`.
 *
 * @param {{ start: number, end: number }} window
 * @param {{ now: number, local?: boolean }} options
 * @returns {string}
 */
export function window({ start, end }, options) {
  return `[${time(start, options)}, ${time(end, options)})`;
}

/**
 * Steps of a time axis that people read, and how many of them there are at most.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} most
 * @returns {number[]}
 */
export function timeTicks(low, high, most) {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400];
  const days = [2, 7, 30, 90, 365, 1000, 3650, 36500].map((day) => day * 86400);
  const step = ([...steps, ...days].find((one) => (high - low) / (one * SECOND) <= most) ?? 365_000 * 86400) * SECOND;
  const ticks = [];
  for (let at = Math.ceil(low / step) * step; at <= high && ticks.length <= most; at += step) ticks.push(at);
  return ticks;
}

/**
 * Steps of an axis of numbers.
 *
 * @param {number} high
 * @param {number} most
 * @returns {number[]}
 */
export function ticks(high, most) {
  if (!(high > 0)) return [0];
  const rough = high / most, power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((one) => one * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.floor(high / step) + 1 }, (_none, nth) => nth * step);
}

/**
 * A moment in a text that is read anywhere: `2026-01-05T12:00Z`.
 *
 * @param {number} ms
 * @returns {string}
 */
export function stamp(ms) {
  return `${new Date(ms).toISOString().slice(0, 16)}Z`;
}
