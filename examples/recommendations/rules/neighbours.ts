/**
 * The products that belong to a product: how much, which of them are kept, and which are told to a user.
 *
 * A product keeps the sums of its pairs by the other product. When it has twice as many as it keeps, the lighter half is
 * forgotten. So a newcomer has the time of many events to become heavier than those that are there.
 */
/** The sum of the pairs of a product with another one, and the other one's name. */
export type Pair = readonly [other: string, sum: number];

/** The products most like a product. */
export interface Alike {
  readonly products: readonly string[];
  /** Which share of the product's weight the pair has, in millionths, the largest first. */
  readonly shares: readonly number[];
}

/** All pairs of a product: their sums by the other product. */
export interface Pairs {
  forEach(visit: (sum: number, other: string) => void): void;
}

/** Those of the pairs that are forgotten so that `keep` are left. */
export function forgotten(pairs: Pair[], keep: number): string[] {
  return pairs.sort(([one, sum], [other, otherSum]) => heavier(one, sum, other, otherSum) ? -1 : 1)
    .slice(keep).map(([other]) => other);
}

/** Of equal ones the first by name is first, so that the order in which they came does not matter. */
export function heavier(one: string, sum: number, other: string, otherSum: number): boolean {
  return sum > otherSum || sum === otherSum && one < other;
}
