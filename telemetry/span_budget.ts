/**
 * How many spans are made: there may be 200 epochs in a second.
 *
 * @module
 */

/** How many spans a second has, besides those that are always made. */
export const SPANS_A_SECOND = 10;

/** A commit or a transaction that takes longer always has its spans, in milliseconds. */
export const SLOW_MS = 1000;

export class SpanBudget {
  #second = NaN;
  #left = 0;

  /**
   * Whether so many spans may be made.
   *
   * @param now milliseconds since 1970
   */
  takes(spans: number, now: number): boolean {
    const second = Math.floor(now / 1000);
    if (second !== this.#second) [this.#second, this.#left] = [second, SPANS_A_SECOND];
    if (spans > this.#left) return false;
    this.#left -= spans;
    return true;
  }
}
