/**
 * Aggregates for windows that keep single values: the first, the last, the best.
 *
 * They copy what they keep. Where windows merge, the accumulator that begins earlier counts as the first.
 *
 * @module
 */
import type { Aggregate } from "./_aggregate.ts";
import { number, requireSame } from "./_numbers.ts";
import type { Ranked } from "./_top_aggregate.ts";

/** No value, or one. */
export type AtMostOne<T> = [] | [value: T];

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
