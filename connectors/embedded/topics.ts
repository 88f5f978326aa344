/**
 * The topics of one embedded log as this process knows them. The KV holds the truth; what is here follows it, because one
 * process at a time has the log.
 *
 * Invariants: `first <= end <= next` for every partition. Records from `first` to `end` are committed and may be read; those
 * from `end` to `next` have their offsets and are on their way; chunks at or beyond `end` that no append of this process has
 * on its way are orphans of one that died.
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
  /** The committed end: nobody reads at or beyond it. */
  end: number;
  /** The offset that the next record will get. */
  next: number;
  /** Bytes ever appended, with those on their way. */
  appended: number;
  /** Bytes ever deleted. */
  dropped: number;
  /** How many bytes a stored value had in the last fetch, so that the next one reads as many at a time as it needs. */
  entryBytes: number;
  /** The newest chunks, also those that are on their way. */
  readonly recent: RecentChunks;
}

/** One topic. */
export interface TopicState {
  readonly name: string;
  readonly partitions: readonly PartitionState[];
  retentionBytes: number;
  ended: boolean;
  /** The versionstamp of the tail; `null` before the first append, `undefined` when a job's epoch has moved it since. */
  tailVersion: string | null | undefined;
  /**
   * True when the tail must be read and orphans must be swept before anything is written: the topic was just found in the KV,
   * an append failed or a staged cut was given up. What is appended could otherwise come to lie between orphans.
   */
  stale: boolean;
  /** The deleting of old chunks that is under way. */
  retaining: Promise<void> | undefined;
  /** The partition that the next record without a key gets. */
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

  /** Reads what is there, the first time it is called. */
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

  /** The topic, which must exist. */
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

  /** Makes a topic. One that exists keeps its records; its retention becomes the given one. */
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

  /** Calls the listener when a topic has new records or has ended. Returns what stops that. */
  watch(listener: (topic: string) => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  changed(topic: TopicState): void {
    for (const watcher of [...this.#watchers]) watcher(topic.name);
  }

  /**
   * Reads a topic's tail again and removes what an append that never was committed has left behind. Nothing of this process
   * may be on its way to the topic.
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

/** A topic's tail as it is to be stored, with what is on its way. */
export function tailOf(topic: TopicState): TailEntry {
  return {
    next: topic.partitions.map((partition) => partition.next),
    appended: topic.partitions.map((partition) => partition.appended),
  };
}

/** A topic's start as it is to be stored. */
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
