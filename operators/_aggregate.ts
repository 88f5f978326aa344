/**
 * The aggregate of a window, and the copies that keep its accumulator apart from user code.
 *
 * @module
 */
import { copyOf, copyWherePlain, notKept } from "./_own.ts";
import type { Key } from "./keyed_state.ts";

/**
 * Combines the values of a window into one result. The accumulator is part of the checkpoint, so it must be plain data.
 */
export interface Aggregate<T, A, R> {
  /** A new accumulator. */
  seed(): A;
  /** Returns the accumulator with the value added. May change the accumulator in place and return it. */
  add(accumulator: A, value: T): A;
  /**
   * Returns the result of an accumulator. The result is copied when it is emitted.
   *
   * @default the accumulator itself
   */
  result?(accumulator: A): R;
  /**
   * Merges two accumulators. May change the first in place and return it. Only windows that merge need it.
   */
  merge?(accumulator: A, other: A): A;
}

/** Keeps all values, in order. */
export function keepingAll<T>(): Required<Omit<Aggregate<T, T[], T[]>, "result">> {
  return {
    seed: () => [],
    add(values, value) {
      values.push(value);
      return values;
    },
    merge(values, more) {
      for (const value of more) values.push(value);
      return values;
    },
  };
}

const keepNothing = new WeakSet<object>();

/** Marks an `add` whose accumulators hold no reference to the added values, so that values need no copy. */
export function keepingNothing<Add extends object>(add: Add): Add {
  keepNothing.add(add);
  return add;
}

/** Whether accumulators hold no reference to the added values. Called once for each stage. */
export function keepsNothing<T, A, R>(aggregate: Aggregate<T, A, R>): boolean {
  return keepNothing.has(aggregate.add);
}

/**
 * Adds a value to the accumulator of a window, or to a new one when `before` is `undefined`. User code keeps no
 * reference to the result.
 */
export function accumulate<T, A, R>(aggregate: Aggregate<T, A, R>, before: A | undefined, value: T): A {
  const accumulator = before === undefined ? copyOf(aggregate.seed()) : before;
  // An accumulator that is not an object cannot refer to the value.
  if (typeof accumulator !== "object" || accumulator === null) return copyOf(aggregate.add(accumulator, value));
  const own = ownOf(value);
  const after = aggregate.add(accumulator, own.value);
  return own.plain && after === accumulator ? after : copyOf(after);
}

/**
 * Merges the accumulator of later values into that of earlier ones. The later one may be part of the result, so it must
 * not be used any more.
 */
export function merged<T, A, R>(aggregate: Aggregate<T, A, R>, earlier: A, later: A): A {
  return copyOf(aggregate.merge!(earlier, later));
}

/** Adds a value as `accumulate` does. The error of a value that is not plain data names the stage and the key. */
export function accumulateOf<T, A, R>(
  aggregate: Aggregate<T, A, R>,
  before: A | undefined,
  value: T,
  label: string,
  key: Key,
): A {
  try {
    return accumulate(aggregate, before, value);
  } catch (error) {
    throw notKept(error, label, key);
  }
}

/** Returns the result that a window emits. Later changes of the accumulator do not change it. */
export function resultOf<T, A, R>(aggregate: Aggregate<T, A, R>, accumulator: A): R {
  if (aggregate.result === undefined) return copyOf(accumulator) as unknown as R;
  const result = aggregate.result(accumulator);
  if (typeof result !== "object" || result === null) return result;
  const own = ownOf(result);
  // The result cannot be copied, so it is computed from a copy of the accumulator.
  return own.plain ? own.value : aggregate.result(copyOf(accumulator));
}

function ownOf<V>(value: V): { value: V; plain: boolean } {
  if (typeof value !== "object" || value === null) return { value, plain: true };
  const copy = copyWherePlain(value);
  return { value: copy, plain: copy !== value };
}
