/**
 * Computes the partition of a key as the clients of Apache Kafka do. So records of one key lie in one partition,
 * whether Tidemark, a Java program or Kafka Connect writes them, and with every connector.
 *
 * @module
 */

import { murmur2 } from "../base/hashing.ts";

/**
 * The partition of a key, as Kafka's default partitioner chooses it.
 *
 * @param key the key's bytes
 * @param partitions how many partitions the topic has, at least 1
 *
 * @throws {RangeError} when `partitions` is not a positive integer
 */
export function keyPartition(key: Uint8Array, partitions: number): number {
  if (!Number.isSafeInteger(partitions) || partitions < 1) {
    throw new RangeError(
      `Cannot choose a partition: partitions must be an integer > 0, current value is ${partitions}`,
    );
  }
  // Java clears the sign bit: the smallest integer has no absolute value.
  return (murmur2(key) & 0x7fffffff) % partitions;
}
