/**
 * Stable hashes: of keys, to find their bucket, and of bytes, to detect corruption.
 *
 * Stored data depends on both, so they never change within a format version.
 *
 * Keys go through HalfSipHash-1-3 (J.-P. Aumasson and D. J. Bernstein; Linux keys its hash tables with it), which uses
 * every bit of a key and a secret seed. Without the seed an attacker cannot choose keys that fall into one bucket. It
 * is computed only for new keys: cells in memory are found without it.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import type { Key } from "../operators/keyed_state.ts";

const PRIME = 0x01000193;
const SECOND = 0x9e3779b1;

/** Prefixes for the types of keys, so that keys of different types have different hashes. */
const KIND = { number: 0x0100_0000, bigint: 0x0200_0000, boolean: 0x0300_0000 } as const;

/** Two empty characters for each of three rounds, and two for the word with the length. */
const ROUNDS_AT_END = 8;

const float = new Float64Array(1);
const halves = new Uint32Array(float.buffer);

/**
 * A hash of a key, 32 bits without sign.
 *
 * @param key every part of it affects the hash
 * @param seed a secret of 32 bits
 */
export function hashKey(key: Key, seed: number): number {
  switch (typeof key) {
    case "string":
      return hashString(key, seed, 0);
    case "number":
      // As in a Map, -0 equals 0, and all bit patterns of NaN are one key.
      float[0] = key === 0 ? 0 : Number.isNaN(key) ? NaN : key;
      return combined(combined(seed ^ KIND.number, halves[0]), halves[1]);
    case "bigint":
      return hashString(key.toString(16), seed, KIND.bigint);
    case "boolean":
      return combined(seed ^ KIND.boolean, key ? 1 : 0);
  }
}

/** Combines two hashes: of a key and a namespace, or of a key and an entry. */
export function combined(hash: number, other: number): number {
  return mix(Math.imul(hash, PRIME) ^ other);
}

/**
 * Hashes two characters in each round. The rounds are inline in the loop: a function for each round would allocate its
 * state again for each step.
 */
function hashString(text: string, seed: number, kind: number): number {
  const second = Math.imul(seed, SECOND) ^ PRIME;
  let a = seed | 0, b = second, c = 0x6c796765 ^ seed, d = 0x74656462 ^ second;
  const { length } = text;
  const pairs = length & ~1;
  for (let at = 0; at < pairs + ROUNDS_AT_END; at += 2) {
    // The last word ends with the length, so that a character 0 at the end counts. Then come empty rounds.
    const word = at < pairs
      ? text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16)
      : at > pairs
      ? 0
      : (length << 16) ^ kind ^ (pairs < length ? text.charCodeAt(pairs) : 0);
    if (at === pairs + 2) c ^= 0xff;
    d ^= word;
    a = (a + b) | 0;
    b = ((b << 5) | (b >>> 27)) ^ a;
    a = (a << 16) | (a >>> 16);
    c = (c + d) | 0;
    d = ((d << 8) | (d >>> 24)) ^ c;
    a = (a + d) | 0;
    d = ((d << 7) | (d >>> 25)) ^ a;
    c = (c + b) | 0;
    b = ((b << 13) | (b >>> 19)) ^ c;
    c = (c << 16) | (c >>> 16);
    a ^= word;
  }
  return (b ^ d) >>> 0;
}

/** Spreads a hash over all of its bits (the end of MurmurHash3). */
export function mix(hash: number): number {
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A checksum of bytes (CRC-32). */
export function checksum(bytes: Uint8Array): number {
  return crc32(bytes);
}

/**
 * The checksum of a chunk combined with its place, so that the sum over chunks reveals a missing, repeated or moved
 * chunk.
 */
export function placed(sum: number, attempt: number, index: number): number {
  return mix(Math.imul(sum, PRIME) ^ mix(attempt) ^ Math.imul(mix(index) ^ (attempt / 0x1_0000_0000), SECOND));
}
