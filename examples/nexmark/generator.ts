/**
 * Generates the events of the auction house. An event is a function of the options and its number, so the same options
 * give the same events.
 *
 * Proportions, ranges and hot keys are those of the generator of https://github.com/nexmark/nexmark
 * (`GeneratorConfig`, `PersonGenerator`, `AuctionGenerator` and `BidGenerator`). The random numbers are others.
 */
import { seconds } from "@tidemark/streams";
import { randomOf } from "../random.ts";
import { type Auction, type Bid, DISORDER, type NexmarkEvent, type Person } from "./events.ts";

type Random = () => number;

/** Options of {@linkcode nexmark}. */
export interface NexmarkOptions {
  /** Other events for another seed. @default 1 */
  readonly seed?: number;
  /** Events in a second of event time. @default 10_000 */
  readonly perSecond?: number;
  /** The time of the first event, in milliseconds since 1970. @default the beginning of 2026 */
  readonly began?: number;
  /** How far events come out of order, in milliseconds, at most 4 seconds. @default 1_000 */
  readonly disorder?: number;
  /** How many auctions are open at once, on average. @default 100 */
  readonly openAuctions?: number;
}

/** Of 50 events one is a person, three are auctions and 46 are bids. */
const PERSONS = 1, AUCTIONS = 3, ROUND = 50;
/** The ids of the first person and auction. */
const FIRST = 1_000;
const FIRST_CATEGORY = 10, CATEGORIES = 5;
/** How many of the latest persons take part. */
const ACTIVE = 1_000;
/** How many ids a bid or an auction may be ahead: it names what comes a little later. */
const LEAD = 10;
/** One of this many auctions and persons is hot. */
const HOT_EVERY = 100;
/** Shares of bids in a hot auction, of bids by a hot bidder, and of auctions of a hot seller. */
const HOT_AUCTION = 1 / 2, HOT_BIDDER = 3 / 4, HOT_SELLER = 3 / 4;

const FIRST_NAMES = ["Ada", "Alan", "Barbara", "Donald", "Edsger", "Frances", "Grace", "John", "Kathleen", "Tony"];
const LAST_NAMES = ["Allen", "Booth", "Dijkstra", "Hoare", "Hopper", "Knuth", "Liskov", "Lovelace", "Turing"];
const CITIES = ["Bend", "Boise", "Cheyenne", "Kent", "Los Angeles", "Phoenix", "Portland", "San Francisco", "Seattle"];
const STATES = ["AZ", "CA", "ID", "OR", "WA", "WY"];
const THINGS = [
  "bicycle",
  "camera",
  "chair",
  "guitar",
  "lamp",
  "microscope",
  "painting",
  "radio",
  "typewriter",
  "watch",
];

/**
 * The first events, in the order in which they arrive. Spread it for an array, or make a stream of it with `from()`.
 *
 * Event time rises with the number of an event. Groups of events, each shorter than `disorder`, arrive shuffled.
 *
 * @param count how many events
 * @param options seed, rate and disorder
 * @throws {RangeError} when an option is out of its range
 */
export function* nexmark(count: number, options: NexmarkOptions = {}): Generator<NexmarkEvent, void, undefined> {
  const all = checked(options);
  const group = Math.max(1, Math.floor(all.disorder * all.perSecond / 1000));
  for (let first = 0; first < count; first += group) {
    for (const number of shuffled(first, Math.min(group, count - first), all.seed)) yield nexmarkEvent(number, all);
  }
}

/** The event of a number, in the order of event time. */
export function nexmarkEvent(number: number, options: NexmarkOptions = {}): NexmarkEvent {
  const all = checked(options);
  const random = randomOf(all.seed, number);
  const place = number % ROUND;
  const at = timeOf(number, all);
  if (place < PERSONS) return person(number, at, random);
  return place < PERSONS + AUCTIONS ? auction(number, at, all, random) : bid(number, at, all, random);
}

function checked(
  { seed = 1, perSecond = 10_000, began = Date.UTC(2026, 0, 1), disorder = seconds(1), openAuctions = 100 }:
    NexmarkOptions,
): Required<NexmarkOptions> {
  if (!(perSecond > 0)) throw new RangeError(`perSecond must be above 0, current value is ${perSecond}`);
  if (!(disorder >= 0 && disorder <= DISORDER)) {
    throw new RangeError(`disorder must lie between 0 and ${DISORDER}, current value is ${disorder}`);
  }
  return { seed, perSecond, began, disorder, openAuctions };
}

function timeOf(number: number, { began, perSecond }: Required<NexmarkOptions>): number {
  return began + Math.floor(number * 1000 / perSecond);
}

/** The index of the last person at an event, counted from 0. */
function lastPerson(number: number): number {
  return Math.floor(number / ROUND);
}

/** The index of the last auction at an event, counted from 0; -1 before the first one. */
function lastAuction(number: number): number {
  const opened = Math.min(AUCTIONS, number % ROUND + 1 - PERSONS);
  return Math.floor(number / ROUND) * AUCTIONS + opened - 1;
}

function person(number: number, at: number, random: Random): Person {
  const first = oneOf(FIRST_NAMES, random), last = oneOf(LAST_NAMES, random);
  const id = FIRST + lastPerson(number);
  return {
    kind: "person",
    id,
    name: `${first} ${last}`,
    email: `${first}.${last}.${id}@example.com`.toLowerCase(),
    creditCard: Array.from({ length: 4 }, () => String(below(10_000, random)).padStart(4, "0")).join(" "),
    city: oneOf(CITIES, random),
    state: oneOf(STATES, random),
    at,
  };
}

function auction(number: number, at: number, options: Required<NexmarkOptions>, random: Random): Auction {
  const id = FIRST + lastAuction(number);
  const initialBid = price(random);
  const thing = oneOf(THINGS, random);
  // With this mean, as many auctions are open at once as the options say.
  const meanLength = timeOf(number + Math.ceil(options.openAuctions * ROUND / AUCTIONS), options) - at;
  const last = lastPerson(number);
  return {
    kind: "auction",
    id,
    itemName: thing,
    description: `A ${thing}, lot ${id}, as seen`,
    initialBid,
    reserve: initialBid + price(random),
    at,
    expires: at + 1 + below(Math.max(1, 2 * meanLength), random),
    seller: FIRST + (random() < HOT_SELLER ? hot(last) : active(last, ACTIVE, random)),
    category: FIRST_CATEGORY + below(CATEGORIES, random),
  };
}

function bid(number: number, at: number, { openAuctions }: Required<NexmarkOptions>, random: Random): Bid {
  const auctions = lastAuction(number), last = lastPerson(number);
  return {
    kind: "bid",
    auction: FIRST + (random() < HOT_AUCTION ? hot(auctions) : active(auctions, openAuctions, random)),
    // The person beside the hot seller, so that the two are not the same.
    bidder: FIRST + (random() < HOT_BIDDER ? hot(last) + 1 : active(last, ACTIVE, random)),
    price: price(random),
    at,
  };
}

/** The index that is hot at present. */
function hot(last: number): number {
  return Math.floor(last / HOT_EVERY) * HOT_EVERY;
}

/** One of the latest indices, or one that comes soon. */
function active(last: number, many: number, random: Random): number {
  const first = Math.max(0, last + 1 - many);
  return first + below(last + 1 - first + LEAD, random);
}

/** A price in cents: from a dollar to a million, as many between 1 and 10 as between 10 and 100, and so on. */
function price(random: Random): number {
  return Math.round(10 ** (random() * 6) * 100);
}

function oneOf<T>(values: readonly T[], random: Random): T {
  return values[below(values.length, random)];
}

function below(end: number, random: Random): number {
  return Math.floor(random() * end);
}

/** The numbers of a group in another order (Fisher and Yates). */
function shuffled(first: number, length: number, seed: number): number[] {
  const numbers = Array.from({ length }, (_, nth) => first + nth);
  const random = randomOf(~seed, first);
  for (let left = length - 1; left > 0; left--) {
    const other = below(left + 1, random);
    [numbers[left], numbers[other]] = [numbers[other], numbers[left]];
  }
  return numbers;
}
