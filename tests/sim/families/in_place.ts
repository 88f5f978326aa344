/**
 * A count that is kept in an object and changed in place, as an aggregate of a user may be. A window that changes it
 * before its cell is touched spoils the value to which an undo returns.
 *
 * @module
 */
import type { Aggregate } from "@tidemark/streams";

interface Counter {
  n: number;
}

/** Counts values in place. */
export function countInPlace<T>(): Aggregate<T, Counter, number> {
  return {
    seed: () => ({ n: 0 }),
    add(counter) {
      counter.n++;
      return counter;
    },
    merge(counter, other) {
      counter.n += other.n;
      return counter;
    },
    result: ({ n }) => n,
  };
}
