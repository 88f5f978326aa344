/**
 * All writes to an embedded log: appends of producers, and the staged cuts of jobs.
 *
 * Invariant: in the KV, a topic's tail never covers an offset whose chunk is missing, and never goes back. Offsets are
 * assigned in memory, so two writes under way to one topic must not become durable in the wrong order:
 *
 * - appends run one after the other, and an append waits while a job's cut is staged for its topic;
 * - a cut cannot wait for an append under way. It carries that append's chunks along (the same bytes under the same
 *   keys) and its tail covers them: whichever is committed first, no chunk is missing. The append's own atomic checks
 *   the tail's versionstamp, so it cannot move the tail back when it comes second;
 * - one job at a time writes to a topic, and its staged cuts are committed in the order in which they were staged.
 *
 * @module
 */

import { FencedError } from "../../state/errors.ts";
import type { PackedRecord } from "../local/append.ts";
import type { AtomicWrites, OutputRecord } from "../connector.ts";
import { ATOMIC_BYTES, ATOMIC_MUTATIONS } from "../local/limits.ts";
import { packRecords } from "./packing.ts";
import { retain } from "./retention.ts";
import { chunkKey, type LogKey, type TailEntry, tailKey } from "./store.ts";
import { type EmbeddedTopics, tailOf, type TopicState } from "./topics.ts";

type Write = readonly [key: LogKey, value: unknown];

/** The owner of staged cuts: one open connection. */
export interface StagingOwner {
  /** The job's name, for messages. */
  readonly job: string;
}

/** An append after its offsets were assigned and before its atomic has ended. */
interface Flight {
  readonly topic: TopicState;
  readonly chunks: readonly Write[];
  /** The tail that makes it visible. */
  readonly tail: TailEntry;
  /** What becomes durable with the tail. */
  readonly along: readonly Write[];
  /** The cut that carries it along, if there is one. */
  carrier: Staging | undefined;
}

/** The cuts of an owner between `stage` and `committed`. */
interface Staging {
  readonly tails: Map<TopicState, TailEntry>;
  /** Resolves when the cut is committed or given up. */
  readonly settled: Promise<void>;
  readonly settle: () => void;
}

/** Writes to the topics of one log. */
export class LogWriter {
  readonly #topics: EmbeddedTopics;
  #queue: Promise<unknown> = Promise.resolve();
  #flight: Flight | undefined;
  #staged = new Map<StagingOwner, Staging>();
  #writers = new Map<TopicState, StagingOwner>();

  constructor(topics: EmbeddedTopics) {
    this.#topics = topics;
  }

  /** Runs work exclusively, in the order of the calls. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  /** Removes unfinished writes of earlier processes, and of failed appends of this process. */
  recover(): Promise<void> {
    return this.exclusive(async () => {
      for (const topic of this.#topics.all()) if (topic.stale) await this.#topics.refresh(topic);
    });
  }

  /**
   * Appends records, by partition. All of them become visible at once, and what is written along is then there too.
   * Resolves with the end of every partition.
   */
  append(
    topic: TopicState,
    records: readonly (readonly PackedRecord[])[],
    along: readonly Write[] = [],
  ): Promise<number[]> {
    return this.exclusive(async () => {
      for (let cut = this.#stagedFor(topic); cut !== undefined; cut = this.#stagedFor(topic)) await cut.settled;
      if (topic.ended) throw new Error(`Cannot append to the topic "${topic.name}" of the embedded log: it was ended.`);
      if (topic.stale) await this.#topics.refresh(topic);
      const chunks = give(topic, records);
      if (chunks.length > 0) await this.#fly({ topic, chunks, tail: tailOf(topic), along, carrier: undefined });
      await retain(this.#topics, topic);
      return topic.partitions.map((partition) => partition.end);
    });
  }

  /** Marks a topic as complete, after all writes under way. */
  end(topic: TopicState): Promise<void> {
    return this.exclusive(async () => {
      for (let cut = this.#stagedFor(topic); cut !== undefined; cut = this.#stagedFor(topic)) await cut.settled;
      await this.#topics.end(topic);
    });
  }

  /** Assigns offsets to the records of a cut; see {@linkcode InCommit}. */
  stage(owner: StagingOwner, records: readonly OutputRecord[]): AtomicWrites {
    const byTopic = this.#group(owner, records);
    const ahead: Write[] = [];
    const last: Write[] = [];
    // The tasks of a worker are cut one after the other, in the order of their commits, so a later tail covers an
    // earlier one.
    const staging = this.#staged.get(owner) ?? newStaging();
    for (const [topic, partitions] of byTopic) {
      const flight = this.#flight;
      if (flight !== undefined && flight.topic === topic) {
        flight.carrier = staging;
        for (const write of flight.chunks) ahead.push(write);
        last.push(...flight.along);
      }
      for (const write of give(topic, partitions)) ahead.push(write);
      const tail = tailOf(topic);
      staging.tails.set(topic, tail);
      last.push([tailKey(topic.name), tail]);
      this.#writers.set(topic, owner);
    }
    this.#staged.set(owner, staging);
    return { ahead, last };
  }

  /** Marks the owner's staged cuts as committed. */
  committed(owner: StagingOwner): void {
    const staging = this.#staged.get(owner);
    if (staging === undefined) {
      throw new Error(`The job "${owner.job}" committed a cut on the embedded log that it never staged.`);
    }
    this.#staged.delete(owner);
    for (const [topic, tail] of staging.tails) {
      topic.tailVersion = undefined;
      this.#show(topic, tail);
    }
    staging.settle();
    for (const topic of staging.tails.keys()) void retain(this.#topics, topic);
  }

  /** Removes an owner. If it has staged a cut and never saw it committed, the outcome is read from the KV. */
  async leave(owner: StagingOwner): Promise<void> {
    const staging = this.#staged.get(owner);
    if (staging !== undefined) {
      for (const topic of staging.tails.keys()) topic.stale = true;
      this.#staged.delete(owner);
      staging.settle();
      await this.recover();
    }
    for (const [topic, writer] of [...this.#writers]) {
      if (writer !== owner) continue;
      this.#writers.delete(topic);
      await topic.retaining;
    }
  }

  /** Checks everything that could be refused, before any state changes. */
  #group(owner: StagingOwner, records: readonly OutputRecord[]): Map<TopicState, OutputRecord[][]> {
    const byTopic = new Map<TopicState, OutputRecord[][]>();
    let name: string | undefined;
    let partitions: OutputRecord[][] = [];
    for (const record of records) {
      if (record.topic !== name) {
        const topic = this.#writable(owner, record.topic);
        let found = byTopic.get(topic);
        if (found === undefined) byTopic.set(topic, found = topic.partitions.map(() => []));
        partitions = found;
        name = record.topic;
      }
      const partition = partitions[record.partition];
      if (partition === undefined) {
        throw new RangeError(
          `Cannot write to partition ${record.partition} of the topic "${record.topic}": it has ${partitions.length} partitions.`,
        );
      }
      partition.push(record);
    }
    return byTopic;
  }

  #writable(owner: StagingOwner, name: string): TopicState {
    const topic = this.#topics.get(name);
    const writer = this.#writers.get(topic);
    if (writer !== undefined && writer !== owner) {
      throw new Error(
        `The job "${owner.job}" cannot write to the topic "${name}" of the embedded log, because the job "${writer.job}" in ` +
          `this process writes to it: let each job write to a topic of its own.`,
      );
    }
    if (topic.ended) throw new Error(`Cannot write to the topic "${name}" of the embedded log: it was ended.`);
    if (topic.stale) {
      throw new Error(`Cannot write to the topic "${name}" of the embedded log: an append to it failed.`);
    }
    return topic;
  }

  #stagedFor(topic: TopicState): Staging | undefined {
    for (const staging of this.#staged.values()) if (staging.tails.has(topic)) return staging;
    return undefined;
  }

  async #fly(flight: Flight): Promise<void> {
    const { topic, tail } = flight;
    this.#flight = flight;
    let versionstamp: string | undefined;
    let failure: unknown;
    try {
      versionstamp = await this.#commit(flight);
    } catch (error) {
      failure = error;
    }
    try {
      if (versionstamp === undefined) return await this.#settle(flight, failure);
      // A cut that carries this append along may have moved the tail since, or be about to move it.
      topic.tailVersion = flight.carrier === undefined ? versionstamp : undefined;
      this.#show(topic, tail);
    } finally {
      this.#flight = undefined;
    }
  }

  /** Writes an append. Chunks that do not fit into one atomic are written first; the last atomic moves the tail. */
  async #commit({ topic, chunks, tail, along }: Flight): Promise<string | undefined> {
    const store = this.#topics.store;
    if (topic.tailVersion === undefined) {
      topic.tailVersion = (await store.get(tailKey(topic.name)))?.versionstamp ?? null;
    }
    const checks = [{ key: tailKey(topic.name), versionstamp: topic.tailVersion }];
    let sets: Write[] = [];
    let bytes = 0;
    for (const write of chunks) {
      const size = (write[1] as Uint8Array).length;
      if (sets.length > 0 && (bytes + size > ATOMIC_BYTES || sets.length >= ATOMIC_MUTATIONS)) {
        await store.atomic({ sets });
        sets = [];
        bytes = 0;
      }
      sets.push(write);
      bytes += size;
    }
    return await store.atomic({ checks, sets: [...sets, ...along, [tailKey(topic.name), tail]] });
  }

  /** The outcome of an append's atomic is unknown. Reads it from the KV, and throws when the append was not written. */
  async #settle({ topic, tail, carrier }: Flight, failure: unknown): Promise<void> {
    await carrier?.settled;
    const entry = await this.#topics.store.get(tailKey(topic.name));
    const stored = entry?.value as TailEntry | undefined;
    // A cut that carried the append along may have moved the tail further. Otherwise the tail is exactly this one, or
    // the append was not written.
    const landed = carrier === undefined ? sameTail(stored, tail) : covers(stored, tail);
    if (landed) {
      topic.tailVersion = entry?.versionstamp;
      this.#show(topic, tail);
      return;
    }
    topic.stale = true;
    if (failure !== undefined) throw failure;
    throw new FencedError(
      `Another process has written to the topic "${topic.name}" of the embedded log. One process at a time can use it: stop the other one.`,
    );
  }

  #show(topic: TopicState, tail: TailEntry): void {
    for (const partition of topic.partitions) {
      const end = tail.next[partition.number];
      // A cut that carried an append along has made it visible already.
      if (end > partition.end) partition.end = end;
      if (partition.end > partition.next) {
        throw new Error(
          `The topic "${topic.name}" ends at ${partition.end}, beyond its next offset ${partition.next}.`,
        );
      }
    }
    this.#topics.changed(topic);
  }
}

function newStaging(): Staging {
  const { promise: settled, resolve: settle } = Promise.withResolvers<void>();
  return { tails: new Map(), settled, settle };
}

/** Assigns offsets to records and packs them. */
function give(topic: TopicState, records: readonly (readonly PackedRecord[])[]): Write[] {
  const writes: Write[] = [];
  for (const partition of topic.partitions) {
    const given = records[partition.number];
    if (given === undefined || given.length === 0) continue;
    for (const chunk of packRecords(given, partition.next)) {
      partition.recent.add(chunk);
      for (let part = 0; part < chunk.parts.length; part++) {
        const bytes = chunk.parts[part];
        writes.push([chunkKey(topic.name, partition.number, { first: chunk.first, part }), bytes]);
        partition.appended += bytes.length;
      }
    }
    partition.next += given.length;
  }
  return writes;
}

function sameTail(stored: TailEntry | undefined, tail: TailEntry): boolean {
  return stored !== undefined &&
    tail.next.every((next, partition) =>
      stored.next[partition] === next && stored.appended[partition] === tail.appended[partition]
    );
}

function covers(stored: TailEntry | undefined, tail: TailEntry): boolean {
  return stored !== undefined && tail.next.every((next, partition) => stored.next[partition] >= next);
}
