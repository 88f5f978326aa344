/**
 * Hashes of Kafka: CRC-32C of record batches, murmur2 of the default partitioner. Their results are stored on disks and
 * in brokers, so they must never change.
 *
 * @module
 */

const POLYNOMIAL = 0x82f63b78;
/** Signed, as the checksum is while it is computed, so that all values stay 32-bit integers. */
const TABLES = new Int32Array(buildTables().buffer);
const MULTIPLIER = 0x5bd1e995;
const SEED = 0x9747b28c;

function buildTables(): Uint32Array {
  const tables = new Uint32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
    tables[byte] = value;
  }
  for (let at = 256; at < tables.length; at++) {
    const before = tables[at - 256];
    tables[at] = (before >>> 8) ^ tables[before & 0xff];
  }
  return tables;
}

/**
 * The CRC-32C (Castagnoli), eight bytes a step: the checksum of `bytes` from `start` (inclusive) to `end` (exclusive), as an unsigned 32-bit integer.
 */
export function crc32c(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  const t = TABLES;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let crc = -1;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    const low = crc ^ view.getInt32(at, true);
    const high = view.getInt32(at + 4, true);
    crc = t[1792 + (low & 0xff)] ^ t[1536 + ((low >>> 8) & 0xff)] ^ t[1280 + ((low >>> 16) & 0xff)] ^
      t[1024 + (low >>> 24)] ^ t[768 + (high & 0xff)] ^ t[512 + ((high >>> 8) & 0xff)] ^
      t[256 + ((high >>> 16) & 0xff)] ^ t[high >>> 24];
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ t[(crc ^ bytes[at]) & 0xff];
  return (crc ^ -1) >>> 0;
}

/**
 * The 32-bit murmur2 hash as Kafka's Java client computes it, as a signed integer (Java's `int`).
 *
 * @param bytes the bytes to hash
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
