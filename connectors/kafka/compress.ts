/**
 * Compresses the records of a batch. gzip and zstd come from Node; snappy and lz4 are short enough to be implemented
 * here. All of it is written so that Java's clients read it: snappy in the framing of snappy-java, lz4 in frames of
 * independent blocks.
 *
 * @module
 */

import { gzipSync, zstdCompressSync } from "node:zlib";
import { CODEC, LZ4_MAGIC, XERIAL, XERIAL_HEADER } from "./codecs.ts";
import { BLOCK_BYTES, type BlockWriter, findMatches } from "./matches.ts";

/**
 * Compresses bytes.
 *
 * @param codec Kafka's number of the codec: 1 gzip, 2 snappy, 3 lz4, 4 zstd
 *
 * @throws {RangeError} when the codec is unknown
 */
export function compress(codec: number, bytes: Uint8Array): Uint8Array {
  if (codec === CODEC.gzip) return gzipSync(bytes);
  if (codec === CODEC.zstd) return zstdCompressSync(bytes);
  if (codec === CODEC.snappy) return snappy(bytes);
  if (codec === CODEC.lz4) return lz4(bytes);
  throw new RangeError(`Cannot compress a record batch: codec ${codec} is unknown`);
}

/** Bytes that a compressor writes. There is room for the largest output from the beginning. */
class Packed {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at = 0;

  constructor(readonly source: Uint8Array, capacity: number) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Copies the source's bytes from `from` to `to`. */
  literals(from: number, to: number): void {
    const { bytes, source, at } = this;
    if (to - from > 32) bytes.set(source.subarray(from, to), at);
    else for (let index = from; index < to; index++) bytes[at + index - from] = source[index];
    this.at = at + to - from;
  }

  int16(value: number): void {
    this.view.setUint16(this.at, value, true);
    this.at += 2;
  }

  get written(): Uint8Array {
    return this.bytes.subarray(0, this.at);
  }
}

/** The version of snappy-java's framing, and the oldest version that reads it. */
const XERIAL_VERSION = 1;

/** Snappy data in snappy-java's framing: a header, and blocks with their lengths (big endian). */
function snappy(bytes: Uint8Array): Uint8Array {
  const blocks = Math.ceil(bytes.length / BLOCK_BYTES);
  const packed = new Packed(bytes, XERIAL_HEADER + bytes.length + Math.ceil(bytes.length / 6) + blocks * 40);
  packed.bytes.set(XERIAL);
  packed.view.setInt32(8, XERIAL_VERSION);
  packed.view.setInt32(12, XERIAL_VERSION);
  packed.at = XERIAL_HEADER;
  const writer = new SnappyWriter(packed);
  for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
    const end = Math.min(bytes.length, start + BLOCK_BYTES);
    const lengthAt = packed.at;
    packed.at += 4;
    let length = end - start;
    for (; length >= 0x80; length >>>= 7) packed.bytes[packed.at++] = (length & 0x7f) | 0x80;
    packed.bytes[packed.at++] = length;
    findMatches(bytes, start, end, writer);
    packed.view.setInt32(lengthAt, packed.at - lengthAt - 4);
  }
  return packed.written;
}

/** Writes the elements of https://github.com/google/snappy/blob/main/format_description.txt. */
class SnappyWriter implements BlockWriter {
  constructor(readonly packed: Packed) {}

  copy(from: number, to: number, distance: number, length: number): void {
    this.end(from, to);
    const { packed } = this;
    let left = length;
    // A copy has at most 64 bytes. The last one keeps at least 4, so that the short form may fit.
    for (; left > 64; left -= left < 68 ? 60 : 64) this.#far(distance, left < 68 ? 60 : 64);
    if (left > 11 || distance > 2047) return this.#far(distance, left);
    packed.bytes[packed.at++] = 1 | ((left - 4) << 2) | ((distance >>> 8) << 5);
    packed.bytes[packed.at++] = distance & 0xff;
  }

  #far(distance: number, length: number): void {
    const { packed } = this;
    packed.bytes[packed.at++] = 2 | ((length - 1) << 2);
    packed.int16(distance);
  }

  end(from: number, to: number): void {
    const { packed } = this;
    const last = to - from - 1;
    if (last < 0) return;
    if (last < 60) packed.bytes[packed.at++] = last << 2;
    else if (last < 0x100) {
      packed.bytes[packed.at++] = 60 << 2;
      packed.bytes[packed.at++] = last;
    } else {
      packed.bytes[packed.at++] = 61 << 2;
      packed.int16(last);
    }
    packed.literals(from, to);
  }
}

/**
 * The descriptor of a frame: version 1, independent blocks of at most 64 KiB, no checksums of the content; and the
 * checksum of these two bytes, which is the second byte of their xxHash32.
 */
const LZ4_DESCRIPTOR = [0x60, 0x40, 0x82];
const PLAIN_BLOCK = 0x8000_0000;

/** An lz4 frame (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md). */
function lz4(bytes: Uint8Array): Uint8Array {
  const blocks = Math.ceil(bytes.length / BLOCK_BYTES);
  const packed = new Packed(bytes, 11 + bytes.length + Math.ceil(bytes.length / 255) + blocks * 20);
  packed.view.setUint32(0, LZ4_MAGIC, true);
  packed.bytes.set(LZ4_DESCRIPTOR, 4);
  packed.at = 7;
  const writer = new Lz4Writer(packed);
  for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
    const end = Math.min(bytes.length, start + BLOCK_BYTES);
    const lengthAt = packed.at;
    packed.at += 4;
    findMatches(bytes, start, end, writer);
    let length = packed.at - lengthAt - 4;
    if (length >= end - start) {
      // A compressed block must not be larger than its content.
      packed.at = lengthAt + 4;
      packed.literals(start, end);
      length = PLAIN_BLOCK + end - start;
    }
    packed.view.setUint32(lengthAt, length, true);
  }
  // The end mark is a length of 0, which the buffer holds already unless a block has been there.
  packed.view.setUint32(packed.at, 0, true);
  packed.at += 4;
  return packed.written;
}

/** Writes the sequences of https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md. */
class Lz4Writer implements BlockWriter {
  constructor(readonly packed: Packed) {}

  copy(from: number, to: number, distance: number, length: number): void {
    const { packed } = this;
    const rest = length - 4;
    this.#begin(to - from, Math.min(rest, 15));
    packed.literals(from, to);
    packed.int16(distance);
    if (rest >= 15) this.#longer(rest - 15);
  }

  end(from: number, to: number): void {
    this.#begin(to - from, 0);
    this.packed.literals(from, to);
  }

  #begin(literals: number, copied: number): void {
    const { packed } = this;
    packed.bytes[packed.at++] = (Math.min(literals, 15) << 4) | copied;
    if (literals >= 15) this.#longer(literals - 15);
  }

  #longer(length: number): void {
    const { packed } = this;
    let left = length;
    for (; left >= 255; left -= 255) packed.bytes[packed.at++] = 255;
    packed.bytes[packed.at++] = left;
  }
}
