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
  recents: 10,
  learnsAfter: [1, 9],
  neighbours: 50,
  told: 20,
  candidates: 30,
  fade: 0.8,
};

interface Seen {
  product: string;
  weight: number;
  place: number;
}

interface Shopper {
  events: number;
  places: number;
  seen: Seen[];
  bought: Set<string>;
  candidates: { product: string; score: number; because: string }[];
}

/** The rows of all events, without what trends. */
export function naiveRecommendations(events: Iterable<UserEvent>, rules: Partial<NaiveRules> = {}): Recommended[] {
  const { halfLife, recents, learnsAfter, neighbours, told, candidates: most, fade } = { ...DEFAULTS, ...rules };
  const shoppers = new Map<string, Shopper>();
  const weights = new Map<string, number>();
  const pairs = new Map<string, Map<string, number>>();
  const rows: Recommended[] = [];

  /** Adds to a sum that is kept as a binary logarithm. */
  const grow = (sums: Map<string, number>, name: string, weight: number, time: number) => {
    const part = time / halfLife + Math.log2(weight), sum = sums.get(name);
    if (sum === undefined) return sums.set(name, part);
    return sums.set(name, Math.max(sum, part) + Math.log2(1 + 2 ** -Math.abs(sum - part)));
  };
  /** A product learns that another one belongs to it, for the lesser weight of the two. */
  const learn = (product: string, other: string, weight: number, time: number) => {
    if (weight <= 0) return;
    if (!pairs.has(product)) pairs.set(product, new Map());
    grow(pairs.get(product)!, other, weight, time);
  };
  const ranked = (product: string) =>
    [...pairs.get(product) ?? []].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const tidy = (product: string) => {
    const all = ranked(product);
    if (all.length > 2 * neighbours) pairs.set(product, new Map(all.slice(0, neighbours)));
  };

  for (const { user_id, product_id: product, event_type, timestamp_ms: time } of events) {
    let shopper = shoppers.get(user_id);
    if (shopper === undefined) {
      shoppers.set(user_id, shopper = { events: 0, places: 0, seen: [], bought: new Set(), candidates: [] });
    }
    shopper.events++;
    const weight = event_type === "purchase" ? 5 : event_type === "add_to_cart" ? 3 : 1;

    // The product comes to the front.
    const known = shopper.seen.find((one) => one.product === product);
    const was = known?.weight ?? 0;
    const own: Seen = known ?? { product, weight: 0, place: 0 };
    own.weight = Math.max(was, weight);
    shopper.seen = [own, ...shopper.seen.filter((one) => one !== own)].slice(0, recents);
    const others = shopper.seen.slice(1);
    if (known === undefined) own.place = Math.max(0, ...others.map(({ place }) => place)) + 1;

    // It learns of all others.
    if (own.weight > was) grow(weights, product, own.weight - was, time);
    for (const other of others) {
      learn(product, other.product, Math.min(own.weight, other.weight) - Math.min(was, other.weight), time);
    }
    tidy(product);
    const answer = ranked(product).slice(0, told).map(([other, sum]) => ({
      other,
      share: 2 ** (sum - weights.get(product)!),
    }));

    // Others learn of it, and of those before it that they have not learnt of.
    if (known === undefined) {
      for (const [nth, after] of learnsAfter.entries()) {
        const learner = others.find(({ place }) => place === own.place - after);
        if (learner === undefined) continue;
        const already = nth === 0 ? 0 : learnsAfter[nth - 1];
        for (const newer of shopper.seen) {
          if (newer.place <= learner.place + already) continue;
          learn(learner.product, newer.product, Math.min(newer.weight, learner.weight), time);
        }
        tidy(learner.product);
      }
    } else if (others.length > 0) {
      const [last] = others;
      learn(last.product, product, Math.min(own.weight, last.weight) - Math.min(was, last.weight), time);
      tidy(last.product);
    }

    // The user's candidates.
    if (event_type === "purchase") shopper.bought.add(product);
    const hidden = new Set([...shopper.seen.map((one) => one.product), ...shopper.bought]);
    const kept = shopper.candidates.map((one) => ({ ...one, score: one.score * fade }))
      .filter((one) => !hidden.has(one.product));
    for (const { other, share } of answer) {
      if (hidden.has(other)) continue;
      const found = kept.find((one) => one.product === other);
      if (found === undefined) kept.push({ product: other, score: share, because: product });
      else {
        if (share > found.score) found.because = product;
        found.score += share;
      }
    }
    kept.sort((a, b) => b.score - a.score || (a.product < b.product ? -1 : 1));
    shopper.candidates = kept.slice(0, most);
    rows.push({
      user_id,
      event_count: shopper.events,
      recommendations: shopper.candidates.slice(0, 10).map(({ product, score, because }) => ({
        product_id: product,
        score: Math.round(score * 1e6) / 1e6,
        because,
      })),
    });
  }
  return rows;
}
