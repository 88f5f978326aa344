/**
 * Retention: a topic of the embedded log keeps a given number of bytes. When it has more, its oldest chunks are
 * deleted.
 *
 * The fullest partition loses chunks first, so a partition with less than its share of the bytes loses nothing. The
 * newest chunk of a partition always stays. As in Kafka, retention does not wait for jobs: a reader that comes too late
 * gets an error.
 *
 * @module
 */

import { ATOMIC_MUTATIONS, RETENTION_STRIDE } from "../local/limits.ts";
import { readChunkHead } from "./packing.ts";
import { chunkPrefix, firstOf, type LogKey, partOf, startKey } from "./store.ts";
import { type EmbeddedTopics, type PartitionState, startOf, type TopicState } from "./topics.ts";

/**
 * Deletes the bytes that a topic has above its limit. One run at a time per topic; a call during a run returns that
 * run. Never rejects: the next run deletes what this one could not.
 */
export function retain(topics: EmbeddedTopics, topic: TopicState): Promise<void> {
  if (topic.retaining !== undefined) return topic.retaining;
  if (bytesOf(topic) <= topic.retentionBytes) return Promise.resolve();
  topic.retaining = shrink(topics, topic).catch(() => undefined).finally(() => topic.retaining = undefined);
  return topic.retaining;
}

async function shrink(topics: EmbeddedTopics, topic: TopicState): Promise<void> {
  const goal = topic.retentionBytes * (1 - RETENTION_STRIDE);
  while (bytesOf(topic) > goal) {
    const fullest = topic.partitions.reduce((most, other) => kept(other) > kept(most) ? other : most);
    const excess = Math.min(bytesOf(topic) - goal, kept(fullest) - goal / topic.partitions.length);
    if (!await dropOldest(topics, { topic, partition: fullest, excess })) return;
  }
}

/** Deletes the chunks whose records all lie below these offsets, by partition. */
export async function deleteBefore(
  topics: EmbeddedTopics,
  topic: TopicState,
  offsets: ReadonlyMap<number, number>,
): Promise<void> {
  for (const [number, below] of offsets) {
    const partition = topic.partitions[number];
    while (partition.first < below && await dropOldest(topics, { topic, partition, excess: Infinity, below }));
  }
}

/**
 * Deletes a partition's oldest chunks until this many bytes are deleted, the next chunk reaches beyond `below`, or an
 * atomic is full. Returns false when there was nothing to delete.
 */
async function dropOldest(
  topics: EmbeddedTopics,
  { topic, partition, excess, below = Infinity }: {
    readonly topic: TopicState;
    readonly partition: PartitionState;
    readonly excess: number;
    readonly below?: number;
  },
): Promise<boolean> {
  const deletes: LogKey[] = [];
  const { first: firstBefore, dropped: droppedBefore } = partition;
  let first = firstBefore;
  let dropped = 0;
  let parts = 0;
  let count = 0;
  const prefix = chunkPrefix(topic.name, partition.number);
  for await (const { key, value } of topics.store.list({ prefix, limit: ATOMIC_MUTATIONS, batch: 50 })) {
    const bytes = value as Uint8Array;
    if (partOf(key) === 0) {
      if (dropped >= excess || firstOf(key) !== first) break;
      ({ parts, count } = readChunkHead(bytes));
      if (first + count >= partition.end || first + count > below) break;
    }
    deletes.push(key);
    dropped += bytes.length;
    if (partOf(key) === parts - 1) first += count;
  }
  if (first === firstBefore) return false;
  // Updates memory first: from now on a reader of these records learns that they are gone.
  partition.first = first;
  partition.dropped += dropped;
  try {
    await topics.store.atomic({ sets: [[startKey(topic.name), startOf(topic)]], deletes });
  } catch (error) {
    partition.first = firstBefore;
    partition.dropped = droppedBefore;
    throw error;
  }
  return true;
}

function kept(partition: PartitionState): number {
  return partition.appended - partition.dropped;
}

function bytesOf(topic: TopicState): number {
  let bytes = 0;
  for (const partition of topic.partitions) bytes += kept(partition);
  return bytes;
}
