/** The events of the benchmarks. Each is a function of its index, so that every process can compute all of them. */
import { keyPartition } from "../../connectors/partitioner.ts";
import type { OutputRecord } from "../../connectors/connector.ts";

export const USERS = 10_000;
export const PARTITIONS = 4;
/** The event time between two events of one user, in milliseconds: two and a half events in a minute. */
const USER_STEP = 24_000;
/** The most users that there can be: their names have five digits. */
const MOST_USERS = 100_000;
/**
 * By how much one event in twenty is out of order at most, in milliseconds. It is less than the five minutes that the
 * watermark allows.
 */
const DISORDER = 200_000;
const MINUTE = 60_000;

const CATEGORIES = ["books", "garden", "kitchen", "music", "sports", "toys", "travel"];
const encoder = new TextEncoder();
const keys: Uint8Array[] = [];
const partitions: number[] = [];

/** The partition of a user's events. */
export function partitionOfUser(user: number): number {
  prepare(user + 1);
  return partitions[user];
}

/** An event in the topic. */
export interface UserEvent {
  readonly user_id: string;
  readonly product_id: string;
  readonly category: string;
  readonly event_type: string;
  readonly timestamp_ms: number;
}

/** The name of a user: five digits, so that a probe finds the number without parsing. */
export function nameOf(user: number): string {
  return `user-${String(user).padStart(5, "0")}`;
}

/** Creates the keys of this many users, if they do not exist yet. */
function prepare(users: number): void {
  if (!(users >= 1 && users <= MOST_USERS)) {
    throw new RangeError(`Cannot make events of ${users} users: there can be 1 to ${MOST_USERS}`);
  }
  for (let user = keys.length; user < users; user++) {
    keys.push(encoder.encode(nameOf(user)));
    partitions.push(keyPartition(keys[user], PARTITIONS));
  }
}

/** The event time between two successive events, in milliseconds. */
export function stepOf(users: number): number {
  return USER_STEP / users;
}

/** The event time of an event. One in twenty is earlier than its neighbours. */
export function timeOf(index: number, first: number, users: number = USERS): number {
  const late = index % 20 === 7 ? (Math.imul(index, 0x9e3779b1) >>> 0) % DISORDER : 0;
  return Math.floor(first + index * stepOf(users) - late);
}

/** The record of an event; its own timestamp is its event time. */
export function eventRecord(
  index: number,
  { topic, timestamp, users = USERS }: { readonly topic: string; readonly timestamp: number; readonly users?: number },
): OutputRecord {
  if (keys.length < users) prepare(users);
  const user = index % users;
  const category = CATEGORIES[index % CATEGORIES.length];
  const type = index % 10 === 0 ? "purchase" : "view";
  const text = `{"user_id":"${nameOf(user)}","product_id":"product-${index % 977}","category":"${category}",` +
    `"event_type":"${type}","timestamp_ms":${timestamp}}`;
  return recordOf(user, text, { topic, timestamp });
}

/** The users of a shop, its products, and the groups of products that a user likes. */
export const SHOP = { users: 100_000, products: 10_000, groups: 200 } as const;
/** The types of a shop's events, with the shares that they have up to each of them. */
const SHOP_TYPES = [["view", 0.8], ["add_to_cart", 0.95], ["purchase", 1]] as const;

/** The user of an event of a shop. Few users cause many of the events: a tenth of them a third. */
export function shopUserOf(index: number): number {
  return Math.floor(fraction(index, 1) ** 2 * SHOP.users);
}

/** The record of an event of a shop: four of five are with products of the user's group. */
export function shopRecord(
  index: number,
  { topic, timestamp }: { readonly topic: string; readonly timestamp: number },
): OutputRecord {
  if (keys.length < SHOP.users) prepare(SHOP.users);
  const { products, groups } = SHOP;
  const user = shopUserOf(index), nth = fraction(index, 3) ** 2;
  const liked = fraction(index, 2) < 0.8;
  const product = liked ? user % groups + groups * Math.floor(nth * products / groups) : Math.floor(nth * products);
  const kind = fraction(index, 4);
  const type = SHOP_TYPES.find(([, upTo]) => kind < upTo)![0];
  const text = `{"user_id":"${nameOf(user)}","product_id":"product-${product}",` +
    `"category":"${CATEGORIES[product % CATEGORIES.length]}","event_type":"${type}","timestamp_ms":${timestamp}}`;
  return recordOf(user, text, { topic, timestamp });
}

/** A number from 0 to 1 that looks random: a function of the event and of what it is for. */
function fraction(index: number, purpose: number): number {
  let word = Math.imul(index ^ Math.imul(purpose, 0x9e3779b9), 0x21f0aaad);
  word = Math.imul(word ^ word >>> 15, 0x735a2d97);
  word = Math.imul(word ^ word >>> 13, 0x9e3779b1);
  return ((word ^ word >>> 16) >>> 0) / 2 ** 32;
}

/**
 * How many pairs of user and minute the first `count` events have, which is the number of results of the windows job.
 */
export function countWindows(count: number, first: number, users: number = USERS): number {
  const minutes = Math.ceil((count * stepOf(users) + DISORDER) / MINUTE) + 2;
  const from = Math.floor((first - DISORDER) / MINUTE);
  const seen = new Uint8Array(users * minutes);
  let windows = 0;
  for (let index = 0; index < count; index++) {
    const pair = index % users * minutes + Math.floor(timeOf(index, first, users) / MINUTE) - from;
    if (seen[pair] === 0) windows++;
    seen[pair] = 1;
  }
  return windows;
}

/** The record of an event of a user. */
function recordOf(
  user: number,
  text: string,
  { topic, timestamp }: { readonly topic: string; readonly timestamp: number },
): OutputRecord {
  return {
    topic,
    partition: partitions[user],
    timestamp,
    key: keys[user],
    value: encoder.encode(text),
    headers: undefined,
  };
}
