/**
 * Aggregates for windows that count different values.
 *
 * @module
 */
import { type Aggregate, keepingNothing } from "./_aggregate.ts";
import { estimate, observe, type Registers, unite } from "./_hyperloglog.ts";
import type { Key } from "./keyed_state.ts";

/** Options of {@linkcode distinct}. */
export interface DistinctOptions<T> {
  /** What counts of a value: a text, number, bigint or boolean. @default the value itself */
  readonly of?: (value: T) => Key;
  /** How many different ones a window may have. A record that would add one more is an error of that record. @default 10_000 */
  readonly limit?: number;
}

/** Options of {@linkcode approximateDistinct}. */
export interface ApproximateDistinctOptions<T> {
  /** What counts of a value: a text, number, bigint or boolean. @default the value itself */
  readonly of?: (value: T) => Key;
  /** The standard error of the estimate, as a part of it: from 0.004 to 0.26. @default 0.02 */
  readonly error?: number;
}

/**
 * Counts different values, exactly. Its state grows with their number, up to `limit`.
 *
 * @param options what counts, and the limit
 * @returns an aggregate for windows; it throws a `RangeError` above the limit
 * @throws {RangeError} when `limit` is not a positive integer
 * @throws {TypeError} when `of` is not a function
 *
 * @example Different users
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { distinct } from "@tidemark/streams";
 * const aggregate = distinct({ of: (click: { user: string }) => click.user, limit: 100 });
 * const users = ["ada", "bob", "ada"].map((user) => ({ user }));
 * assertEquals(aggregate.result!(users.reduce(aggregate.add, aggregate.seed())), 2);
 * ```
 */
export function distinct<T>({ of, limit = 10_000 }: DistinctOptions<T> = {}): Aggregate<T, Set<Key>, number> {
  requireFunction("distinct", of);
  if (!(Number.isSafeInteger(limit) && limit > 0)) {
    throw new RangeError(`Cannot create distinct(): limit must be an integer above 0, current value is ${limit}`);
  }
  const keep = (seen: Set<Key>, key: Key) => {
    if (seen.size >= limit && !seen.has(key)) {
      throw new RangeError(
        `distinct() has ${limit} different values, as many as its limit: approximateDistinct() has none`,
      );
    }
    return seen.add(key);
  };
  return {
    seed: () => new Set(),
    add: keepingNothing((seen: Set<Key>, value: T) => keep(seen, keyOf("distinct", of, value))),
    merge(seen, other) {
      for (const key of other) keep(seen, key);
      return seen;
    },
    result: ({ size }) => size,
  };
}

/**
 * Estimates how many different values there were, by HyperLogLog. Its state has a fixed size: 4 KiB with the default
 * error, and less while there are few values.
 *
 * @param options what counts, and the error
 * @returns an aggregate for windows
 * @throws {RangeError} when `error` is not between 0.004 and 0.26
 * @throws {TypeError} when `of` is not a function
 *
 * @example About how many users
 * ```ts
 * import { assert } from "@std/assert";
 * import { approximateDistinct } from "@tidemark/streams";
 * const aggregate = approximateDistinct<number>();
 * let accumulator = aggregate.seed();
 * for (let user = 0; user < 20_000; user++) accumulator = aggregate.add(accumulator, user % 10_000);
 * assert(Math.abs(aggregate.result!(accumulator) - 10_000) < 600);
 * ```
 */
export function approximateDistinct<T>(
  { of, error = 0.02 }: ApproximateDistinctOptions<T> = {},
): Aggregate<T, Registers, number> {
  requireFunction("approximateDistinct", of);
  if (!(error >= 0.004 && error <= 0.26)) {
    throw new RangeError(
      `Cannot create approximateDistinct(): error must lie between 0.004 and 0.26, current value is ${error}`,
    );
  }
  // The standard error of m registers is 1.04 / sqrt(m).
  const bits = Math.ceil(Math.log2((1.04 / error) ** 2));
  return {
    seed: () => ({ few: [], all: null }),
    add: keepingNothing((registers: Registers, value: T) => {
      observe(registers, keyOf("approximateDistinct", of, value), bits);
      return registers;
    }),
    merge(registers, other) {
      unite(registers, other, bits);
      return registers;
    },
    result: (registers) => estimate(registers, bits),
  };
}

const KEYS: ReadonlySet<string> = new Set(["string", "number", "bigint", "boolean"]);

function keyOf<T>(aggregate: string, of: ((value: T) => Key) | undefined, value: T): Key {
  const key: unknown = of === undefined ? value : of(value);
  if (KEYS.has(typeof key)) return key as Key;
  throw new TypeError(`${aggregate}() takes texts, numbers, bigints or booleans: of must return one`);
}

function requireFunction(aggregate: string, of: unknown): void {
  if (of === undefined || typeof of === "function") return;
  throw new TypeError(`Cannot create ${aggregate}(): of must be a function`);
}
