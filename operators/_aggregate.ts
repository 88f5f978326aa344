/**
 * What a window is told to compute, and how its accumulator stays its own.
 *
 * @module
 */
import { copyOf, copyWherePlain } from "./_own.ts";

/** How the values of a window become one. The accumulator is part of the checkpoint: it holds plain data. */
export interface Aggregate<T, A, R> {
  /** A new accumulator. */
  seed(): A;
  /** The accumulator with a value in it; may change it in place and return it. */
  add(accumulator: A, value: T): A;
  /**
   * The result of an accumulator. What it returns is copied when it is emitted.
   *
   * @default the accumulator itself
   */
  result?(accumulator: A): R;
  /**
   * Two accumulators made one; may change the first in place and return it. Windows that merge need it, and say so.
   */
  merge?(accumulator: A, other: A): A;
}

const keepNothing = new WeakSet<object>();

/** Marks an `add` whose accumulators hold nothing of the values that they are given: then no value needs to be copied. */
export function keepingNothing<Add extends object>(add: Add): Add {
  keepNothing.add(add);
  return add;
}

/** Whether accumulators hold nothing of the values that they are given. Asked once for a stage. */
export function keepsNothing<T, A, R>(aggregate: Aggregate<T, A, R>): boolean {
  return keepNothing.has(aggregate.add);
}

/** Adds a value to an accumulator that is a window's own, and stays so; `undefined`: to a new one. */
export function accumulate<T, A, R>(aggregate: Aggregate<T, A, R>, before: A | undefined, value: T): A {
  const accumulator = before === undefined ? copyOf(aggregate.seed()) : before;
  // An accumulator that is no object can hold nothing of the value.
  if (typeof accumulator !== "object" || accumulator === null) return copyOf(aggregate.add(accumulator, value));
  const own = ownOf(value);
  const after = aggregate.add(accumulator, own.value);
  return own.plain && after === accumulator ? after : copyOf(after);
}

/** What a window emits of its accumulator: nothing of it changes with the accumulator. */
export function resultOf<T, A, R>(aggregate: Aggregate<T, A, R>, accumulator: A): R {
  if (aggregate.result === undefined) return copyOf(accumulator) as unknown as R;
  const result = aggregate.result(accumulator);
  if (typeof result !== "object" || result === null) return result;
  const own = ownOf(result);
  // What cannot be copied is made of a copy.
  return own.plain ? own.value : aggregate.result(copyOf(accumulator));
}

function ownOf<V>(value: V): { value: V; plain: boolean } {
  if (typeof value !== "object" || value === null) return { value, plain: true };
  const copy = copyWherePlain(value);
  return { value: copy, plain: copy !== value };
}
