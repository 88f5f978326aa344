/** Randomness from a seed: the same seed gives the same numbers. */

/** The seed of this run: the one in `TIDEMARK_SEED`, to repeat a run, or a new one. */
export function pickSeed(): number {
  const named = Number(Deno.env.get("TIDEMARK_SEED"));
  return Number.isSafeInteger(named) && named > 0 ? named : crypto.getRandomValues(new Uint32Array(1))[0];
}

/** A sequence of numbers in [0, 1). */
export function numbers(seed: number): () => number {
  let turn = 0;
  return () => mix(seed, ++turn);
}

/** A number in [0, 1) that depends only on its arguments. */
export function mix(...parts: readonly number[]): number {
  let hash = 0x9e3779b9;
  for (const part of parts) {
    hash = Math.imul(hash ^ part, 0x85ebca6b);
    hash ^= hash >>> 13;
    hash = Math.imul(hash, 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return (hash >>> 0) / 2 ** 32;
}

/** The same elements in another order. */
export function shuffled<T>(things: readonly T[], random: () => number): T[] {
  const order = [...things];
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [order[at], order[other]] = [order[other], order[at]];
  }
  return order;
}
