/**
 * Reads the embedded log: whole chunks in the order of their offsets, up to the committed end.
 *
 * @module
 */

import { CorruptError } from "../../state/errors.ts";
import type { From, InputRecord } from "../connector.ts";
import { BATCH_BYTES, BATCH_RECORDS } from "../local/limits.ts";
import { readChunkHead, unpackChunk } from "./packing.ts";
import { chunkPrefix, firstOf, type LogEntry, partOf } from "./store.ts";
import type { EmbeddedTopics, PartitionState, TopicState } from "./topics.ts";

/** The partition and the offset to read from. */
export interface FetchFrom {
  readonly topic: TopicState;
  readonly partition: PartitionState;
  readonly from: number;
}

/**
 * The records from an offset on, about one batch of them. Empty at the end of the partition, and when retention has
 * deleted them meanwhile (then `from` is below the partition's first offset).
 *
 * @throws {CorruptError} when an entry in the KV is not what was written
 */
export async function fetchRecords(topics: EmbeddedTopics, place: FetchFrom): Promise<InputRecord[]> {
  const { topic, partition, from } = place;
  if (from < partition.first || from >= partition.end) return [];
  const recent = readRecent(place);
  if (recent !== undefined) return recent;
  // A reader goes from chunk to chunk, so a chunk usually begins at this offset. Only a first fetch may have to search.
  const records = await readRun(topics, { ...place, begin: from }) ??
    await readRun(topics, { ...place, begin: await chunkWith(topics, place) });
  if (records !== undefined && records.length > 0) return records;
  if (from < partition.first) return [];
  throw new CorruptError(
    `The embedded log has no record at ${topic.name}/${partition.number}@${from}, which was committed.`,
    chunkPrefix(topic.name, partition.number, from),
  );
}

/** Records from the chunks in memory; `undefined` when the chunk with the first record is not in memory. */
function readRecent({ topic, partition, from }: FetchFrom): InputRecord[] | undefined {
  const recent = partition.recent.from(from);
  if (recent === undefined) return undefined;
  const records: InputRecord[] = [];
  let bytes = 0;
  for (const { first, parts } of recent) {
    // Records at or beyond the end belong to a write under way, which may fail.
    if (first >= partition.end || records.length >= BATCH_RECORDS || bytes >= BATCH_BYTES) break;
    const whole = parts.length === 1 ? parts[0] : joined(parts);
    unpackChunk({ bytes: whole, topic: topic.name, partition: partition.number, first, from }, records);
    bytes += whole.length;
  }
  return records;
}

/** The first offset of the last chunk that begins at or before `from`. */
async function chunkWith(topics: EmbeddedTopics, { topic, partition, from }: FetchFrom): Promise<number> {
  const range = {
    prefix: chunkPrefix(topic.name, partition.number),
    end: chunkPrefix(topic.name, partition.number, from + 1),
  };
  for await (const { key } of topics.store.list({ ...range, reverse: true, limit: 1 })) return firstOf(key);
  return from;
}

/** Reads chunks from the chunk at `begin` on; `undefined` when none begins there. */
async function readRun(
  topics: EmbeddedTopics,
  { topic, partition, from, begin }: FetchFrom & { begin: number },
): Promise<InputRecord[] | undefined> {
  const records: InputRecord[] = [];
  const run = { topic: topic.name, partition: partition.number, from };
  let expected = begin;
  let bytes = 0;
  let entries = 0;
  let parts: Uint8Array[] = [];
  let wanted = 1;
  for await (const entry of chunks(topics, { topic, partition, from: begin })) {
    if (firstOf(entry.key) !== expected || partOf(entry.key) !== parts.length) {
      if (entries === 0) return undefined;
      break;
    }
    const value = bytesOf(entry);
    if (parts.length === 0) wanted = sound(entry, () => readChunkHead(value)).parts;
    parts.push(value);
    bytes += value.length;
    entries++;
    if (parts.length < wanted) continue;
    const whole = wanted === 1 ? value : joined(parts);
    const { count } = sound(entry, () => readChunkHead(whole));
    sound(entry, () => unpackChunk({ ...run, bytes: whole, first: expected }, records));
    expected += count;
    parts = [];
    if (expected >= partition.end || records.length >= BATCH_RECORDS || bytes >= BATCH_BYTES) break;
  }
  if (entries > 0) partition.entryBytes = bytes / entries;
  return entries === 0 ? undefined : records;
}

/**
 * The first offset of a partition whose record has this timestamp or a later one; the partition's end when there is
 * none. Reads the heads of all chunks, so it takes as long as reading the partition.
 */
export async function offsetAtTime(
  topics: EmbeddedTopics,
  { topic, partition, time }: { topic: TopicState; partition: PartitionState; time: number },
): Promise<number> {
  for await (const entry of chunks(topics, { topic, partition, from: partition.first })) {
    if (partOf(entry.key) !== 0) continue;
    if (sound(entry, () => readChunkHead(bytesOf(entry))).maxTimestamp < time) continue;
    const records = await fetchRecords(topics, { topic, partition, from: firstOf(entry.key) });
    const found = records.find((record) => record.timestamp >= time);
    if (found !== undefined) return found.offset;
  }
  return partition.end;
}

/** The offset of every partition for a reader that begins at `from`. */
export async function startOffsets(topics: EmbeddedTopics, name: string, from: From): Promise<number[]> {
  const topic = topics.get(name);
  const offsets: number[] = [];
  for (const partition of topic.partitions) {
    if (from === "earliest") offsets.push(partition.first);
    else if (from === "latest") offsets.push(partition.end);
    else offsets.push(await offsetAtTime(topics, { topic, partition, time: from }));
  }
  return offsets;
}

/** The stored values of a partition from the chunk at `from` on, up to its present end. */
function chunks(topics: EmbeddedTopics, { topic, partition, from }: FetchFrom): AsyncIterable<LogEntry> {
  const typical = partition.entryBytes;
  return topics.store.list({
    prefix: chunkPrefix(topic.name, partition.number),
    start: chunkPrefix(topic.name, partition.number, from),
    end: chunkPrefix(topic.name, partition.number, partition.end),
    batch: typical === 0 ? 16 : Math.max(2, Math.min(500, Math.ceil(BATCH_BYTES / 2 / typical))),
  });
}

function bytesOf(entry: LogEntry): Uint8Array {
  if (entry.value instanceof Uint8Array) return entry.value;
  throw new CorruptError(`The embedded log's entry ${JSON.stringify(entry.key)} holds no bytes.`, entry.key);
}

/** Unpacks an entry. Names the entry in the error when that fails. */
function sound<T>(entry: LogEntry, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CorruptError(
      `The embedded log's entry ${JSON.stringify(entry.key)} is not what was written: ${reason}.`,
      entry.key,
    );
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
