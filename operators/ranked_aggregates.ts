/**
 * Aggregates for windows that keep single values: the first, the last, the best.
 *
 * They copy what they keep. Where windows merge, the accumulator that begins earlier counts as the first.
 *
 * @module
 */
import type { Aggregate } from "./_aggregate.ts";
import { number, requireSame } from "./_numbers.ts";

/** No value, or one. */
export type AtMostOne<T> = [] | [value: T];

/** A value with the number that it is ranked by. */
export type Ranked<T> = [by: number | bigint, value: T];

/**
 * The first value that came.
 *
 * @returns an aggregate for windows
 *
 * @example The first value
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { first } from "@tidemark/streams";
 * const aggregate = first<string>();
 * assertEquals(aggregate.result!(["a", "b"].reduce(aggregate.add, aggregate.seed())), "a");
 * ```
 */
export function first<T>(): Aggregate<T, AtMostOne<T>, T> {
  return {
    seed: () => [],
    add: (kept, value) => kept.length === 0 ? [value] : kept,
    merge: (kept, later) => kept.length === 0 ? later : kept,
    result: (kept) => kept[0] as T,
  };
}

/**
 * The last value that came.
 *
 * @returns an aggregate for windows
 *
 * @example The last value
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { last } from "@tidemark/streams";
 * const aggregate = last<string>();
 * assertEquals(aggregate.result!(["a", "b"].reduce(aggregate.add, aggregate.seed())), "b");
 * ```
 */
export function last<T>(): Aggregate<T, AtMostOne<T>, T> {
  return {
    seed: () => [],
    add: (_, value) => [value],
    merge: (kept, later) => later.length === 0 ? kept : later,
    result: (kept) => kept[0] as T,
  };
}

/**
 * The value with the smallest number; the first of several.
 *
 * @param by the number of a value: finite, or a bigint
 * @returns an aggregate for windows; it throws a `TypeError` on a value whose number is neither
 * @throws {TypeError} when `by` is not a function
 *
 * @example The cheapest
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { minBy } from "@tidemark/streams";
 * const aggregate = minBy((word: string) => word.length);
 * assertEquals(aggregate.result!(["three", "two", "one"].reduce(aggregate.add, aggregate.seed())), "two");
 * ```
 */
export function minBy<T>(by: (value: T) => number | bigint): Aggregate<T, [] | Ranked<T>, T> {
  return best("minBy", by, (one, other) => one < other);
}

/**
 * The value with the largest number; the first of several.
 *
 * @param by the number of a value: finite, or a bigint
 * @returns an aggregate for windows; it throws a `TypeError` on a value whose number is neither
 * @throws {TypeError} when `by` is not a function
 *
 * @example The longest
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { maxBy } from "@tidemark/streams";
 * const aggregate = maxBy((word: string) => word.length);
 * assertEquals(aggregate.result!(["one", "three", "seven"].reduce(aggregate.add, aggregate.seed())), "three");
 * ```
 */
export function maxBy<T>(by: (value: T) => number | bigint): Aggregate<T, [] | Ranked<T>, T> {
  return best("maxBy", by, (one, other) => one > other);
}

function best<T>(
  name: string,
  by: (value: T) => number | bigint,
  isBetter: (one: number | bigint, other: number | bigint) => boolean,
): Aggregate<T, [] | Ranked<T>, T> {
  if (typeof by !== "function") throw new TypeError(`Cannot create ${name}(): by must be a function`);
  return {
    seed: () => [],
    add(kept, value) {
      const rank = number(name, by(value));
      if (kept.length === 0) return [rank, value];
      requireSame(name, kept[0], rank);
      return isBetter(rank, kept[0]) ? [rank, value] : kept;
    },
    merge(kept, later) {
      if (kept.length === 0 || later.length === 0) return kept.length === 0 ? later : kept;
      requireSame(name, kept[0], later[0]);
      return isBetter(later[0], kept[0]) ? later : kept;
    },
    result: (kept) => kept[1] as T,
  };
}

/** Options of the aggregate {@linkcode topN}. */
export interface TopNOptions<T> {
  /** How many values. */
  readonly n: number;
  /** The number that a value is ranked by: finite, or a bigint. */
  readonly by: (value: T) => number | bigint;
}

/**
 * The `n` values with the largest numbers, the largest first. Of equal ones the first that came is better.
 *
 * @param options how many, and ranked by what
 * @returns an aggregate for windows; it throws a `TypeError` on a value whose number is neither finite nor a bigint
 * @throws {RangeError} when `n` is not a positive integer
 * @throws {TypeError} when `by` is not a function
 *
 * @example The two longest
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { topN } from "@tidemark/streams";
 * const aggregate = topN({ n: 2, by: (word: string) => word.length });
 * assertEquals(aggregate.result!(["a", "bcd", "ef"].reduce(aggregate.add, aggregate.seed())), ["bcd", "ef"]);
 * ```
 */
export function topN<T>({ n, by }: TopNOptions<T>): Aggregate<T, Ranked<T>[], T[]> {
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
