/**
 * Finds repeated bytes in a block: the search that the compressors of snappy and lz4 share. Both formats describe a
 * block as runs of literal bytes and copies of earlier bytes.
 *
 * It is the search of the reference compressors (https://github.com/google/snappy,
 * https://github.com/lz4/lz4): a hash of the next four bytes leads to the last place with the same hash, and the
 * search takes longer steps where it finds nothing.
 *
 * @module
 */

/** The size of a block, in bytes. A copy can reach each byte of its block with a distance of 16 bits. */
export const BLOCK_BYTES: number = 64 * 1024;

/** The shortest copy, in bytes. */
const SHORTEST = 4;
/** An lz4 block has no copy that begins in its last 12 bytes, and none that reaches its last 5 bytes. */
const NO_COPY_BEGINS = 12;
const NO_COPY_REACHES = 5;
/** After this many searches without a copy, as a power of two, steps get longer by a byte. */
const PATIENCE_BITS = 5;
const HASH_BITS = 14;
const HASH_FACTOR = 0x9e3779b1;

/** The last place of each hash, relative to the block. */
const places = new Uint16Array(1 << HASH_BITS);

/** Receives the parts of a block in order. */
export interface BlockWriter {
  /** The literal bytes from `from` to `to`, and then `length` bytes that stand `distance` bytes back. */
  copy(from: number, to: number, distance: number, length: number): void;
  /** The literal bytes at the end of the block. */
  end(from: number, to: number): void;
}

/** Describes the block from `start` to `end`, of at most {@linkcode BLOCK_BYTES}, to `writer`. */
export function findMatches(bytes: Uint8Array, start: number, end: number, writer: BlockWriter): void {
  const lastBegin = end - NO_COPY_BEGINS;
  const lastReached = end - NO_COPY_REACHES;
  let literals = start;
  // A place of 0 may be one that was never set: it is compared like all others.
  places.fill(0);
  let at = start + 1;
  let misses = 0;
  while (at < lastBegin) {
    const word = wordAt(bytes, at);
    const hash = Math.imul(word, HASH_FACTOR) >>> (32 - HASH_BITS);
    const found = start + places[hash];
    places[hash] = at - start;
    if (wordAt(bytes, found) !== word) {
      at += 1 + (misses++ >> PATIENCE_BITS);
      continue;
    }
    misses = 0;
    let from = found;
    while (at > literals && from > start && bytes[at - 1] === bytes[from - 1]) at--, from--;
    let length = SHORTEST;
    while (at + length < lastReached && bytes[at + length] === bytes[from + length]) length++;
    writer.copy(literals, at, at - from, length);
    at += length;
    literals = at;
  }
  writer.end(literals, end);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}
