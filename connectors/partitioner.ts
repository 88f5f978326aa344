/**
 * Which partition a key belongs to: the same as Apache Kafka's own clients choose, so that records written by Tidemark, by
 * Java programs and by Kafka Connect lie together, whichever connector holds the topic.
 *
 * @module
 */

const MULTIPLIER = 0x5bd1e995;
const SEED = 0x9747b28c;

/**
 * The 32-bit murmur2 hash as Kafka's Java client computes it, as a signed integer (Java's `int`).
 *
 * @param bytes The bytes to hash.
 */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  let hash = SEED ^ length;
  const whole = length - (length % 4);
  for (let at = 0; at < whole; at += 4) {
    let word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    word = Math.imul(word, MULTIPLIER);
    word ^= word >>> 24;
    word = Math.imul(word, MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ word;
  }
  const left = length - whole;
  if (left === 3) hash ^= bytes[whole + 2] << 16;
  if (left >= 2) hash ^= bytes[whole + 1] << 8;
  if (left >= 1) hash = Math.imul(hash ^ bytes[whole], MULTIPLIER);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MULTIPLIER);
  hash ^= hash >>> 15;
  return hash | 0;
}

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
