/**
 * The hidden preferences of the shop's users, which a recommender can learn and which nothing in an event names.
 *
 * The products stand in groups of about 22 with products of all categories, such as what one needs for camping. A user
 * has three tastes, each one of these groups, and a session of about eight events is about one of them. In a group, and in the whole shop,
 * few products have most of the events: the product of rank `r` has about `1 / r` as many as the first (Zipf's law).
 */
import { randomOf } from "../random.ts";

/** How many groups a user likes. A group may be drawn twice. */
const TASTES = 3;
/** The share of the events that are about the session's taste. The others are about any product, by its popularity. */
const FAITHFUL = 0.75;
/** How many events a session has on average. */
const SESSION = 8;
/** Some groups are liked by more users than others: 1 would give each the same number. */
const FASHION = 1.5;
/** A prime above any number of products: multiplying by it brings them into another order, each to a place of its own. */
const SHUFFLE = 999_983;
/** The streams of random numbers beside that of the events. */
const OF_USERS = 0x5f3759df, OF_SESSIONS = 0x2545f491;

/** An event for which a product is chosen. */
export interface Choice {
  readonly seed: number;
  /** How many users and products the shop has. */
  readonly users: number;
  readonly products: number;
  /** The event's user, a number below `users`. */
  readonly user: number;
  /** The index of the event in the traffic. */
  readonly index: number;
  /** Random numbers from 0 to 1: whether the event is about the session's taste, and which product it is about. */
  readonly loyal: number;
  readonly which: number;
}

/** The product that a user chooses, a number below `products`. */
export function chosen(choice: Choice): number {
  const { seed, products, loyal, which } = choice;
  const groups = groupsOf(products);
  if (loyal >= FAITHFUL) return productAt(seed, products, zipf(which, products));
  const group = groupAt(choice, groups);
  const size = Math.ceil((products - group) / groups);
  return productAt(seed, products, zipf(which, size) * groups + group);
}

/** The number of groups. It is odd, so that the products of a group, `groups` places apart, have all categories. */
function groupsOf(products: number): number {
  return Math.floor(products / 44) * 2 + 1;
}

/** The group that the user's session is about at this event. */
function groupAt({ seed, users, user, index }: Choice, groups: number): number {
  // `eventAt` draws users by the square of a random number, which gives this user this share of all events.
  const share = Math.sqrt((user + 1) / users) - Math.sqrt(user / users);
  const own = randomOf(seed ^ OF_USERS, user);
  const session = Math.floor(index * share / SESSION + own());
  const taste = Math.floor(randomOf(seed ^ OF_SESSIONS, user * 2 ** 20 + session)() * TASTES);
  let luck = own();
  for (let nth = 0; nth < taste; nth++) luck = own();
  return Math.floor(luck ** FASHION * groups);
}

/** The product at a place of the order of popularity. */
function productAt(seed: number, products: number, place: number): number {
  return (place * SHUFFLE + Math.abs(seed) % products) % products;
}

/** A rank from 0 to less than `count`. Rank `r` is drawn with the probability `log(1 + 1 / (r + 1)) / log(count + 1)`. */
function zipf(uniform: number, count: number): number {
  return Math.floor((count + 1) ** uniform) - 1;
}
