/**
 * Numbers for aggregates: finite numbers or bigints, but not both in one window.
 *
 * @module
 */
import { type Aggregate, keepingNothing } from "./_aggregate.ts";

/** `bigint` for a function that returns bigints, else `number`. */
export type NumberOf<N extends number | bigint> = N extends bigint ? bigint : number;

/** The sum of no values. It differs from 0, which may be the sum of some values. */
export const NOTHING = -0;

/** An aggregate whose accumulator has the type of its values: number or bigint. */
export function ofNumbers<T, N extends number | bigint>({ seed, add, merge, result }: {
  readonly seed: number;
  readonly add: (total: number | bigint, value: T) => number | bigint;
  readonly merge: (total: number | bigint, other: number | bigint) => number | bigint;
  readonly result?: (total: number | bigint) => number | bigint;
}): Aggregate<T, NumberOf<N>, NumberOf<N>> {
  const aggregate: Aggregate<T, number | bigint, number | bigint> = {
    seed: () => seed,
    add: keepingNothing(add),
    merge,
  };
  if (result !== undefined) aggregate.result = result;
  return aggregate as unknown as Aggregate<T, NumberOf<N>, NumberOf<N>>;
}

/** Returns a finite number or a bigint unchanged. Throws on every other value. */
export function number(aggregate: string, value: unknown): number | bigint {
  if (typeof value === "number" ? value - value === 0 : typeof value === "bigint") return value as number | bigint;
  throw new TypeError(`${aggregate}() takes finite numbers or bigints, current value is ${described(value)}`);
}

/** The sum of two numbers of one type. */
export function added(aggregate: string, total: number | bigint, value: unknown): number | bigint {
  const next = number(aggregate, value);
  requireSame(aggregate, total, next);
  const sum = (total as number) + (next as number);
  if (typeof sum !== "number" || sum - sum === 0) return sum;
  throw new RangeError(`${aggregate}() of ${total} and ${next} is beyond all numbers`);
}

/** Refuses to mix numbers and bigints. */
export function requireSame(aggregate: string, before: number | bigint, next: number | bigint): void {
  if (typeof before === typeof next) return;
  throw new TypeError(
    `${aggregate}() takes numbers or bigints, and not both: current value is the ${typeof next} ${next}, those before are of type ${typeof before}`,
  );
}

/** Describes a value for a message, always briefly. */
function described(value: unknown): string {
  if (typeof value === "string") {
    return value.length > 40 ? `a text of ${value.length} characters` : `the text ${JSON.stringify(value)}`;
  }
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return typeof value === "function" || typeof value === "symbol" ? `a ${typeof value}` : String(value);
}
