/**
 * The aggregate of the best values of a window.
 *
 * @module
 */
import type { Aggregate } from "./_aggregate.ts";
import { number, requireSame } from "./_numbers.ts";

/** A value with the number that it is ranked by. */
export type Ranked<T> = [by: number | bigint, value: T];

/** Options of the aggregate `topN`. */
export interface TopNOptions<T> {
  /** How many values. */
  readonly n: number;
  /** The number that a value is ranked by: finite, or a bigint. */
  readonly by: (value: T) => number | bigint;
  /** Only the operator has it. With it TypeScript knows at once which of the two is meant. */
  readonly group?: undefined;
  /** Only the operator has it. */
  readonly key?: undefined;
}

/** The `n` values with the largest numbers, the largest first. */
export function topOfWindow<T>({ n, by }: TopNOptions<T>): Aggregate<T, Ranked<T>[], T[]> {
  if (!(Number.isSafeInteger(n) && n > 0)) {
    throw new RangeError(`Cannot create topN(): n must be an integer above 0, current value is ${n}`);
  }
  if (typeof by !== "function") throw new TypeError("Cannot create topN(): by must be a function");
  /** Puts a value behind all that are as good, if it is among the best. */
  const insert = (kept: Ranked<T>[], ranked: Ranked<T>) => {
    if (kept.length > 0) requireSame("topN", kept[0][0], ranked[0]);
    if (kept.length === n && kept[n - 1][0] >= ranked[0]) return kept;
    let at = kept.length;
    while (at > 0 && kept[at - 1][0] < ranked[0]) at--;
    kept.splice(at, 0, ranked);
    if (kept.length > n) kept.pop();
    return kept;
  };
  return {
    seed: () => [],
    add: (kept, value) => insert(kept, [number("topN", by(value)), value]),
    merge: (kept, later) => later.reduce(insert, kept),
    result: (kept) => kept.map(([, value]) => value),
  };
}
