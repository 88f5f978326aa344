/**
 * What may be recommended to a user: the neighbours of the products that they have seen, each with its score.
 *
 * With each event of the user the scores so far fade, and the neighbours of the event's product are added.
 */
import { rounded } from "./decay.ts";
import type { Alike } from "./neighbours.ts";
import { type Listed, TRENDING } from "../recommended.ts";

/** A product that may be recommended, its score, and the product of the user's that it belongs to most. */
export type Candidate = readonly [product: string, score: number, because: string];

/** The candidates of a user. */
export interface Candidates {
  /** The highest number of the user's events that were added. */
  readonly count: number;
  /** The best first. */
  readonly best: readonly Candidate[];
}

/** A user without candidates. */
const NO_CANDIDATES: Candidates = { count: 0, best: [] };

/** An event of the user and what belongs to its product. */
export interface Addition {
  /** The number of the event. They may come out of order. */
  readonly event_count: number;
  readonly product: string;
  readonly alike: Alike;
  /** The event's product and the others that the user has just seen. They are no candidates. */
  readonly hidden: ReadonlySet<string>;
  /** Whether a product cannot become a candidate, because it is hidden or the user has bought it. */
  readonly without: (product: string) => boolean;
}

/**
 * Adds the neighbours of an event's product.
 *
 * @param fade what a score keeps with each further event of the user, from 0 to 1
 * @param most how many candidates are kept
 */
export function addCandidates(
  before: Candidates = NO_CANDIDATES,
  { event_count: count, product, alike, hidden, without }: Addition,
  { fade, most }: { readonly fade: number; readonly most: number },
): Candidates {
  const last = Math.max(before.count, count);
  const old = fade ** (last - before.count), young = fade ** (last - count);
  const all = new Map<string, Candidate>();
  for (const [name, score, because] of before.best) {
    // What was bought was hidden when its event came, and is not let in again.
    if (!hidden.has(name)) all.set(name, [name, rounded(score * old), because]);
  }
  for (let at = 0; at < alike.products.length; at++) {
    const name = alike.products[at];
    if (without(name)) continue;
    const more = alike.shares[at] * young, found = all.get(name);
    const score = found?.[1] ?? 0;
    all.set(name, [name, rounded(score + more), found === undefined || more > score ? product : found[2]]);
  }
  return { count: last, best: [...all.values()].sort(bestFirst).slice(0, most) };
}

/** Of equal ones the first by name is first. */
function bestFirst([one, score]: Candidate, [other, otherScore]: Candidate): number {
  return otherScore - score || (one < other ? -1 : 1);
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
  { best }: Candidates,
  trends: readonly (readonly Trending[])[],
  { without, most }: { readonly without: (product: string) => boolean; readonly most: number },
): Listed[] {
  const listed = best.slice(0, most).map(([product_id, score, because]): Listed => ({ product_id, score, because }));
  if (listed.length === most || trends.length === 0) return listed;
  const has = new Set(listed.map(({ product_id }) => product_id));
  for (const { product_id, score } of trends.flat()) {
    if (listed.length === most) break;
    if (has.has(product_id) || without(product_id)) continue;
    has.add(product_id);
    listed.push({ product_id, score, because: TRENDING });
  }
  return listed;
}

/** The purchase that lies back furthest. */
export function oldest(bought: readonly (readonly [product: string, count: number])[]): string {
  return bought.reduce((one, other) => other[1] < one[1] ? other : one)[0];
}
