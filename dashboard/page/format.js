/**
 * Numbers, durations and times as the page shows them. A plain module: the page, the command line and notebooks use it.
 *
 * @module
 */

import { count, duration, UNKNOWN } from "../../base/words.js";
export * from "../../base/words.js";

const SECOND = 1_000, MINUTE = 60_000;

/**
 * A rate: `0`, `0.4`, `12`, `2,004`.
 *
 * @param {number | undefined} value
 * @returns {string}
 */
export function rate(value) {
  return value > 0 && value < 9.95 ? value.toFixed(1) : count(value);
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
