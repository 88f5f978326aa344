/**
 * Sums whose parts lose half of their weight in each half-life, by event time.
 *
 * A sum is one number: the binary logarithm of the sum of `weight * 2 ** (time / halfLife)`. So it never has to be
 * brought up to date, the order in which parts are added does not matter, and the moment at which two sums are compared
 * cancels out. (Forward decay: Cormode, Shkapenyuk, Srivastava and Xu, ICDE 2009. The logarithm keeps it from
 * overflowing.)
 */

/** The logarithm of a decaying sum; `undefined` is a sum of nothing. */
export type Decaying = number | undefined;

/**
 * Adds a weight.
 *
 * @param sum the sum so far
 * @param weight the weight, above 0
 * @param age the event's time divided by the half-life
 */
export function addDecaying(sum: Decaying, weight: number, age: number): number {
  const more = age + Math.log2(weight);
  if (sum === undefined) return more;
  const [high, low] = sum > more ? [sum, more] : [more, sum];
  return high + Math.log2(1 + 2 ** (low - high));
}

/** Which share of a whole a part of it is. Both are decaying sums. */
export function share(part: number, whole: number): number {
  return 2 ** (part - whole);
}

/** Shares and scores are kept in millionths: that says enough, and whole numbers make short messages and states. */
export const MILLION = 1e6;

/** A share or a score in millionths. */
export function inMillionths(score: number): number {
  return Math.round(score * MILLION);
}
