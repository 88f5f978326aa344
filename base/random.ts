/**
 * Random numbers with a seed, for runs that can be repeated.
 *
 * @module
 */

/**
 * A generator of numbers of at least 0, below 1, which the seed determines: mulberry32 by Tommy Ettinger, public
 * domain.
 */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
