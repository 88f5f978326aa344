/** Aggregates for windows.
 *
 * Aggregates of numbers take finite numbers or bigints, but not both in one window. Any other value (text, `NaN`, a
 * missing field) throws an error. `onError` gets the record that caused it, with its topic, partition and offset.
 *
 * @module
 */

import { type Aggregate, keepingAll, keepingNothing } from "./_aggregate.ts";
import { added, NOTHING, number, type NumberOf, ofNumbers, requireSame } from "./_numbers.ts";

export type { NumberOf };

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
  return {
    seed: () => 0,
    add: keepingNothing((total: number) => total + 1),
    merge: (total, other) => total + other,
  };
}

/**
 * Adds numbers up.
 *
 * @param of the number of a value: finite, or a bigint
 * @returns an aggregate for windows; it throws a `TypeError` on a value that is neither a finite number nor a bigint, and a `RangeError`
 * when the sum is too large for a number
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
export function sum<T, N extends number | bigint = number>(
  of: (value: T) => N,
): Aggregate<T, NumberOf<N>, NumberOf<N>> {
  requireFunction("sum", of);
  return ofNumbers<T, N>({
    seed: NOTHING,
    add: (total, value) => Object.is(total, NOTHING) ? number("sum", of(value)) : added("sum", total, of(value)),
    merge: (total, other) =>
      Object.is(other, NOTHING) ? total : Object.is(total, NOTHING) ? other : added("sum", total, other),
    result: (total) => Object.is(total, NOTHING) ? 0 : total,
  });
}

/**
 * The smallest number.
 *
 * @param of the number of a value: finite, or a bigint
 * @returns an aggregate for windows; it throws a `TypeError` on a value that is neither a finite number nor a bigint
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
export function min<T, N extends number | bigint = number>(
  of: (value: T) => N,
): Aggregate<T, NumberOf<N>, NumberOf<N>> {
  requireFunction("min", of);
  return ofNumbers<T, N>({
    seed: Infinity,
    add: (least, value) => lesser(least, number("min", of(value))),
    merge: (least, other) => other === Infinity ? least : lesser(least, other),
  });
}

/**
 * The largest number.
 *
 * @param of the number of a value: finite, or a bigint
 * @returns an aggregate for windows; it throws a `TypeError` on a value that is neither a finite number nor a bigint
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
export function max<T, N extends number | bigint = number>(
  of: (value: T) => N,
): Aggregate<T, NumberOf<N>, NumberOf<N>> {
  requireFunction("max", of);
  return ofNumbers<T, N>({
    seed: -Infinity,
    add: (most, value) => greater(most, number("max", of(value))),
    merge: (most, other) => other === -Infinity ? most : greater(most, other),
  });
}

/**
 * The mean of numbers. It is a `number` even if the values are bigints.
 *
 * @param of the number of a value: finite, or a bigint
 * @returns an aggregate for windows; it throws a `TypeError` on a value that is neither a finite number nor a bigint, and a `RangeError`
 * when their sum is too large for a number
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
export function average<T, N extends number | bigint = number>(
  of: (value: T) => N,
): Aggregate<T, { sum: NumberOf<N>; count: number }, number> {
  requireFunction("average", of);
  const aggregate: Aggregate<T, { sum: number | bigint; count: number }, number> = {
    seed: () => ({ sum: 0, count: 0 }),
    add: keepingNothing((total: { sum: number | bigint; count: number }, value: T) => {
      const next = of(value);
      // `number` and `added` throw before the accumulator is changed.
      total.sum = total.count === 0 ? number("average", next) : added("average", total.sum, next);
      total.count++;
      return total;
    }),
    merge(total, other) {
      if (other.count === 0) return total;
      total.sum = total.count === 0 ? other.sum : added("average", total.sum, other.sum);
      total.count += other.count;
      return total;
    },
    result: (total) => Number(total.sum) / total.count,
  };
  return aggregate as Aggregate<T, { sum: NumberOf<N>; count: number }, number>;
}

/**
 * Collects all values, in the order in which they came. Its state grows with the number of values.
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
  // A copy, so that a later pane does not change the result of an earlier one.
  return { ...keepingAll<T>(), result: (values) => values.slice() };
}

function lesser(least: number | bigint, next: number | bigint): number | bigint {
  if (least === Infinity) return next;
  requireSame("min", least, next);
  return next < least ? next : least;
}

function greater(most: number | bigint, next: number | bigint): number | bigint {
  if (most === -Infinity) return next;
  requireSame("max", most, next);
  return next > most ? next : most;
}

function requireFunction(aggregate: string, of: unknown): void {
  if (typeof of !== "function") throw new TypeError(`Cannot create ${aggregate}(): of must be a function`);
}
