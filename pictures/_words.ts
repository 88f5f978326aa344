/**
 * Values and times as short words of a picture. Whatever a value contains, the words are safe in a terminal and in XML.
 *
 * @module
 */
import { DAY, HOUR, MINUTE, SECOND } from "../base/limits.ts";
import { BEGIN_OF_TIME, END_OF_TIME } from "../operators/_limits.ts";
import { LABEL_CHARACTERS } from "./_limits.ts";

/** Control characters, direction marks, lone surrogates, and what XML does not allow. */
// deno-lint-ignore no-control-regex -- they are what must not reach a terminal
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|\p{Cs}/gu;

/** The text with each unsafe character replaced by U+FFFD. */
export function safe(text: string): string {
  return text.replace(UNSAFE, "\ufffd");
}

/** A safe text of at most some characters. */
export function short(text: string, characters: number = LABEL_CHARACTERS): string {
  const all = [...safe(text.slice(0, 4 * characters))];
  return all.length <= characters && text.length <= 4 * characters
    ? all.join("")
    : `${all.slice(0, characters - 1).join("")}…`;
}

/** A value as a short text: strings as they are, other values as JSON. */
export function wordOf(value: unknown, characters?: number): string {
  return short(textOf(value), characters);
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "bigint") return String(value);
  if (typeof value === "function") return "function";
  try {
    return JSON.stringify(value, (_name, part) => typeof part === "bigint" ? String(part) : part) ?? String(value);
  } catch {
    return "?";
  }
}

/**
 * A result in one or two words: its key and its value, or its first field and the others.
 */
export function resultWords(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [wordOf(value)];
  const parts = Object.values(value).filter((part) => part !== undefined);
  if (parts.length === 0) return [wordOf(value)];
  const [first, ...others] = parts.map((part) => wordOf(part));
  return others.length === 0 ? [first] : [first, short(others.join(" "))];
}

/** From here on a time is one of a calendar, in milliseconds since 1970; before it, one of a small example. */
const CALENDAR = 10 * 365 * DAY;

/** How the times of a picture are written. */
export interface TimeWords {
  /** A time: `12:06:37`, `1:05`, `40`. */
  word(time: number): string;
  /** The distance of the lines of the axis, in milliseconds. */
  readonly step: number;
}

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500];
const LONG_STEPS = [1, 2, 5, 10, 15, 30].flatMap((n) => [n * SECOND, n * MINUTE]).concat(
  [1, 2, 3, 6, 12].map((n) => n * HOUR),
  [1, 2, 5, 10, 20, 50, 100, 365, 1000, 3650].map((n) => n * DAY),
).sort((a, b) => a - b);

/** Chooses how to write the times from `low` to `high`, with at most `lines` lines on an axis. */
export function timeWords(low: number, high: number, lines: number): TimeWords {
  const span = Math.max(1, high - low);
  const plain = Math.max(Math.abs(low), Math.abs(high)) < 10 * SECOND;
  const steps = plain ? [...STEPS, 1_000, 2_000, 5_000] : [...STEPS, ...LONG_STEPS];
  const step = steps.find((step) => span / step <= lines) ?? Math.ceil(span / lines / DAY) * DAY;
  if (plain) return { step, word: (time) => endless(time) ?? String(time).replace("-", "−") };
  const calendar = Math.abs(low) >= CALENDAR;
  const days = calendar && span > 2 * DAY;
  return { step, word: (time) => endless(time) ?? (calendar ? moment(time, days) : clock(time)) };
}

/** A time that is the beginning or the end of time. */
function endless(time: number): string | undefined {
  if (time >= END_OF_TIME) return "∞";
  return time <= BEGIN_OF_TIME ? "−∞" : undefined;
}

/** `12:06:37`, with the day in front where the picture is of several days. */
function moment(time: number, day: boolean): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return String(time);
  const text = date.toISOString();
  const rest = time % SECOND === 0 ? "" : text.slice(19, 23);
  return `${day ? `${text.slice(0, 10)} ` : ""}${text.slice(11, 19)}${rest}`;
}

/** `1:05` for 65 seconds, `1:02:05` for an hour and more. */
function clock(time: number): string {
  const sign = time < 0 ? "−" : "";
  const all = Math.abs(time);
  const two = (n: number) => String(Math.floor(n)).padStart(2, "0");
  const rest = all % SECOND === 0 ? "" : `.${String(all % SECOND).padStart(3, "0")}`;
  const seconds = two(all % MINUTE / SECOND);
  if (all < HOUR) return `${sign}${Math.floor(all / MINUTE)}:${seconds}${rest}`;
  return `${sign}${Math.floor(all / HOUR)}:${two(all % HOUR / MINUTE)}:${seconds}${rest}`;
}

/** `1 record`, `3 records` */
export function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? "" : "s"}`;
}
