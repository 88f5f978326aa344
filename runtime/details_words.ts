/**
 * Times, durations and counts as people read them.
 *
 * @module
 */
import { DAY, HOUR, MINUTE, SECOND } from "../base/limits.ts";

/** It is made once: `toLocaleString` finds its locale anew in each call. */
const COUNTS = new Intl.NumberFormat("en-US");

/** A count with separators: `81,204`. */
export function shownCount(count: number): string {
  return COUNTS.format(Math.round(count));
}

/** A count and its noun: `1 record`, `2 records`. */
export function countOf(count: number, noun: string): string {
  return `${shownCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** A share of 1 in per cent: `61 %`, `0.39 %`. */
export function shownShare(share: number): string {
  return `${share > 0 && share < 0.01 ? (share * 100).toPrecision(2) : shownCount(share * 100)} %`;
}

const SIZES = ["B", "KB", "MB", "GB", "TB"];

/** Bytes as people read them: `812 B`, `14.5 KB`. */
export function shownSize(bytes: number): string {
  let size = bytes, unit = 0;
  for (; size >= 1000 && unit < SIZES.length - 1; unit++) size /= 1000;
  return `${unit === 0 ? size : size.toFixed(1)} ${SIZES[unit]}`;
}

const UNITS = [[DAY, "d"], [HOUR, "h"], [MINUTE, "min"], [SECOND, "s"]] as const;

/** A duration in its two largest units: `340 ms`, `48 s`, `2 min 20 s`, `94 d 3 h`. */
export function shownDuration(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.round(ms))} ms`;
  const at = UNITS.findIndex(([unit]) => ms >= unit);
  const [[unit, word], next] = [UNITS[at], UNITS[at + 1]];
  const whole = Math.floor(ms / unit);
  const rest = next === undefined ? 0 : Math.floor(ms % unit / next[0]);
  return rest === 0 ? `${whole} ${word}` : `${whole} ${word} ${rest} ${next[1]}`;
}

/**
 * A time of day in UTC: `12:06:37`, `12:06:37.250`; with its date when that is another than the date of `now`. A time that
 * no calendar has is shown as its number.
 */
export function shownTime(ms: number, now: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return String(ms);
  const [day, time] = date.toISOString().slice(0, -1).split("T");
  const short = time.endsWith(".000") ? time.slice(0, 8) : time;
  return day === new Date(now).toISOString().split("T")[0] ? short : `${day} ${short}`;
}

/** A window: `[12:01:00, 12:02:00)`. */
export function shownWindow({ start, end }: { readonly start: number; readonly end: number }, now: number): string {
  return `[${shownTime(start, now)}, ${shownTime(end, now)})`;
}
