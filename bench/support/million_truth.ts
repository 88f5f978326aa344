/**
 * The expected results of the example job for a large input, in little memory: the count of each user, the results of
 * each user's minutes, and the late events. They are computed event by event from the definitions, independently of the
 * engine.
 */
import type { UserEvent } from "../../examples/recommendations/schema.ts";
import { GENERATION, type Traffic } from "../../examples/recommendations/traffic.ts";
import { minutes } from "../../mod.ts";

const MINUTE = minutes(1), BOUND = minutes(5), LATENESS = minutes(1);

/** The results of one user's minute: the first one counts `first`, each further one is late and counts one more. */
export interface MinuteResults {
  first: number;
  count: number;
  /** Whether the first one is on time. */
  onTime: boolean;
}

export class MillionTruth {
  readonly counts = new Map<string, number>();
  /** By `user/start`. */
  readonly minutes = new Map<string, MinuteResults>();
  /** `partition@offset` of each late event. */
  readonly late = new Set<string>();
  /** The state of each partition's clock. */
  readonly #partitions: { watermark: number; offset: number; open: Map<number, MinuteResults[]> }[];

  constructor(partitions: number) {
    this.#partitions = Array.from({ length: partitions }, () => ({ watermark: -Infinity, offset: 0, open: new Map() }));
  }

  /** Adds the next event of a partition. */
  add(partition: number, { user_id, timestamp_ms }: UserEvent): void {
    const clock = this.#partitions[partition];
    const offset = clock.offset++;
    this.counts.set(user_id, (this.counts.get(user_id) ?? 0) + 1);
    const start = Math.floor(timestamp_ms / MINUTE) * MINUTE;
    const last = start + MINUTE - 1;
    if (last + LATENESS <= clock.watermark) this.late.add(`${partition}@${offset}`);
    else this.#count(clock.open, { place: `${user_id}/${start}`, start, fired: last <= clock.watermark });
    clock.watermark = Math.max(clock.watermark, timestamp_ms - BOUND - 1);
    for (const [open, results] of clock.open) {
      if (open + MINUTE - 1 > clock.watermark) continue;
      for (const one of results) one.onTime = true;
      clock.open.delete(open);
    }
  }

  /** The input has ended: open windows fire. */
  end(): void {
    for (const { open } of this.#partitions) {
      for (const results of open.values()) for (const one of results) one.onTime = true;
    }
  }

  get results(): number {
    return this.minutes.values().reduce((sum, { first, count }) => sum + count - first + 1, 0);
  }

  #count(
    open: Map<number, MinuteResults[]>,
    { place, start, fired }: { place: string; start: number; fired: boolean },
  ): void {
    let one = this.minutes.get(place);
    if (one === undefined) {
      this.minutes.set(place, one = { first: 0, count: 0, onTime: false });
      if (!fired) push(open, start, one);
    }
    one.count++;
    // Until the window has fired, all events count for its first result.
    if (!fired || one.first === 0) one.first = one.count;
  }
}

/**
 * A traffic that ended at most some hours ago, because brokers delete old records and refuse records from the future.
 */
export function trafficOf(events: number, { seed, perSecond }: { seed: number; perSecond: number }): Traffic {
  return {
    version: GENERATION,
    seed,
    perSecond,
    began: Math.floor(Date.now() / MINUTE) * MINUTE - Math.ceil(events / perSecond) * 1000 - MINUTE,
  };
}

function push(open: Map<number, MinuteResults[]>, start: number, one: MinuteResults): void {
  const list = open.get(start);
  if (list === undefined) open.set(start, [one]);
  else list.push(one);
}
