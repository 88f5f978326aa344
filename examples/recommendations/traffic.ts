/**
 * The shop's traffic. Every event is a function of the traffic's description and the event's index. So a generator can
 * continue at any index after a stop, and a test can compute the expected results.
 */
import { minutes, seconds } from "@tidemark/streams";
import { randomOf } from "../random.ts";
import type { UserEvent } from "./schema.ts";
import { chosen } from "./tastes.ts";

/** The complete description of a traffic. */
export interface Traffic {
  /**
   * How users choose products: 2 is {@linkcode GENERATION}. The first generator stored no number: a log that it began
   * goes on as it began.
   */
  readonly version?: number;
  /** The seed of users, products and kinds of events. */
  readonly seed: number;
  /** When the shop opened, in milliseconds since 1970. */
  readonly began: number;
  /** How many events the shop has in a second of its own time. */
  readonly perSecond: number;
  /** How many users the shop has. @default 2,000 */
  readonly users?: number;
  /** How many products the shop has. @default 500 */
  readonly products?: number;
}

/** The version of a new traffic: users have hidden tastes (`tastes.ts`). */
export const GENERATION = 2;

const USERS = 2_000;
const PRODUCTS = 500;
const FAVOURITES = 3;
const CATEGORIES = ["books", "games", "garden", "kitchen", "music", "outdoor", "shoes", "toys"];
/** The kinds of events with their cumulative shares. */
const EVENT_TYPES = [["view", 0.72], ["search", 0.84], ["add_to_cart", 0.95], ["purchase", 1]] as const;

/** How many of a thousand events come out of order, by up to {@linkcode DISORDER}. */
const STRAGGLERS = 50;
/** The disorder that the pipeline's watermark allows. */
const DISORDER = minutes(5);
/**
 * The longest delay. One event in a thousand is delayed by more than {@linkcode DISORDER}, most of them also by more
 * than the allowed lateness of a minute.
 */
const LATEST = minutes(15);
/** The longest delay of all other events. */
const USUAL = seconds(2);

/** When the shop receives the event of an index, in milliseconds since 1970. */
export function receivedAt({ began, perSecond }: Traffic, index: number): number {
  return began + Math.floor(index * 1000 / perSecond);
}

/** The event of an index. */
export function eventAt(traffic: Traffic, index: number): UserEvent {
  const { version, seed, users = USERS, products = PRODUCTS } = traffic;
  const random = randomOf(seed, index);
  // The square makes some users much busier than others.
  const user = Math.floor(random() ** 2 * users);
  const [loyal, which] = [random(), random()];
  const product = version === undefined
    ? loyal < 0.7 ? favourite(seed, user, which) : Math.floor(which * PRODUCTS)
    : chosen({ seed, users, products, user, index, loyal, which });
  const kind = random();
  return {
    user_id: `user-${user}`,
    product_id: `product-${product}`,
    category: CATEGORIES[product % CATEGORIES.length],
    event_type: EVENT_TYPES.find(([, upTo]) => kind < upTo)![0],
    timestamp_ms: receivedAt(traffic, index) - delay(random),
  };
}

/** One of the few products that a user prefers, in the traffic of the first generator. */
function favourite(seed: number, user: number, which: number): number {
  const random = randomOf(~seed, user * FAVOURITES + Math.floor(which * FAVOURITES));
  return Math.floor(random() * PRODUCTS);
}

/** How long an event was on its way to the shop, in milliseconds. */
function delay(random: () => number): number {
  const luck = random() * 1000;
  if (luck < 1) return Math.floor(DISORDER + random() * (LATEST - DISORDER));
  if (luck < 1 + STRAGGLERS) return Math.floor(random() * DISORDER);
  return Math.floor(random() * USUAL);
}
