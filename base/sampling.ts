/**
 * Which of many things are looked at. The gaps between them vary, so that a pattern in their order is not taken for all of
 * them.
 *
 * @module
 */

/** The next state of a sequence of gaps, from any whole number. */
export function nextSeed(seed: number): number {
  return Math.imul(seed, 1_103_515_245) + 12_345 | 0;
}

/**
 * How far the next one is away, from 1 on.
 *
 * @param seed the state of the sequence
 * @param mean about how far it is on average: a power of 2 up to 4096
 */
export function gapOf(seed: number, mean: number): number {
  // The high bits of such a sequence vary more than the low ones.
  return 1 + (seed >>> 16 & 2 * mean - 1);
}
