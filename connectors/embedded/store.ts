/**
 * The interface of the embedded log to its KV, and the keys of its entries.
 *
 * | key | value |
 * |---|---|
 * | `["log", "topic", topic]` | {@linkcode TopicEntry} |
 * | `["log", "tail", topic]` | {@linkcode TailEntry}: moved by appends only |
 * | `["log", "start", topic]` | {@linkcode StartEntry}: moved by retention only |
 * | `["log", "chunk", topic, partition, first offset, part]` | bytes, see `packing.ts` |
 *
 * Tail and start have separate keys, so that an append and a retention under way at the same time cannot overwrite each
 * other.
 *
 * @module
 */
import { ATOMIC_MUTATIONS } from "../local/limits.ts";

/** A key of the log. */
export type LogKey = readonly (string | number)[];

/** An entry that was found. */
export interface LogEntry {
  readonly key: LogKey;
  readonly value: unknown;
  readonly versionstamp: string;
}

/** Which entries to list: those under a prefix, from `start` (inclusive) to `end` (exclusive). */
export interface LogRange {
  readonly prefix: LogKey;
  readonly start?: LogKey;
  readonly end?: LogKey;
  /** From the last to the first. */
  readonly reverse?: boolean;
  /** How many entries at most. */
  readonly limit?: number;
  /** How many entries are read at a time. */
  readonly batch?: number;
}

/** The content of one atomic. */
export interface LogChange {
  readonly checks?: readonly { readonly key: LogKey; readonly versionstamp: string | null }[];
  readonly sets?: readonly (readonly [key: LogKey, value: unknown])[];
  readonly deletes?: readonly LogKey[];
}

/** The operations of a KV that the log needs. */
export interface LogStore {
  get(key: LogKey): Promise<LogEntry | undefined>;
  list(range: LogRange): AsyncIterable<LogEntry>;
  /** Resolves with the new versionstamp, or with `undefined` when a check failed. */
  atomic(change: LogChange): Promise<string | undefined>;
}

/** The stored entry of a topic. */
export interface TopicEntry {
  readonly partitions: number;
  /** How many bytes of chunks the topic keeps. */
  readonly retentionBytes: number;
  /** Whether the topic is complete. */
  readonly ended: boolean;
}

/** How far a topic is written, by partition. */
export interface TailEntry {
  /** The offset that the next record will get. Readers stay below it. */
  readonly next: readonly number[];
  /** How many bytes of chunks were ever appended. */
  readonly appended: readonly number[];
}

/** Where a topic begins, by partition. */
export interface StartEntry {
  /** The first offset that is kept. */
  readonly first: readonly number[];
  /** How many bytes of chunks were ever deleted. */
  readonly dropped: readonly number[];
}

/** The key of a topic's entry; without a topic, the prefix of all. */
export function topicKey(topic?: string): LogKey {
  return topic === undefined ? ["log", "topic"] : ["log", "topic", topic];
}

/** The key of a topic's tail. */
export function tailKey(topic: string): LogKey {
  return ["log", "tail", topic];
}

/** The key of a topic's start. */
export function startKey(topic: string): LogKey {
  return ["log", "start", topic];
}

/**
 * The prefix of a partition's chunks. With an offset, a key that sorts before every part of the chunk that begins
 * there.
 */
export function chunkPrefix(topic: string, partition: number, first?: number): LogKey {
  const prefix = ["log", "chunk", topic, partition];
  return first === undefined ? prefix : [...prefix, first];
}

/** The key of one part of a chunk. */
export function chunkKey(topic: string, partition: number, place: { first: number; part: number }): LogKey {
  return ["log", "chunk", topic, partition, place.first, place.part];
}

/** The first offset of a chunk, from its key. */
export function firstOf(key: LogKey): number {
  return key[4] as number;
}

/** The part of a chunk, from its key. */
export function partOf(key: LogKey): number {
  return key[5] as number;
}

/** Deletes every entry of a range, with as many entries in an atomic as the KV allows. */
export async function deleteChunks(store: LogStore, range: LogRange): Promise<void> {
  while (true) {
    const keys: LogKey[] = [];
    for await (const { key } of store.list({ ...range, limit: ATOMIC_MUTATIONS })) keys.push(key);
    if (keys.length > 0) await store.atomic({ deletes: keys });
    if (keys.length < ATOMIC_MUTATIONS) return;
  }
}
