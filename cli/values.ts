/**
 * Reads the values of words and flags.
 *
 * @module
 */
import { WrongUsage } from "./errors.ts";

/** A record's place. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Reads `topic/partition@offset`. */
export function positionOf(text: string): Position {
  const found = /^(.+)\/(\d+)@(\d+)$/s.exec(text);
  const [partition, offset] = [Number(found?.[2]), Number(found?.[3])];
  if (found !== null && Number.isSafeInteger(partition) && Number.isSafeInteger(offset)) {
    return { topic: found[1], partition, offset };
  }
  throw new WrongUsage(`A position is TOPIC/PARTITION@OFFSET, current value is ${JSON.stringify(text)}`);
}

/** Reads a whole number of at least `least`. */
export function wholeOf(flag: string, text: unknown, least = 0): number {
  const number = /^\d+$/.test(String(text)) ? Number(text) : NaN;
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new WrongUsage(`${flag} must be a whole number of at least ${least}, current value is ${JSON.stringify(text)}`);
}

/** Reads a time: ISO 8601, which is UTC where it names no other zone. */
export function timeOf(flag: string, text: string): number {
  const iso = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/.exec(text);
  const time = iso === null ? NaN : Date.parse(iso[1] !== undefined && iso[4] === undefined ? `${text}Z` : text);
  if (!Number.isNaN(time)) return time;
  throw new WrongUsage(`${flag} must be a time such as 2026-01-31T12:00:00Z, current value is ${JSON.stringify(text)}`);
}

/** The name of the list that is most like a word, if one is. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const found = names.map((name) => ({ name, far: distance(word.toLowerCase(), name.toLowerCase()) }))
    .sort((one, other) => one.far - other.far)[0];
  return found !== undefined && found.far <= Math.max(1, Math.floor(found.name.length * 0.4)) ? found.name : undefined;
}

/** `Did you mean visits?`, or nothing. */
export function didYouMean(word: string, names: readonly string[]): string {
  const found = nearest(word, names);
  return found === undefined ? "" : `. Did you mean ${found}?`;
}

/** How many letters must be added, left out or replaced (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_none, at) => at);
  for (let at = 1; at <= one.length; at++) {
    const next = [at];
    for (let to = 1; to <= other.length; to++) {
      const same = one[at - 1] === other[to - 1] ? 0 : 1;
      next.push(Math.min(row[to] + 1, next[to - 1] + 1, row[to - 1] + same));
    }
    row = next;
  }
  return row[other.length];
}
