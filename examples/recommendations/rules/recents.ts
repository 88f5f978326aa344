/**
 * The products that a user has seen last, and what one more event says about pairs of them.
 *
 * A pair has the lesser weight of its two products, and it is learnt at both. The event's product learns of all recent
 * ones at once. A recent product learns of those that came after it a few at a time, so that an event does not cause as
 * many records as the user has recent products.
 */

/** A product of a user. */
export interface Recent {
  readonly product: string;
  /** The highest weight of the user's events with it. */
  readonly weight: number;
  /** How many products had come to the user when it came, itself included. */
  readonly place: number;
}

/** A product, and how much more than before others belong to it. */
export interface Learnt {
  readonly product: string;
  readonly others: readonly string[];
  /** For each of the others what is added to the pair; 0 where it stays. */
  readonly pairs: readonly number[];
}

/** What an event changes. */
export interface Visited {
  /** The products, the event's first. */
  readonly recents: readonly Recent[];
  /** By how much the weight of the event's product has risen: 0 where the user has had an event with it that weighs as much. */
  readonly gain: number;
  /** What the event's product learns: all other recent products, the last one first. */
  readonly forward: Learnt;
  /** What recent products learn. */
  readonly back: readonly Learnt[];
}

/** The rules that are needed here. */
export interface RecentRules {
  /** How many products are kept. */
  readonly recents: number;
  /** After how many further products a product learns of those that it has not learnt of yet, ascending. */
  readonly learnsAfter: readonly number[];
}

/**
 * Takes an event of a user.
 *
 * @param before the products so far, the last one first
 * @param product the event's product
 * @param weight the event's weight
 */
export function visit(before: readonly Recent[], product: string, weight: number, rules: RecentRules): Visited {
  const known = before.find((recent) => recent.product === product);
  const old = known?.weight ?? 0;
  const place = known?.place ?? 1 + before.reduce((last, recent) => Math.max(last, recent.place), 0);
  const own: Recent = { product, weight: Math.max(old, weight), place };
  const rest = before.filter((recent) => recent !== known).slice(0, rules.recents - 1);
  const pairs = rest.map((other) => Math.min(own.weight, other.weight) - Math.min(old, other.weight));
  const forward = { product, others: rest.map((other) => other.product), pairs };
  const recents = [own, ...rest];
  return {
    recents,
    gain: own.weight - old,
    forward,
    back: known === undefined ? follow(recents, place, rules.learnsAfter) : repeat(forward),
  };
}

/** What recent products learn when a new one has come in the last place. */
function follow(recents: readonly Recent[], last: number, learnsAfter: readonly number[]): Learnt[] {
  return learnsAfter.flatMap((after, at) => {
    const learner = recents.find(({ place }) => place === last - after);
    if (learner === undefined) return [];
    const from = last - after + (at === 0 ? 0 : learnsAfter[at - 1]);
    const newer = recents.filter(({ place }) => place > from);
    return [{
      product: learner.product,
      others: newer.map(({ product }) => product),
      pairs: newer.map(({ weight }) => Math.min(weight, learner.weight)),
    }];
  });
}

/** What the last product learns when a user has done more with one that they had seen. */
function repeat({ product, others, pairs }: Learnt): Learnt[] {
  return others.length > 0 && pairs[0] > 0 ? [{ product: others[0], others: [product], pairs: [pairs[0]] }] : [];
}
