/**
 * Brings the shop's traffic to the embedded log, from where the log ends, at the rate that is asked for.
 *
 * The log is the only memory of how far the traffic is: the sum of its partitions' ends is the next index. A batch is in the
 * log whole or not at all, so a process that was killed is followed by one that goes on with the very next event.
 */
import { type EmbeddedLog, hours, type Job, minutes } from "@tidemark/streams";
import type { Flags } from "./flags.ts";
import { eventAt, receivedAt, type Traffic } from "./traffic.ts";

/** What the generator works with. */
export interface Generating {
  readonly kv: Deno.Kv;
  readonly log: EmbeddedLog;
  /** Whoever reads the traffic. */
  readonly job: Job;
  readonly flags: Flags;
  /** Ends it between two batches. */
  readonly signal: AbortSignal;
}

/** The most events of one batch. */
const BATCH = 4_000;
/** How many events may wait for the job: about 8 MB of them. */
const AHEAD = 50_000;
/** How many events a second of the shop's time has when they come as fast as they can. */
const SHOP_RATE = 200;
/** Which traffic it is when nobody says. */
const SEED = 1;
/** How often the pace is looked at, in milliseconds. */
const TICK = 10;
/** How far the shop's time may run ahead of the clock: an event from tomorrow would be a bad record. */
const SHOP_AHEAD = hours(12);

/** Where the KV remembers which traffic a topic holds. */
export function trafficKey(topic: string): string[] {
  return ["shop", "traffic", topic];
}

/** What is remembered of a traffic. */
interface Remembered extends Traffic {
  /** How many events there are in all, once the last one is in the log. */
  readonly total?: number;
}

/** Appends events until there are as many as the flags say, then says that the topic has ended. */
export async function generate({ kv, log, job, flags, signal }: Generating): Promise<void> {
  const { events = Infinity, rate = Infinity, topics: { input } } = flags;
  const key = trafficKey(input);
  const traffic = await recall(kv, key, flags);
  const total = traffic.total ?? events;
  const first = (await log.bounds(input)).reduce((sum, { latest }) => sum + latest, 0);
  const pace = paceOf({ traffic, job, rate, first });
  for (let next = first; next < total;) {
    const allowed = Math.min(pace(), next + BATCH, total);
    if (allowed <= next) await pause(TICK, signal);
    else await log.append(input, batch(traffic, next, allowed));
    if (signal.aborted) return;
    next = Math.max(next, allowed);
  }
  // Remembered first: if this process dies in between, the next one still knows that nothing is to come.
  await kv.set(key, { ...traffic, total });
  await log.end(input);
}

/** The traffic of this log: the one that was begun in it, or a new one. */
async function recall(kv: Deno.Kv, key: readonly string[], { events, rate, seed }: Flags): Promise<Remembered> {
  const { value } = await kv.get<Remembered>(key);
  if (value !== null && (seed === undefined || seed === value.seed)) return value;
  if (value !== null) {
    throw new Error(
      `The traffic of ${
        key[2]
      } was begun with seed ${value.seed} and cannot go on with --seed ${seed}: leave --seed out, or give another --state`,
    );
  }
  const perSecond = rate ?? SHOP_RATE;
  // A traffic that comes faster than the shop's time passes has been going on for a while, and ends about now.
  const ago = rate === undefined && events !== undefined ? events / perSecond * 1000 : 0;
  // On a full minute: then the same seed fills the same windows whenever the shop opens.
  const began = Math.floor((Date.now() - ago) / minutes(1)) * minutes(1);
  const traffic = { seed: seed ?? SEED, began, perSecond };
  await kv.set(key, traffic);
  return traffic;
}

/** Up to which index events may be appended at this moment. */
function paceOf(
  { traffic, job, rate, first }: { traffic: Traffic; job: Job; rate: number; first: number },
): () => number {
  const began = performance.now();
  const before = job.metrics.snapshot().records_in;
  return () => {
    const due = rate === Infinity ? Infinity : first + Math.floor((performance.now() - began) / 1000 * rate);
    const processed = job.metrics.snapshot().records_in - before;
    const shopTime = Date.now() + SHOP_AHEAD - receivedAt(traffic, 0);
    return Math.min(due, first + processed + AHEAD, Math.floor(shopTime / 1000 * traffic.perSecond));
  };
}

function batch(traffic: Traffic, from: number, to: number): { key: string; value: unknown }[] {
  return Array.from({ length: to - from }, (_, nth) => {
    const value = eventAt(traffic, from + nth);
    return { key: value.user_id, value };
  });
}

/** Waits, or until the signal. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
  });
}
