/**
 * The products that belong to a product: how much, which of them are kept, and which are told to a user.
 *
 * A product keeps the sums of its pairs by the other product. When it has twice as many as it keeps, the lighter half is
 * forgotten. So a newcomer has the time of many events to become heavier than those that are there.
 */
import { rounded, share } from "./decay.ts";

/** The sum of the pairs of a product with another one, and the other one's name. */
export type Pair = readonly [other: string, sum: number];

/** The products most like a product. */
export interface Alike {
  readonly products: readonly string[];
  /** Which share of the product's weight the pair has, the largest first. */
  readonly shares: readonly number[];
}

/** Those of the pairs that are forgotten so that `keep` are left. */
export function forgotten(pairs: Pair[], keep: number): string[] {
  return pairs.sort(heavierFirst).slice(keep).map(([other]) => other);
}

/**
 * The best neighbours of a product.
 *
 * @param pairs all that the product keeps
 * @param weight the product's own weight, a decaying sum
 * @param most how many
 */
export function alike(pairs: readonly Pair[], weight: number, most: number): Alike {
  const best: Pair[] = [];
  for (const pair of pairs) {
    // Most of them are lighter than the last one of the best, so they are not sorted.
    if (best.length === most && heavierFirst(best[most - 1], pair) < 0) continue;
    let at = best.length;
    while (at > 0 && heavierFirst(pair, best[at - 1]) < 0) at--;
    best.splice(at, 0, pair);
    if (best.length > most) best.pop();
  }
  return { products: best.map(([other]) => other), shares: best.map(([, sum]) => rounded(share(sum, weight))) };
}

/** Of equal ones the first by name is first, so that the order in which they came does not matter. */
function heavierFirst([one, sum]: Pair, [other, otherSum]: Pair): number {
  return otherSum - sum || (one < other ? -1 : 1);
}
