/**
 * What a window computes.
 *
 * @module
 */

import { type Aggregate, keepingNothing } from "./_aggregate.ts";

/**
 * Counts values.
 *
 * @returns an aggregate for windows
 *
 * @example Count
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { count } from "@tidemark/streams";
 * const aggregate = count<string>();
 * assertEquals(aggregate.add(aggregate.add(aggregate.seed(), "a"), "b"), 2);
 * ```
 */
export function count<T>(): Aggregate<T, number, number> {
  return { seed: () => 0, add: keepingNothing((total: number) => total + 1) };
}

/**
 * Adds numbers up.
 *
 * @param of the number of a value
 * @returns an aggregate for windows
 * @throws {TypeError} when `of` is not a function
 *
 * @example Sum
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sum } from "@tidemark/streams";
 * const aggregate = sum((sale: { price: number }) => sale.price);
 * assertEquals(aggregate.add(aggregate.seed(), { price: 3 }), 3);
 * ```
 */
export function sum<T>(of: (value: T) => number): Aggregate<T, number, number> {
  requireFunction("sum", of);
  return { seed: () => 0, add: keepingNothing((total: number, value: T) => total + of(value)) };
}

/**
 * The smallest number.
 *
 * @param of the number of a value
 * @returns an aggregate for windows
 * @throws {TypeError} when `of` is not a function
 *
 * @example Minimum
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { min } from "@tidemark/streams";
 * const aggregate = min((price: number) => price);
 * assertEquals([5, 2, 9].reduce(aggregate.add, aggregate.seed()), 2);
 * ```
 */
export function min<T>(of: (value: T) => number): Aggregate<T, number, number> {
  requireFunction("min", of);
  return { seed: () => Infinity, add: keepingNothing((least: number, value: T) => Math.min(least, of(value))) };
}

/**
 * The largest number.
 *
 * @param of the number of a value
 * @returns an aggregate for windows
 * @throws {TypeError} when `of` is not a function
 *
 * @example Maximum
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { max } from "@tidemark/streams";
 * const aggregate = max((price: number) => price);
 * assertEquals([5, 2, 9].reduce(aggregate.add, aggregate.seed()), 9);
 * ```
 */
export function max<T>(of: (value: T) => number): Aggregate<T, number, number> {
  requireFunction("max", of);
  return { seed: () => -Infinity, add: keepingNothing((most: number, value: T) => Math.max(most, of(value))) };
}

/**
 * The mean of numbers.
 *
 * @param of the number of a value
 * @returns an aggregate for windows
 * @throws {TypeError} when `of` is not a function
 *
 * @example Average
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { average } from "@tidemark/streams";
 * const aggregate = average((price: number) => price);
 * assertEquals(aggregate.result!([2, 4].reduce(aggregate.add, aggregate.seed())), 3);
 * ```
 */
export function average<T>(of: (value: T) => number): Aggregate<T, { sum: number; count: number }, number> {
  requireFunction("average", of);
  return {
    seed: () => ({ sum: 0, count: 0 }),
    add: keepingNothing((total: { sum: number; count: number }, value: T) => {
      total.sum += of(value);
      total.count++;
      return total;
    }),
    result: (total) => total.sum / total.count,
  };
}

/**
 * All values, in the order in which they came. Its state grows with the window.
 *
 * @returns an aggregate for windows
 *
 * @example Collect
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { collect } from "@tidemark/streams";
 * const aggregate = collect<string>();
 * assertEquals(aggregate.result!(["a", "b"].reduce(aggregate.add, aggregate.seed())), ["a", "b"]);
 * ```
 */
export function collect<T>(): Aggregate<T, T[], T[]> {
  return {
    seed: () => [],
    add(values, value) {
      values.push(value);
      return values;
    },
    // A copy: a later pane must not change what an earlier one has handed out.
    result: (values) => values.slice(),
  };
}

function requireFunction(aggregate: string, of: unknown): void {
  if (typeof of !== "function") throw new TypeError(`Cannot create ${aggregate}(): of must be a function`);
}
