/**
 * The shop's traffic. Every event is a function of the traffic's description and the event's index, so whoever was stopped at
 * an index goes on there as if nothing had happened, and a test knows what must come out.
 */
import { minutes, seconds } from "@tidemark/streams";
import type { UserEvent } from "./schema.ts";

/** What describes a traffic completely. */
export interface Traffic {
  /** Chooses who does what. */
  readonly seed: number;
  /** When the shop opened, in milliseconds since 1970. */
  readonly began: number;
  /** How many events the shop has in a second of its own time. */
  readonly perSecond: number;
}

const USERS = 2_000;
const PRODUCTS = 500;
const FAVOURITES = 3;
const CATEGORIES = ["books", "games", "garden", "kitchen", "music", "outdoor", "shoes", "toys"];
/** The kinds of events, each with the part of all events that are of it or of one before it. */
const EVENT_TYPES = [["view", 0.72], ["search", 0.84], ["add_to_cart", 0.95], ["purchase", 1]] as const;

/** Of a thousand events, so many come out of order, by up to {@linkcode DISORDER}. */
const STRAGGLERS = 50;
/** What the pipeline's watermark allows for. */
const DISORDER = minutes(5);
/** One event in a thousand comes later than that; most of those are later than the allowed lateness of a minute as well. */
const LATEST = minutes(15);
/** How long everything else is on its way. */
const USUAL = seconds(2);

/** When the shop receives the event of an index, in milliseconds since 1970. */
export function receivedAt({ began, perSecond }: Traffic, index: number): number {
  return began + Math.floor(index * 1000 / perSecond);
}

/** The event of an index. */
export function eventAt(traffic: Traffic, index: number): UserEvent {
  const random = randomOf(traffic.seed, index);
  // The square makes some users much busier than others.
  const user = Math.floor(random() ** 2 * USERS);
  const product = random() < 0.7 ? favourite(traffic.seed, user, random()) : Math.floor(random() * PRODUCTS);
  const kind = random();
  return {
    user_id: `user-${user}`,
    product_id: `product-${product}`,
    category: CATEGORIES[product % CATEGORIES.length],
    event_type: EVENT_TYPES.find(([, upTo]) => kind < upTo)![0],
    timestamp_ms: receivedAt(traffic, index) - delay(random),
  };
}

/** One of the few products that a user comes back to. */
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

/** Numbers from 0 to 1 that are the same for the same seed and index: splitmix32, begun anew for each event. */
function randomOf(seed: number, index: number): () => number {
  let state = scramble(scramble(seed) ^ index) ^ Math.floor(index / 2 ** 32);
  return () => {
    state = (state + 0x9e3779b9) | 0;
    return (scramble(state) >>> 0) / 2 ** 32;
  };
}

function scramble(word: number): number {
  word = Math.imul(word ^ word >>> 16, 0x21f0aaad);
  word = Math.imul(word ^ word >>> 15, 0x735a2d97);
  return word ^ word >>> 15;
}
