/**
 * The recommender's rules once more, in the plainest way: one loop over all events in their order, and everything in maps.
 */
import type { Recommended } from "../../../examples/recommendations/recommended.ts";
import type { UserEvent } from "../../../examples/recommendations/schema.ts";

/** The rules as numbers. Those of the program by default. */
export interface NaiveRules {
  readonly halfLife: number;
  readonly recents: number;
  readonly learnsAfter: readonly number[];
  readonly neighbours: number;
  readonly told: number;
  readonly candidates: number;
  readonly fade: number;
}

const DEFAULTS: NaiveRules = {
  halfLife: 7 * 24 * 3_600_000,
  recents: 6,
  learnsAfter: [4],
  neighbours: 50,
  told: 12,
  candidates: 24,
  fade: 0.8,
};

interface Seen {
  product: string;
  weight: number;
  place: number;
}

interface Shopper {
  events: number;
  seen: Seen[];
  bought: Set<string>;
  candidates: { product: string; score: number; because: string }[];
}

/** The rows of all events, without what trends. */
export function naiveRecommendations(events: Iterable<UserEvent>, rules: Partial<NaiveRules> = {}): Recommended[] {
  const shop = new Naive({ ...DEFAULTS, ...rules });
  return Array.from(events, (event) => shop.take(event));
}

class Naive {
  readonly #shoppers = new Map<string, Shopper>();
  readonly #weights = new Map<string, number>();
  readonly #pairs = new Map<string, Map<string, number>>();

  constructor(readonly rules: NaiveRules) {}

  take({ user_id, product_id: product, event_type, timestamp_ms: time }: UserEvent): Recommended {
    let shopper = this.#shoppers.get(user_id);
    if (shopper === undefined) {
      this.#shoppers.set(user_id, shopper = { events: 0, seen: [], bought: new Set(), candidates: [] });
    }
    shopper.events++;
    const weight = event_type === "purchase" ? 5 : event_type === "add_to_cart" ? 3 : 1;
    const known = shopper.seen.find((one) => one.product === product);
    const own: Seen = known ?? { product, weight: 0, place: 0 };
    const was = own.weight;
    own.weight = Math.max(was, weight);
    shopper.seen = [own, ...shopper.seen.filter((one) => one !== own)].slice(0, this.rules.recents);
    const others = shopper.seen.slice(1);
    if (known === undefined) own.place = Math.max(0, ...others.map(({ place }) => place)) + 1;

    // The product learns of all others, and only then it is asked.
    const more = (other: Seen) => Math.min(own.weight, other.weight) - Math.min(was, other.weight);
    if (own.weight > was) this.#grow(this.#weights, product, own.weight - was, time);
    for (const other of others) this.#learn(product, other.product, more(other), time);
    this.#tidy(product);
    const answer = this.#ranked(product).slice(0, this.rules.told)
      .map(([other, sum]) => ({ other, share: rounded(2 ** (sum - this.#weights.get(product)!)) }));

    if (known === undefined) this.#follow(shopper.seen, own, time);
    else if (others.length > 0) {
      this.#learn(others[0].product, product, more(others[0]), time);
      this.#tidy(others[0].product);
    }
    if (event_type === "purchase") shopper.bought.add(product);
    this.#choose(shopper, product, answer);
    const recommendations = shopper.candidates.slice(0, 10).map(({ product, score, because }) => (
      { product_id: product, score, because }
    ));
    return { user_id, event_count: shopper.events, recommendations };
  }

  /** Products that came some places before the new one learn of those after them that they have not learnt of. */
  #follow(seen: readonly Seen[], own: Seen, time: number): void {
    const { learnsAfter } = this.rules;
    for (const [nth, after] of learnsAfter.entries()) {
      const learner = seen.find(({ place }) => place === own.place - after);
      if (learner === undefined) continue;
      const already = nth === 0 ? 0 : learnsAfter[nth - 1];
      for (const newer of seen) {
        if (newer.place <= learner.place + already) continue;
        this.#learn(learner.product, newer.product, Math.min(newer.weight, learner.weight), time);
      }
      this.#tidy(learner.product);
    }
  }

  #choose(shopper: Shopper, product: string, answer: readonly { other: string; share: number }[]): void {
    const { fade, candidates } = this.rules;
    const hidden = new Set([...shopper.seen.map((one) => one.product), ...shopper.bought]);
    const kept = shopper.candidates.map((one) => ({ ...one, score: rounded(one.score * fade) }))
      .filter((one) => !hidden.has(one.product));
    for (const { other, share } of answer) {
      if (hidden.has(other)) continue;
      const found = kept.find((one) => one.product === other);
      if (found === undefined) kept.push({ product: other, score: rounded(share), because: product });
      else {
        if (share > found.score) found.because = product;
        found.score = rounded(found.score + share);
      }
    }
    kept.sort((a, b) => b.score - a.score || (a.product < b.product ? -1 : 1));
    shopper.candidates = kept.slice(0, candidates);
  }

  /** Adds to a sum that is kept as a binary logarithm. */
  #grow(sums: Map<string, number>, name: string, weight: number, time: number): void {
    const part = time / this.rules.halfLife + Math.log2(weight), sum = sums.get(name);
    sums.set(name, sum === undefined ? part : Math.max(sum, part) + Math.log2(1 + 2 ** -Math.abs(sum - part)));
  }

  /** A product learns that another one belongs to it. */
  #learn(product: string, other: string, weight: number, time: number): void {
    if (weight <= 0) return;
    if (!this.#pairs.has(product)) this.#pairs.set(product, new Map());
    this.#grow(this.#pairs.get(product)!, other, weight, time);
  }

  #ranked(product: string): [string, number][] {
    return [...this.#pairs.get(product) ?? []].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  }

  #tidy(product: string): void {
    const all = this.#ranked(product);
    if (all.length > 2 * this.rules.neighbours) {
      this.#pairs.set(product, new Map(all.slice(0, this.rules.neighbours)));
    }
  }
}

/** Scores have six digits behind the point. */
function rounded(score: number): number {
  return Math.round(score * 1e6) / 1e6;
}
