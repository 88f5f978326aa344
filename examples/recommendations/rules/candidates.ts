/**
 * What may be recommended to a user: the neighbours of the products that they have seen, each with its score.
 *
 * With each event of the user the scores so far fade, and the neighbours of the event's product are added.
 */
import type { Alike } from "./neighbours.ts";
import { type Listed, TRENDING } from "../recommended.ts";

/** The candidates of a user, the best first. Three lists of one length. */
export interface Candidates {
  /** The number of the user's event that was added last. */
  readonly count: number;
  readonly products: readonly string[];
  readonly scores: readonly number[];
  /** For each the product of the user's that it belongs to most. */
  readonly because: readonly string[];
}

/** A user without candidates. */
const NO_CANDIDATES: Candidates = { count: 0, products: [], scores: [], because: [] };

/** An event of the user and what belongs to its product. */
export interface Addition {
  /** The number of the event. They may come out of order. */
  readonly event_count: number;
  readonly product: string;
  readonly alike: Alike;
  /** The products that are no candidates, because the user has just seen them or has bought them. */
  readonly without: (product: string) => boolean;
}

/** One candidate. */
interface Candidate {
  readonly product: string;
  readonly score: number;
  readonly because: string;
}

/**
 * Adds the neighbours of an event's product.
 *
 * @param fade what a score keeps with each further event of the user, from 0 to 1
 * @param most how many candidates are kept
 */
export function addCandidates(
  before: Candidates = NO_CANDIDATES,
  { event_count: count, product, alike, without }: Addition,
  { fade, most }: { readonly fade: number; readonly most: number },
): Candidates {
  const last = Math.max(before.count, count);
  const old = fade ** (last - before.count), young = fade ** (last - count);
  const all = new Map<string, Candidate>();
  before.products.forEach((name, at) => {
    if (without(name)) return;
    all.set(name, { product: name, score: before.scores[at] * old, because: before.because[at] });
  });
  alike.products.forEach((name, at) => {
    if (without(name)) return;
    const more = alike.shares[at] * young;
    const { score, because } = all.get(name) ?? { score: 0, because: product };
    all.set(name, { product: name, score: score + more, because: more > score ? product : because });
  });
  const best = [...all.values()].sort(bestFirst).slice(0, most);
  return {
    count: last,
    products: best.map((one) => one.product),
    scores: best.map((one) => one.score),
    because: best.map((one) => one.because),
  };
}

/** Of equal ones the first by name is first. */
function bestFirst(one: Candidate, other: Candidate): number {
  return other.score - one.score || (one.product < other.product ? -1 : 1);
}

/** A product that trends. */
export interface Trending {
  readonly product_id: string;
  readonly score: number;
}

/**
 * The list to show: the best candidates, filled up with what trends.
 *
 * @param trends lists of what trends, those to take from first
 * @param without the products that are not listed
 * @param most how many products are listed
 */
export function list(
  { products, scores, because }: Candidates,
  trends: readonly (readonly Trending[])[],
  { without, most }: { readonly without: (product: string) => boolean; readonly most: number },
): Listed[] {
  const listed: Listed[] = [];
  for (let at = 0; at < products.length && listed.length < most; at++) {
    listed.push({ product_id: products[at], score: rounded(scores[at]), because: because[at] });
  }
  const has = new Set(products.slice(0, listed.length));
  for (const { product_id, score } of trends.flat()) {
    if (listed.length >= most) break;
    if (has.has(product_id) || without(product_id)) continue;
    has.add(product_id);
    listed.push({ product_id, score: rounded(score), because: TRENDING });
  }
  return listed;
}

/** Six digits behind the point say enough, and make short rows. */
function rounded(score: number): number {
  return Math.round(score * 1e6) / 1e6;
}

/** The purchase that lies back furthest. */
export function oldest(bought: readonly (readonly [product: string, count: number])[]): string {
  return bought.reduce((one, other) => other[1] < one[1] ? other : one)[0];
}
