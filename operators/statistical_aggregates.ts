/**
 * Aggregates for windows that describe how numbers are distributed.
 *
 * They take finite numbers or bigints, and their results are numbers. Any other value (text, `NaN`, a missing field)
 * throws an error, and `onError` gets the record that caused it.
 *
 * @module
 */
import { type Aggregate, keepingNothing } from "./_aggregate.ts";
import { number } from "./_numbers.ts";
import { emptySketch, type Sketch, Sketches } from "./_sketch.ts";

/** Options of {@linkcode quantile} and {@linkcode quantiles}. */
export interface QuantileOptions {
  /** How far a result may be from the true value, as a part of that value: above 0 and below 1. @default 0.01 */
  readonly accuracy?: number;
}

/** Count, mean and sum of squared deviations. */
export interface Moments {
  /** How many values there were. */
  count: number;
  /** Their mean. */
  mean: number;
  /** The sum of the squares of their distances from the mean. */
  squares: number;
}

/** Options of {@linkcode variance}. */
export interface VarianceOptions {
  /** Whether the values are a sample of more: the divisor is one less than their number. @default false */
  readonly sample?: boolean;
}

/**
 * The value below which a part of the values lies, within one per cent of it. Its state grows with the logarithm of the
 * values' range, not with their number.
 *
 * @param q from 0, the least value, to 1, the largest; 0.5 is the median
 * @param of the number of a value: finite, or a bigint
 * @param options the accuracy
 * @returns an aggregate for windows; its sketch is a DDSketch
 * @throws {RangeError} when `q` is not between 0 and 1, or `accuracy` is not above 0 and below 1
 * @throws {TypeError} when `of` is not a function
 *
 * @example The 95th percentile
 * ```ts
 * import { assert } from "@std/assert";
 * import { quantile } from "@tidemark/streams";
 * const aggregate = quantile(0.95, (ms: number) => ms);
 * let accumulator = aggregate.seed();
 * for (let ms = 1; ms <= 1_000; ms++) accumulator = aggregate.add(accumulator, ms);
 * assert(Math.abs(aggregate.result!(accumulator) - 950) < 10);
 * ```
 */
export function quantile<T>(
  q: number,
  of: (value: T) => number | bigint,
  options?: QuantileOptions,
): Aggregate<T, Sketch, number> {
  const { result, ...rest } = sketched("quantile", [q], of, options);
  return { ...rest, result: (sketch) => result!(sketch)[0] };
}

/**
 * Several quantiles of one sketch: as {@linkcode quantile}, in the order of `qs`.
 *
 * @param qs from 0, the least value, to 1, the largest
 * @param of the number of a value: finite, or a bigint
 * @param options the accuracy
 * @returns an aggregate for windows
 * @throws {RangeError} when one of `qs` is not between 0 and 1, or `accuracy` is not above 0 and below 1
 * @throws {TypeError} when `of` is not a function
 *
 * @example Least and largest
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { quantiles } from "@tidemark/streams";
 * const aggregate = quantiles([0, 1], (ms: number) => ms);
 * assertEquals(aggregate.result!([3, 1, 2].reduce(aggregate.add, aggregate.seed())), [1, 3]);
 * ```
 */
export function quantiles<T>(
  qs: readonly number[],
  of: (value: T) => number | bigint,
  options?: QuantileOptions,
): Aggregate<T, Sketch, number[]> {
  return sketched("quantiles", [...qs], of, options);
}

function sketched<T>(
  name: string,
  qs: readonly number[],
  of: (value: T) => number | bigint,
  { accuracy = 0.01 }: QuantileOptions = {},
): Aggregate<T, Sketch, number[]> {
  requireFunction(name, of);
  for (const q of qs) {
    if (q >= 0 && q <= 1) continue;
    throw new RangeError(`Cannot create ${name}(): a quantile must lie between 0 and 1, current value is ${q}`);
  }
  if (!(accuracy > 0 && accuracy < 1)) {
    throw new RangeError(`Cannot create ${name}(): accuracy must be above 0 and below 1, current value is ${accuracy}`);
  }
  const sketches = new Sketches(accuracy);
  return {
    seed: emptySketch,
    add: keepingNothing((sketch: Sketch, value: T) => sketches.add(sketch, Number(number(name, of(value))))),
    merge: (sketch, other) => sketches.merge(sketch, other),
    result: (sketch) => sketches.quantiles(sketch, qs),
  };
}

/**
 * The variance of numbers, by Welford's method, merged by that of Chan, Golub and LeVeque (1979).
 *
 * @param of the number of a value: finite, or a bigint
 * @param options whether the values are a sample
 * @returns an aggregate for windows; of a single value it is 0
 * @throws {TypeError} when `of` is not a function
 *
 * @example Variance
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { variance } from "@tidemark/streams";
 * const aggregate = variance((price: number) => price);
 * assertEquals(aggregate.result!([2, 4, 6, 8].reduce(aggregate.add, aggregate.seed())), 5);
 * ```
 */
export function variance<T>(
  of: (value: T) => number | bigint,
  { sample = false }: VarianceOptions = {},
): Aggregate<T, Moments, number> {
  requireFunction("variance", of);
  return {
    seed: () => ({ count: 0, mean: 0, squares: 0 }),
    add: keepingNothing((moments: Moments, value: T) => {
      const next = Number(number("variance", of(value)));
      moments.count++;
      const off = next - moments.mean;
      moments.mean += off / moments.count;
      moments.squares += off * (next - moments.mean);
      return moments;
    }),
    merge(moments, { count, mean, squares }) {
      if (count === 0) return moments;
      const all = moments.count + count;
      const off = mean - moments.mean;
      moments.squares += squares + off * off * moments.count * count / all;
      moments.mean += off * count / all;
      moments.count = all;
      return moments;
    },
    result: ({ count, squares }) => count < 2 ? 0 : squares / (sample ? count - 1 : count),
  };
}

function requireFunction(aggregate: string, of: unknown): void {
  if (typeof of !== "function") throw new TypeError(`Cannot create ${aggregate}(): of must be a function`);
}
