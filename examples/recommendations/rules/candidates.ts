/**
 * What may be recommended to a user: the neighbours of the products that they have seen, each with its score.
 *
 * With each event of the user the scores so far fade, and the neighbours of the event's product are added.
 */
import { inMillionths, MILLION } from "./decay.ts";
import type { Alike } from "./neighbours.ts";
import { type Listed, TRENDING } from "../recommended.ts";

/**
 * The candidates of a user, the best first. They are columns and not rows, and scores are whole numbers, because their
 * text is written and read with every event.
 */
export interface Candidates {
  /** The highest number of the user's events that were added. */
  readonly count: number;
  readonly products: readonly string[];
  /** The score of each in millionths. */
  readonly scores: readonly number[];
  /** For each the product of the user's that it belongs to most, as its place in `causes`. */
  readonly because: readonly number[];
  readonly causes: readonly string[];
}

/** A user without candidates. */
const NO_CANDIDATES: Candidates = { count: 0, products: [], scores: [], because: [], causes: [] };

/** An event of the user and what belongs to its product. */
export interface Addition {
  /** The number of the event. They may come out of order. */
  readonly event_count: number;
  readonly product: string;
  readonly alike: Alike;
  /** The other products that the user has just seen. Neither they nor the event's product are candidates. */
  readonly seen: readonly string[];
  /** Whether the user has bought a product. It does not become a candidate then. */
  readonly bought: (product: string) => boolean;
}

/**
 * Adds the neighbours of an event's product.
 *
 * @param fade what a score keeps with each further event of the user, from 0 to 1
 * @param most how many candidates are kept
 */
export function addCandidates(
  before: Candidates = NO_CANDIDATES,
  { event_count: count, product, alike, seen, bought }: Addition,
  { fade, most }: { readonly fade: number; readonly most: number },
): Candidates {
  const last = Math.max(before.count, count);
  const old = fade ** (last - before.count), young = fade ** (last - count);
  const products: string[] = [], scores: number[] = [], causes: string[] = [];
  for (let at = 0; at < before.products.length; at++) {
    const name = before.products[at];
    // What was bought was just seen when its event came, and is not let in again.
    if (name === product || seen.includes(name)) continue;
    products.push(name);
    scores.push(inMillionths(before.scores[at] / MILLION * old));
    causes.push(before.causes[before.because[at]]);
  }
  const kept = products.length;
  for (let at = 0; at < alike.products.length; at++) {
    const name = alike.products[at];
    if (name === product || seen.includes(name) || bought(name)) continue;
    const more = alike.shares[at] / MILLION * young, place = placeOf(name, products, kept);
    if (place === -1) {
      products.push(name);
      scores.push(inMillionths(more));
      causes.push(product);
    } else {
      const score = scores[place] / MILLION;
      if (more > score) causes[place] = product;
      scores[place] = inMillionths(score + more);
    }
  }
  return { count: last, ...bestOf({ products, scores, causes }, most) };
}

/** The place of a product among the first ones. There are so few that a map of them would take longer to make. */
function placeOf(name: string, products: readonly string[], first: number): number {
  for (let at = 0; at < first; at++) if (products[at] === name) return at;
  return -1;
}

/** The best of the candidates, in order. Of equal ones the first by name is first. */
function bestOf(
  { products, scores, causes }: { products: string[]; scores: number[]; causes: string[] },
  most: number,
): Omit<Candidates, "count"> {
  const order: number[] = [];
  for (let one = 0; one < products.length; one++) {
    // Those before were in order, so nearly all of them stay in place.
    let place = one;
    for (; place > 0; place--) {
      const other = order[place - 1];
      if (scores[other] > scores[one] || scores[other] === scores[one] && products[other] < products[one]) break;
      order[place] = other;
    }
    order[place] = one;
  }
  const best = { products: [] as string[], scores: [] as number[], because: [] as number[], causes: [] as string[] };
  for (let nth = 0; nth < order.length && nth < most; nth++) {
    const at = order[nth];
    let cause = best.causes.indexOf(causes[at]);
    if (cause === -1) cause = best.causes.push(causes[at]) - 1;
    best.products.push(products[at]);
    best.scores.push(scores[at]);
    best.because.push(cause);
  }
  return best;
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
 * @param without whether a product is not listed
 * @param most how many products are listed
 */
export function list(
  { products, scores, because, causes }: Candidates,
  trends: readonly (readonly Trending[])[],
  { without, most }: { readonly without: (product: string) => boolean; readonly most: number },
): Listed[] {
  const listed: Listed[] = [];
  for (let at = 0; at < products.length && at < most; at++) {
    listed.push({ product_id: products[at], score: scores[at] / MILLION, because: causes[because[at]] });
  }
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
