/**
 * Recommends by the cosine of products over all events so far: the yardstick for a recommender whose state is bounded
 * and forgets. When a product comes to a user first, it makes a pair with each of the last ten products that the user
 * had. Two products are as similar as `pairs / sqrt(users of one * users of the other)` (item-based collaborative
 * filtering; Sarwar, Karypis, Konstan, Riedl 2001). The score of a product is the sum of its similarities to the last ten
 * products of the user. The counts are exact at every event: nothing is fitted from time to time.
 */
import { type Learnt, LISTED, type Rival } from "./rival.ts";

const RECENT = 10;

/** The pairs of a product with each other one. */
interface Pairs {
  /** The place of each other product in the two lists. */
  readonly places: Map<number, number>;
  readonly products: number[];
  readonly counts: number[];
}

export class ItemItemCosine implements Rival {
  /** The products of each user. */
  readonly #had: Set<number>[] = [];
  /** The last distinct products of each user, the last one first. */
  readonly #recent: number[][] = [];
  /** How many users had each product. */
  readonly #users: number[] = [];
  readonly #pairs: Pairs[] = [];
  readonly #scores: number[] = [];

  list(user: number, excluded: ReadonlySet<number>): readonly number[] {
    const scored: number[] = [], scores = this.#scores, users = this.#users;
    for (const product of this.#recent[user] ?? []) {
      const { products, counts } = this.#pairs[product];
      const own = users[product];
      for (let nth = 0; nth < products.length; nth++) {
        const other = products[nth];
        if (scores[other] === 0) scored.push(other);
        scores[other] += counts[nth] / Math.sqrt(own * users[other]);
      }
    }
    const best = bestOf(scored, scores, excluded);
    for (const product of scored) scores[product] = 0;
    return best;
  }

  learn({ user, product }: Learnt): void {
    const had = this.#had[user] ??= new Set(), recent = this.#recent[user] ?? [];
    this.#pairs[product] ??= { places: new Map(), products: [], counts: [] };
    this.#scores[product] ??= 0;
    if (!had.has(product)) {
      had.add(product);
      this.#users[product] = (this.#users[product] ?? 0) + 1;
      for (const other of recent) {
        count(this.#pairs[product], other);
        count(this.#pairs[other], product);
      }
    }
    this.#recent[user] = [product, ...recent.filter((other) => other !== product)].slice(0, RECENT);
  }
}

function count({ places, products, counts }: Pairs, other: number): void {
  const place = places.get(other);
  if (place !== undefined) counts[place]++;
  else {
    places.set(other, products.length);
    products.push(other);
    counts.push(1);
  }
}

/** The products with the highest scores, the highest first. Of equal scores the one that was scored first. */
function bestOf(scored: readonly number[], scores: readonly number[], excluded: ReadonlySet<number>): number[] {
  const best: number[] = [];
  for (const product of scored) {
    const score = scores[product];
    if (best.length === LISTED && score <= scores[best[LISTED - 1]] || excluded.has(product)) continue;
    let place = best.length === LISTED ? LISTED - 1 : best.length;
    for (; place > 0 && scores[best[place - 1]] < score; place--) best[place] = best[place - 1];
    best[place] = product;
  }
  return best;
}
