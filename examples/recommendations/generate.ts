/**
 * Generates the shop's traffic into the embedded log, from the end of the log on, at the requested rate.
 *
 * Only the log records the progress of the traffic: the sum of its partitions' ends is the next index. A batch is
 * written atomically, so the process that follows a killed one continues with the next event.
 */
import { type EmbeddedLog, hours, type Job, minutes } from "@tidemark/streams";
import type { Flags } from "./flags.ts";
import { eventAt, GENERATION, receivedAt, type Traffic } from "./traffic.ts";

/** The parameters of the generator. */
export interface Generating {
  readonly kv: Deno.Kv;
  readonly log: EmbeddedLog;
  /** The job that reads the traffic. */
  readonly job: Job;
  readonly flags: Flags;
  /** Stops the generator between two batches. */
  readonly signal: AbortSignal;
}

/** The most events of one batch. */
const BATCH = 4_000;
/** How many events may wait for the job: about 8 MB of them. */
const AHEAD = 50_000;
/** Events in a second of the shop's time, when no rate is given. */
const SHOP_RATE = 200;
/** The seed when none is given. */
const SEED = 1;
/** How often the pace is checked, in milliseconds. */
const TICK = 10;
/** How far the shop's time may be ahead of the clock. An event from tomorrow would be a bad record. */
const SHOP_AHEAD = hours(12);

/** The key in the KV for the traffic of a topic. */
export function trafficKey(topic: string): string[] {
  return ["shop", "traffic", topic];
}

/** The stored description of a traffic. */
interface Remembered extends Traffic {
  /** The total number of events, set when the last one is in the log. */
  readonly total?: number;
}

/** Appends the number of events that the flags give, then marks the topic as ended. */
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
  // The total is stored first. If this process dies in between, the next one knows that no events are left.
  await kv.set(key, { ...traffic, total });
  await log.end(input);
}

/** The traffic of this log: the stored one, or a new one. */
async function recall(kv: Deno.Kv, key: readonly string[], { events, rate, seed }: Flags): Promise<Remembered> {
  const { value } = await kv.get<Remembered>(key);
  if (value?.version !== undefined && value.version !== GENERATION) {
    throw new Error(
      `The traffic of ${
        key[2]
      } was begun with version ${value.version} of the generator, and this is version ${GENERATION}: start the program that began it, or give another --state`,
    );
  }
  if (value !== null && (seed === undefined || seed === value.seed)) return value;
  if (value !== null) {
    throw new Error(
      `The traffic of ${
        key[2]
      } was begun with seed ${value.seed} and cannot go on with --seed ${seed}: leave --seed out, or give another --state`,
    );
  }
  const perSecond = rate ?? SHOP_RATE;
  // Without a rate, a bounded traffic is generated faster than real time. It begins in the past, so that it ends about
  // now.
  const ago = rate === undefined && events !== undefined ? events / perSecond * 1000 : 0;
  // It begins on a full minute, so that the same seed fills the same windows at any start.
  const began = Math.floor((Date.now() - ago) / minutes(1)) * minutes(1);
  const traffic = { version: GENERATION, seed: seed ?? SEED, began, perSecond };
  await kv.set(key, traffic);
  return traffic;
}

/** Returns a function that gives the index up to which events may be appended now. */
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

/** Waits, or returns early when the signal is aborted. */
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
