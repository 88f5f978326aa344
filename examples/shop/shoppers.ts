/**
 * The other shoppers of the shop. Each has a mood, and each mood its products, across categories: that is what the
 * recommender has to find out. An event is a function of its index, so every shop begins with the same past.
 */
import { minutes } from "@tidemark/streams";
import type { UserEvent } from "../recommendations/schema.ts";
import { CATALOGUE } from "./catalogue.ts";

/** What people in a mood look for, the most wanted first. */
const MOODS = {
  "looks at the stars": [
    ...["telescope", "moon-lamp", "star-map", "walk-thermos", "midnight-blanket", "home-compass", "whale-record"],
  ],
  "stays in when it rains": [
    ...[
      "half-moon-teapot",
      "smoky-tea",
      "rain-candle",
      "midnight-blanket",
      "lent-novel",
      "whole-puzzle",
      "biscuit-tin",
    ],
  ],
  "keeps a window garden": [
    ...["blue-fern", "watering-can", "lazy-seeds", "bee-hotel", "kind-cactus", "old-trowel", "honey-jar"],
  ],
  "writes letters": ["sea-pen", "letter-set", "blue-ink", "bad-ideas", "rain-candle", "smoky-tea", "pencil-six"],
  "is out in any weather": [
    ...["puddle-boots", "apple-rucksack", "small-tent", "walk-thermos", "sunny-umbrella", "home-compass", "easy-kite"],
  ],
  "has children on Sundays": [
    ...["easy-kite", "long-top", "lucky-dice", "tuned-ukulele", "whole-puzzle", "pencil-six", "egg-cup", "cloud-mug"],
  ],
} as const satisfies Record<string, readonly string[]>;

type Mood = keyof typeof MOODS;

/** A shopper whose eyes the visitor can borrow. */
export interface Shopper {
  readonly id: string;
  readonly name: string;
  readonly mood: Mood;
}

/** The shoppers with a name. They come more often than the others. */
export const REGULARS: readonly Shopper[] = [
  { id: "ada", name: "Ada", mood: "looks at the stars" },
  { id: "bruno", name: "Bruno", mood: "keeps a window garden" },
  { id: "cleo", name: "Cleo", mood: "stays in when it rains" },
  { id: "dev", name: "Dev", mood: "is out in any weather" },
  { id: "esme", name: "Esme", mood: "writes letters" },
  { id: "finn", name: "Finn", mood: "has children on Sundays" },
];

/** How many shoppers have no name. */
const OTHERS = 240;
/** The share of the events that a regular makes. */
const REGULAR_SHARE = 0.08;
/** The share of the events in which somebody follows no mood. */
const WHIM = 0.12;
/** The kinds of events with their cumulative shares. */
const KINDS = [["view", 0.8], ["add_to_cart", 0.98], ["purchase", 1]] as const;

const MOOD_NAMES = Object.keys(MOODS) as Mood[];
const PRODUCTS = new Map(CATALOGUE.products.map((product) => [product.id, product]));

/** How many events the shop has had when it opens for the first time. */
export const PAST_EVENTS = 2_000;
/** How long ago the first of them was, in milliseconds. */
const PAST = minutes(20);

/** The event of an index, at a time in milliseconds since 1970. */
export function shopperEvent(index: number, timestamp_ms: number): UserEvent {
  const random = randomOf(index);
  const { id, mood } = shopper(random);
  const products: readonly string[] = MOODS[mood];
  // The square prefers what is wanted most.
  const product = random() < WHIM
    ? CATALOGUE.products[Math.floor(random() * CATALOGUE.products.length)]
    : PRODUCTS.get(products[Math.floor(random() ** 1.5 * products.length)])!;
  const kind = random();
  return {
    user_id: id,
    product_id: product.id,
    category: product.category,
    event_type: KINDS.find(([, upTo]) => kind < upTo)![0],
    timestamp_ms,
  };
}

/** The shop's past until `now`, in the order of time. */
export function pastEvents(now: number): UserEvent[] {
  return Array.from(
    { length: PAST_EVENTS },
    (_, index) => shopperEvent(index, Math.floor(now - PAST * (1 - (index + 1) / PAST_EVENTS))),
  );
}

function shopper(random: () => number): { readonly id: string; readonly mood: Mood } {
  if (random() < REGULAR_SHARE) return REGULARS[Math.floor(random() * REGULARS.length)];
  const number = Math.floor(random() * OTHERS);
  return { id: `shopper-${number}`, mood: MOOD_NAMES[number % MOOD_NAMES.length] };
}

/** Random numbers from 0 to 1 by mulberry32, with a new generator for each event. */
function randomOf(index: number): () => number {
  let state = Math.imul(index + 1, 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ state >>> 15, state | 1);
    word ^= word + Math.imul(word ^ word >>> 7, word | 61);
    return ((word ^ word >>> 14) >>> 0) / 2 ** 32;
  };
}
