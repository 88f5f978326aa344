/**
 * The topics of one embedded log, as this process knows them. The KV is the source of truth. The copy in memory stays
 * current because one process at a time uses the log.
 *
 * Invariants: `first <= end <= next` for every partition. Records from `first` to `end` are committed and may be read.
 * Records from `end` to `next` have their offsets and are being written. Chunks at or beyond `end` that this process is
 * not writing are orphans of a dead process.
 *
 * @module
 */

import { DEFAULT_RETENTION_BYTES, MAX_PARTITIONS } from "../local/limits.ts";
import {
  chunkPrefix,
  type LogStore,
  type StartEntry,
  startKey,
  type TailEntry,
  tailKey,
  type TopicEntry,
  topicKey,
} from "./store.ts";
import { deleteChunks } from "./store.ts";
import { RecentChunks } from "./recent.ts";

/** One partition. */
export interface PartitionState {
  readonly number: number;
  /** The first offset that is kept. */
  first: number;
  /** The committed end. Readers stay below it. */
  end: number;
  /** The offset that the next record will get. */
  next: number;
  /** Bytes ever appended, including writes under way. */
  appended: number;
  /** Bytes ever deleted. */
  dropped: number;
  /**
   * The size of a stored value in the last fetch, in bytes. The next fetch computes from it how many entries to read at
   * a time.
   */
  entryBytes: number;
  /** The newest chunks, including those being written. */
  readonly recent: RecentChunks;
}

/** One topic. */
export interface TopicState {
  readonly name: string;
  readonly partitions: readonly PartitionState[];
  retentionBytes: number;
  ended: boolean;
  /**
   * The versionstamp of the tail; `null` before the first append, `undefined` when a job's epoch has moved the tail
   * since.
   */
  tailVersion: string | null | undefined;
  /**
   * Whether the tail must be read and orphans must be removed before anything is written: the topic was just found in
   * the KV, an append failed, or a staged cut was given up. Otherwise new chunks could lie between orphans.
   */
  stale: boolean;
  /** The run of retention under way. */
  retaining: Promise<void> | undefined;
  /** The partition for the next record without a key. */
  turn: number;
}

/** All topics of one KV. */
export class EmbeddedTopics {
  readonly store: LogStore;
  #topics = new Map<string, TopicState>();
  #watchers = new Set<(topic: string) => void>();
  #loading: Promise<void> | undefined;

  constructor(store: LogStore) {
    this.store = store;
  }

  /** Reads all topics from the KV, when it is called for the first time. */
  load(): Promise<void> {
    return this.#loading ??= this.#load().catch((error) => {
      this.#loading = undefined;
      throw error;
    });
  }

  /** The names of all topics, sorted. */
  names(): string[] {
    return [...this.#topics.keys()].sort();
  }

  find(name: string): TopicState | undefined {
    return this.#topics.get(name);
  }

  /** A topic. Throws when it does not exist. */
  get(name: string): TopicState {
    const topic = this.#topics.get(name);
    if (topic === undefined) {
      throw new Error(`The topic "${name}" does not exist on the embedded log: make it with create("${name}").`);
    }
    return topic;
  }

  all(): Iterable<TopicState> {
    return this.#topics.values();
  }

  /** Creates a topic. An existing topic keeps its records and gets the new retention. */
  async create(name: string, options: { partitions: number; retentionBytes: number | undefined }): Promise<void> {
    checkTopic(name, options);
    const { partitions, retentionBytes } = options;
    const found = this.#topics.get(name);
    if (found !== undefined && found.partitions.length !== partitions) {
      throw new Error(
        `Cannot create the topic "${name}" with ${partitions} partitions: it exists with ${found.partitions.length}. ` +
          `A topic of the embedded log keeps its number of partitions.`,
      );
    }
    if (found !== undefined && (retentionBytes === undefined || retentionBytes === found.retentionBytes)) return;
    const entry: TopicEntry = {
      partitions,
      retentionBytes: retentionBytes ?? DEFAULT_RETENTION_BYTES,
      ended: found?.ended ?? false,
    };
    await this.store.atomic({ sets: [[topicKey(name), entry]] });
    if (found !== undefined) found.retentionBytes = entry.retentionBytes;
    else this.#topics.set(name, newTopic(name, { entry, stale: false }));
  }

  /** Marks a topic as complete. */
  async end(topic: TopicState): Promise<void> {
    const entry: TopicEntry = {
      partitions: topic.partitions.length,
      retentionBytes: topic.retentionBytes,
      ended: true,
    };
    await this.store.atomic({ sets: [[topicKey(topic.name), entry]] });
    topic.ended = true;
    this.changed(topic);
  }

  /** Calls the listener when a topic has new records or has ended. Returns a function that removes the listener. */
  watch(listener: (topic: string) => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  changed(topic: TopicState): void {
    for (const watcher of [...this.#watchers]) watcher(topic.name);
  }

  /**
   * Reads a topic's tail again and removes chunks of appends that were never committed. This process must have no write
   * to the topic under way.
   */
  async refresh(topic: TopicState): Promise<void> {
    const tail = await this.store.get(tailKey(topic.name));
    takeTail(topic, tail?.value as TailEntry | undefined);
    topic.tailVersion = tail?.versionstamp ?? null;
    for (const partition of topic.partitions) {
      const prefix = chunkPrefix(topic.name, partition.number);
      await deleteChunks(this.store, { prefix, start: chunkPrefix(topic.name, partition.number, partition.end) });
      await deleteChunks(this.store, { prefix, end: chunkPrefix(topic.name, partition.number, partition.first) });
    }
    topic.stale = false;
  }

  async #load(): Promise<void> {
    for await (const { key, value } of this.store.list({ prefix: topicKey() })) {
      const topic = newTopic(key[2] as string, { entry: value as TopicEntry, stale: true });
      const tail = await this.store.get(tailKey(topic.name));
      takeTail(topic, tail?.value as TailEntry | undefined);
      topic.tailVersion = tail?.versionstamp ?? null;
      takeStart(topic, (await this.store.get(startKey(topic.name)))?.value as StartEntry | undefined);
      this.#topics.set(topic.name, topic);
    }
  }
}

/** A topic's tail to be stored, including writes under way. */
export function tailOf(topic: TopicState): TailEntry {
  return {
    next: topic.partitions.map((partition) => partition.next),
    appended: topic.partitions.map((partition) => partition.appended),
  };
}

/** A topic's start to be stored. */
export function startOf(topic: TopicState): StartEntry {
  return {
    first: topic.partitions.map((partition) => partition.first),
    dropped: topic.partitions.map((partition) => partition.dropped),
  };
}

function takeTail(topic: TopicState, tail: TailEntry | undefined): void {
  for (const partition of topic.partitions) {
    partition.end = partition.next = tail?.next[partition.number] ?? 0;
    partition.appended = tail?.appended[partition.number] ?? 0;
    partition.recent.clear();
  }
}

function takeStart(topic: TopicState, start: StartEntry | undefined): void {
  for (const partition of topic.partitions) {
    partition.first = start?.first[partition.number] ?? 0;
    partition.dropped = start?.dropped[partition.number] ?? 0;
  }
}

function newTopic(name: string, { entry, stale }: { entry: TopicEntry; stale: boolean }): TopicState {
  return {
    name,
    partitions: Array.from({ length: entry.partitions }, (_, number) => ({
      number,
      first: 0,
      end: 0,
      next: 0,
      appended: 0,
      dropped: 0,
      entryBytes: 0,
      recent: new RecentChunks(),
    })),
    retentionBytes: entry.retentionBytes,
    ended: entry.ended,
    tailVersion: null,
    stale,
    retaining: undefined,
    turn: 0,
  };
}

function checkTopic(name: string, options: { partitions: number; retentionBytes: number | undefined }): void {
  if (typeof name !== "string" || name === "" || name.length > 249) {
    throw new TypeError(
      `Cannot create a topic: its name must have 1 to 249 characters, current value is ${JSON.stringify(name)}`,
    );
  }
  const { partitions, retentionBytes } = options;
  if (!Number.isSafeInteger(partitions) || partitions < 1 || partitions > MAX_PARTITIONS) {
    throw new RangeError(
      `Cannot create the topic "${name}": partitions must be an integer from 1 to ${MAX_PARTITIONS}, current value is ${partitions}`,
    );
  }
  if (retentionBytes !== undefined && !(retentionBytes > 0)) {
    throw new RangeError(
      `Cannot create the topic "${name}": retentionBytes must be > 0, current value is ${retentionBytes}`,
    );
  }
}
