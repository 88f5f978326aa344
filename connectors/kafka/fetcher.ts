/**
 * Reads topic partitions from their leaders, only from offsets that it is given.
 *
 * Invariant: a partition's records are delivered in order, each once, and its position is the end of the delivered
 * records. For an offset that is out of range the observer decides where to go on; the fetcher never guesses.
 *
 * Calls to the observer are made one at a time. A batch waits while the observer decides about a missing offset. No
 * call begins after `halt` resolves.
 *
 * @module
 */

import type { Batch, Bounds } from "../connector.ts";
import type { TimerClock } from "../../base/clock.ts";
import type { FetchedPartition, FetchLimits, Line, PartitionPlace } from "./driver.ts";
import { brokerError, CODE, explain, isDisconnected, isPassing, type KafkaError } from "./errors.ts";
import { HeldBack } from "./held_back.ts";
import {
  FETCH_BYTES,
  FETCH_PARTITION_BYTES,
  FETCH_REST,
  FETCH_WAIT,
  IDLE_REPORT_INTERVAL,
  RETRY_PAUSE,
  SHARED_ANSWER_BYTES,
  SMALL_FETCH_BYTES,
} from "./limits.ts";
import { decodePartition } from "./record_batch_decode.ts";
import { Backoff, pause } from "../../base/backoff.ts";
import type { Trouble } from "./trouble.ts";

/** Receives what was read. */
export interface FetchObserver {
  batch(batch: Batch): void;
  missing(topic: string, partition: number, wanted: number, bounds: Bounds): Promise<number>;
  failed(error: Error): void;
}

/** One partition that is being read. */
interface Part {
  readonly topic: string;
  readonly partition: number;
  position: number;
  /** The position at the last fetch. An answer for another position is out of date. */
  asked: number;
  paused: boolean;
  leader: string | undefined;
  /** How many bytes a fetch must allow for this partition, because a batch was cut off. */
  needs: number;
  /** When the partition was last reported to be at its end, on the monotonic clock in milliseconds. */
  quietSince: number;
}

const LIMITS = { wait: FETCH_WAIT, partitionBytes: FETCH_PARTITION_BYTES, bytes: FETCH_BYTES };

/** Reads partitions. One reader owns it and halts it while the assignment changes. */
export class Fetcher {
  readonly #line: Line;
  readonly #observer: FetchObserver;
  readonly #trouble: Trouble;
  readonly #brokers: string;
  readonly #clock: TimerClock;
  readonly #held: HeldBack;
  readonly #parts = new Map<string, Part>();
  /** The ids of the topics when they were first read. */
  readonly #topics = new Map<string, string>();
  #run: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;
  #resumed = Promise.withResolvers<void>();
  /** Set while the observer decides about a missing offset. */
  #asking: Promise<void> | undefined;

  constructor(line: Line, { observer, trouble, brokers, clock }: {
    readonly observer: FetchObserver;
    readonly trouble: Trouble;
    readonly brokers: string;
    readonly clock: TimerClock;
  }) {
    this.#line = line;
    this.#observer = observer;
    this.#trouble = trouble;
    this.#brokers = brokers;
    this.#clock = clock;
    this.#held = new HeldBack(line, trouble, clock);
  }

  has(topic: string, partition: number): boolean {
    return this.#parts.has(keyOf(topic, partition));
  }

  /** Adds a partition, before it runs. */
  add(topic: string, partition: number, offset: number): void {
    if (this.#run) throw new Error("Cannot add a partition to a fetcher that runs");
    checkOffset(topic, partition, offset);
    const part = {
      topic,
      partition,
      position: offset,
      asked: -1,
      paused: false,
      leader: undefined,
      needs: 0,
      quietSince: -Infinity,
    };
    this.#parts.set(keyOf(topic, partition), part);
  }

  /** Removes all partitions except these, and except those of the topics in `whole`. */
  keep(kept: ReadonlyMap<string, readonly number[]>, whole?: ReadonlySet<string>): void {
    if (this.#run) throw new Error("Cannot take partitions from a fetcher that runs");
    for (const [key, { topic, partition }] of this.#parts) {
      if (whole?.has(topic) || kept.get(topic)?.includes(partition)) continue;
      this.#parts.delete(key);
      this.#held.forget(key);
    }
    // Nothing keeps a reader without partitions from reading, whatever did before.
    if (this.#parts.size === 0) this.#trouble.works("input");
  }

  pause(topic: string, partition: number): void {
    const part = this.#parts.get(keyOf(topic, partition));
    if (part) part.paused = true;
  }

  resume(topic: string, partition: number): void {
    const part = this.#parts.get(keyOf(topic, partition));
    if (!part?.paused) return;
    part.paused = false;
    this.#resumed.resolve();
    this.#resumed = Promise.withResolvers();
  }

  /** Goes on at another offset. Fetches under way are dropped. */
  seek(topic: string, partition: number, offset: number): void {
    checkOffset(topic, partition, offset);
    const part = this.#parts.get(keyOf(topic, partition));
    if (part) part.position = offset;
  }

  /** Begins to fetch. */
  run(): void {
    if (this.#run) throw new Error("Cannot run a fetcher that runs");
    const abort = new AbortController();
    this.#run = { abort, done: this.#supervise(abort.signal) };
  }

  /** Stops fetching. The positions are kept. */
  async halt(): Promise<void> {
    const run = this.#run;
    if (!run) return;
    run.abort.abort();
    this.#resumed.resolve();
    await run.done;
    this.#run = undefined;
    this.#resumed = Promise.withResolvers();
  }

  async #supervise(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff(RETRY_PAUSE, this.#clock);
    while (!signal.aborted) {
      try {
        await this.#line.connect();
        await this.#findLeaders();
        await this.#fetchFromAll(signal, () => {
          backoff.reset();
          this.#trouble.works("input");
        });
      } catch (error) {
        if (signal.aborted) return;
        if (!isPassing(error)) {
          this.#observer.failed(explain(error, "read from Kafka", this.#brokers));
          return;
        }
        this.#trouble.failed("input", error, explain(error, "read from Kafka for now", this.#brokers));
        if (isDisconnected(error)) this.#line.renew();
        await backoff.wait(signal);
      }
    }
  }

  async #findLeaders(): Promise<void> {
    for (const topic of new Set([...this.#parts.values()].map((part) => part.topic))) {
      const places = await this.#line.places(topic);
      await this.#checkTopic(topic);
      if (places === undefined) throw brokerError(CODE.unknownTopicOrPartition, `a question for the topic "${topic}"`);
      for (const { partition, leader } of places) {
        const part = this.#parts.get(keyOf(topic, partition));
        if (part) part.leader = leader;
      }
    }
  }

  /**
   * Fails when a topic was deleted and created anew while it is read: the old offsets mean nothing in the new topic.
   */
  async #checkTopic(topic: string): Promise<void> {
    const id = await this.#line.topicId(topic);
    const known = this.#topics.get(topic);
    if (known === undefined) {
      if (id !== undefined) this.#topics.set(topic, id);
    } else if (id !== undefined && id !== known) {
      throw new Error(
        `Cannot read on in topic "${topic}": it was deleted and made anew while it was read; ` +
          `start the job with reset to process the new topic`,
      );
    }
  }

  /** Runs one loop for each broker that leads a partition. When one loop fails, all end. */
  async #fetchFromAll(signal: AbortSignal, works: () => void): Promise<void> {
    const abort = new AbortController();
    const both = AbortSignal.any([signal, abort.signal]);
    const leaders = new Set([...this.#parts.values()].map((part) => part.leader));
    const loops = [...leaders].map(async (leader) => {
      try {
        if (leader === undefined) return await this.#awaitLeader(both);
        await this.#fetchFrom(leader, both, works);
      } catch (error) {
        abort.abort();
        // Wakes loops that wait for a partition to be resumed, so that they end.
        this.#resumed.resolve();
        this.#resumed = Promise.withResolvers();
        throw error;
      }
    });
    if (loops.length === 0) await aborted(signal);
    const failed = (await Promise.allSettled(loops)).find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
  }

  async #awaitLeader(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff(RETRY_PAUSE, this.#clock);
    for (let tries = 0; tries < 3 && !signal.aborted; tries++) await backoff.wait(signal);
    if (!signal.aborted) throw brokerError(CODE.leaderNotAvailable, "a question for a partition's leader");
  }

  async #fetchFrom(leader: string, signal: AbortSignal, works: () => void): Promise<void> {
    const led = [...this.#parts.values()].filter((part) => part.leader === leader);
    while (!signal.aborted) {
      // The broker fills its answer in the order of the request, so each partition is first in turn.
      led.push(led.shift()!);
      const wanted = led.filter((part) => !part.paused);
      if (wanted.length === 0) {
        await this.#resumed.promise;
        continue;
      }
      const asked = wanted.map((part) => {
        part.asked = part.position;
        return { topic: part.topic, partition: part.partition, offset: part.position };
      });
      const began = this.#clock.elapsed();
      const limits = limitsOf(wanted);
      const fetched = await this.#line.fetch(leader, asked, limits);
      while (this.#asking) await this.#asking;
      if (signal.aborted) return;
      let moved: KafkaError | undefined;
      for (const one of fetched) {
        if (signal.aborted) return;
        const key = keyOf(one.topic, one.partition);
        const part = this.#parts.get(key)!;
        if (part.asked !== part.position) continue;
        if (one.error === 0) {
          this.#deliver(part, one, limits.partitionBytes);
          if (this.#held.notice(key, part.position, one)) await this.#held.tell(key, part, one.latest);
        } else if (one.error === CODE.offsetOutOfRange) await this.#askForOffset(part);
        else {moved = brokerError(
            one.error,
            `a fetch of "${one.topic}" partition ${one.partition} at offset ${part.position}`,
          );}
      }
      if (moved) throw moved;
      works();
      const rest = FETCH_REST - (this.#clock.elapsed() - began);
      if (rest > 0 && isSmall(fetched)) await pause(this.#clock, rest, signal);
    }
  }

  #deliver(part: Part, fetched: FetchedPartition, limit: number): void {
    const { topic, partition, position: start } = part;
    const { records, position, needs = 0 } = decodePartition(
      { ...fetched, batches: own(fetched.batches) },
      start,
      limit,
    );
    part.needs = needs;
    const end = Math.max(fetched.end, position);
    const latest = Math.max(fetched.latest, end);
    if (position === start) {
      // No records. At the end of the partition this is reported from time to time. Before the end, the answer was full
      // of other partitions.
      const now = this.#clock.elapsed();
      if (start < end || now - part.quietSince < IDLE_REPORT_INTERVAL) return;
      part.quietSince = now;
    } else if (position === end) part.quietSince = this.#clock.elapsed();
    if (position < start) throw new Error(`The position of "${topic}" partition ${partition} went back`);
    part.position = position;
    this.#observer.batch({ topic, partition, records, bytes: records.bytes, start, position, end, latest });
  }

  async #askForOffset(part: Part): Promise<void> {
    const { topic, partition, position: wanted } = part;
    while (this.#asking) await this.#asking;
    const place: PartitionPlace = { partition, leader: part.leader };
    const [earliest] = await this.#line.listOffsets(topic, [place], -2);
    const [latest] = await this.#line.listOffsets(topic, [place], -1);
    // The offset is within the bounds after all: the leader has just changed, or the log's start has moved. The next
    // fetch will show which.
    if (wanted >= earliest && wanted <= latest) throw brokerError(CODE.leaderNotAvailable, "a fetch out of range");
    const asking = Promise.withResolvers<void>();
    this.#asking = asking.promise;
    try {
      const offset = await this.#observer.missing(topic, partition, wanted, { earliest, latest });
      checkOffset(topic, partition, offset);
      part.position = offset;
    } finally {
      this.#asking = undefined;
      asking.resolve();
    }
  }
}

/** Raises the limits so that a batch which was cut off comes whole. */
function limitsOf(parts: readonly Part[]): FetchLimits {
  const needs = parts.reduce((most, part) => Math.max(most, part.needs), 0);
  if (needs === 0) return LIMITS;
  return { ...LIMITS, partitionBytes: Math.max(FETCH_PARTITION_BYTES, needs), bytes: Math.max(FETCH_BYTES, needs) };
}

/** Copies bytes that would keep a much larger answer in memory. */
function own(bytes: Uint8Array): Uint8Array {
  const shared = bytes.buffer.byteLength;
  return shared > SHARED_ANSWER_BYTES && bytes.length * 2 < shared ? bytes.slice() : bytes;
}

/** Whether a fetch returned so little that the next one may wait for more records. */
function isSmall(fetched: readonly FetchedPartition[]): boolean {
  let bytes = 0;
  for (const { batches } of fetched) bytes += batches.length;
  return bytes < SMALL_FETCH_BYTES;
}

function checkOffset(topic: string, partition: number, offset: number): void {
  if (Number.isSafeInteger(offset) && offset >= 0) return;
  throw new RangeError(
    `Cannot read "${topic}" partition ${partition}: offset must be an integer >= 0, current value is ${offset}`,
  );
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
