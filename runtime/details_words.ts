/**
 * Times, durations and counts as people read them.
 *
 * @module
 */
import { duration } from "../base/words.js";

export { count as shownCount, counted as countOf, percent as shownShare, size as shownSize } from "../base/words.js";

/** A duration as the page shows it. What is over counts as 0. */
export function shownDuration(ms: number): string {
  return duration(Math.max(0, ms));
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
