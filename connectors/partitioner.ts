/**
 * Which partition a key belongs to: the same as Apache Kafka's own clients choose, so that records written by Tidemark, by
 * Java programs and by Kafka Connect lie together, whichever connector holds the topic.
 *
 * @module
 */

import { murmur2 } from "../base/hashing.ts";

/**
 * The partition of a key, as Kafka's default partitioner has it.
 *
 * @param key The key's bytes.
 * @param partitions How many partitions the topic has, at least 1.
 *
 * @throws {RangeError} If `partitions` is not a positive integer.
 */
export function keyPartition(key: Uint8Array, partitions: number): number {
  if (!Number.isSafeInteger(partitions) || partitions < 1) {
    throw new RangeError(
      `Cannot choose a partition: partitions must be an integer > 0, current value is ${partitions}`,
    );
  }
  // Java takes the sign bit off rather than the absolute value, which does not exist for the smallest integer.
  return (murmur2(key) & 0x7fffffff) % partitions;
}
