/**
 * The input: events of a few users, out of order, some of them too late for their windows.
 *
 * @module
 */
import { keyPartition } from "../../connectors/partitioner.ts";
import type { OutputRecord } from "../../connectors/connector.ts";
import type { Scenario } from "./scenario.ts";
import { BEGIN } from "./trace.ts";
import { seeded } from "../../base/random.ts";

/** A record of the input. */
export interface Event {
  readonly user: string;
  readonly n: number;
  /** Event time, in milliseconds. */
  readonly time: number;
}

export const INPUT = "events";
/** All users that may have events. A run has the first few of them. */
export const USERS: readonly string[] = Array.from({ length: 11 }, (_, n) => `user-${n}`);
export const WINDOW = 10_000;
export const DISORDER = 5000;
export const LATENESS = 6000;

/** The start of the window for a time. */
export function windowOf(time: number): number {
  return Math.floor(time / WINDOW) * WINDOW;
}

const encoder = new TextEncoder();

/** The input of a run, in the order in which it is written. */
export function inputOf(
  { seed, records, partitions, badEvery, ahead = false, users: wanted }: Scenario,
): OutputRecord[] {
  const random = seeded(seed ^ 0x5eed);
  const drawn = 2 + Math.floor(random() * (USERS.length - 2));
  const users = wanted ?? drawn;
  const list: OutputRecord[] = [];
  // Where event time lies in the past, the wall clock has no part in this.
  let time = ahead ? BEGIN : BEGIN - 86_400_000 / 2;
  for (let n = 0; n < records; n++) {
    time += Math.floor(random() * 1500);
    const behind = random() < 0.06 ? DISORDER + random() * 40_000 : random() < 0.5 ? random() * DISORDER : 0;
    const user = `user-${Math.floor(random() * users)}`;
    const event: Event = { user, n, time: Math.floor(time - behind) };
    const bad = badEvery > 0 && random() < 1 / badEvery;
    const partition = keyPartition(encoder.encode(user), partitions);
    list.push(eventRecord({ topic: INPUT, partition, event, text: bad ? `not JSON: ${n}` : undefined }));
  }
  return list;
}

/** A user whose events belong to a partition. */
export function userOf(partition: number, partitions: number): string {
  for (let n = 0;; n++) if (keyPartition(encoder.encode(`guest-${n}`), partitions) === partition) return `guest-${n}`;
}

/** The record of an event, or of a text in its place. */
export function eventRecord({ topic, partition, event, text = JSON.stringify(event) }: {
  readonly topic: string;
  readonly partition: number;
  readonly event: Event;
  readonly text?: string | undefined;
}): OutputRecord {
  const [key, value] = [encoder.encode(event.user), encoder.encode(text)];
  return { topic, partition, timestamp: BEGIN, key, value, headers: undefined };
}
