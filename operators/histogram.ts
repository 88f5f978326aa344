/**
 * @module
 */
import { type Aggregate, keepingNothing } from "./_aggregate.ts";
import { number } from "./_numbers.ts";

/**
 * Counts values between boundaries: below the first, from each boundary to the next one, and from the last one on.
 *
 * @param boundaries ascending numbers
 * @param of the number of a value: finite, or a bigint
 * @returns an aggregate for windows whose result has one count more than there are boundaries
 * @throws {RangeError} when `boundaries` are not finite and ascending
 * @throws {TypeError} when `of` is not a function
 *
 * @example Short, middling and long
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { histogram } from "@tidemark/streams";
 * const aggregate = histogram([10, 100], (ms: number) => ms);
 * assertEquals(aggregate.result!([3, 10, 99, 100].reduce(aggregate.add, aggregate.seed())), [1, 2, 1]);
 * ```
 */
export function histogram<T>(
  boundaries: readonly number[],
  of: (value: T) => number | bigint,
): Aggregate<T, number[], number[]> {
  if (typeof of !== "function") throw new TypeError("Cannot create histogram(): of must be a function");
  const bounds = [...boundaries];
  if (bounds.length === 0 || bounds.some((bound, at) => !Number.isFinite(bound) || bound <= bounds[at - 1])) {
    throw new RangeError("Cannot create histogram(): boundaries must be finite numbers in ascending order");
  }
  return {
    seed: () => new Array(bounds.length + 1).fill(0),
    add: keepingNothing((counts: number[], value: T) => {
      const next = number("histogram", of(value));
      let low = 0, high = bounds.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (bounds[middle] <= next) low = middle + 1;
        else high = middle;
      }
      counts[low]++;
      return counts;
    }),
    merge(counts, other) {
      for (let at = 0; at < counts.length; at++) counts[at] += other[at];
      return counts;
    },
    result: (counts) => counts.slice(),
  };
}
