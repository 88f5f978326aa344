/**
 * What a window is told to compute.
 *
 * @module
 */

/** How the values of a window become one. The accumulator is part of the checkpoint: it holds plain data. */
export interface Aggregate<T, A, R> {
  /** A new accumulator. */
  seed(): A;
  /** The accumulator with a value in it; may change it in place and return it. */
  add(accumulator: A, value: T): A;
  /**
   * The result of an accumulator. Where `add` changes the accumulator in place, it is to return a copy: the accumulator itself
   * changes with the next late record.
   *
   * @default the accumulator itself
   */
  result?(accumulator: A): R;
}
