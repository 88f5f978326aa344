/**
 * Decompresses record batches. gzip and zstd come from Node; snappy and lz4 are short enough to be implemented here.
 * `compress.ts` is the other direction.
 *
 * The size of the output is limited: a batch of a few kilobytes can be crafted to unpack to terabytes.
 *
 * @module
 */

import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { CODEC, CODEC_NAMES, LZ4_MAGIC, XERIAL, XERIAL_HEADER } from "./codecs.ts";
import { UNPACKED_BATCH_BYTES } from "./limits.ts";

/**
 * Unpacks the records of a compressed batch.
 *
 * @param codec the batch's codec: 1 gzip, 2 snappy, 3 lz4, 4 zstd
 * @param limit the largest output, in bytes
 *
 * @throws {RangeError} when the codec is unknown, the bytes are not in its format, or the output is too large; the
 * message completes a sentence about the batch
 */
export function decompress(codec: number, bytes: Uint8Array, limit: number = UNPACKED_BATCH_BYTES): Uint8Array {
  const name = CODEC_NAMES[codec];
  if (name === undefined) throw new RangeError(`it is compressed with codec ${codec}, which is unknown`);
  try {
    if (codec === CODEC.gzip) return plainBytes(gunzipSync(bytes, { maxOutputLength: limit }));
    if (codec === CODEC.zstd) return plainBytes(zstdDecompressSync(bytes, { maxOutputLength: limit }));
    const output = new Output(Math.min(limit, bytes.length * 3), limit);
    return codec === CODEC.snappy ? unframeSnappy(bytes, output) : unframeLz4(bytes, output);
  } catch (error) {
    if (error instanceof TooLarge || (error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") {
      throw new RangeError(
        `its ${bytes.length} bytes of ${name} unpack to more than ${limit} bytes, which is the limit`,
      );
    }
    throw new RangeError(`its ${bytes.length} bytes are no ${name} (${(error as Error).message})`, { cause: error });
  }
}

/** Node's `Buffer` is a `Uint8Array` whose `slice` copies nothing. Users get the bytes of records, so it must not leave. */
function plainBytes({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}

class TooLarge extends Error {}

/** Bytes that grow up to a limit. Earlier output can be copied. */
class Output {
  bytes: Uint8Array;
  length = 0;
  readonly #limit: number;

  constructor(capacity: number, limit: number) {
    this.bytes = new Uint8Array(capacity);
    this.#limit = limit;
  }

  #reserve(length: number): void {
    const needed = this.length + length;
    if (needed <= this.bytes.length) return;
    if (needed > this.#limit) throw new TooLarge();
    const larger = new Uint8Array(Math.min(this.#limit, Math.max(needed, this.bytes.length * 2)));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Repeats `length` bytes from `distance` bytes back; they may overlap what is being written. */
  repeat(distance: number, length: number): void {
    if (!(distance >= 1 && distance <= this.length)) {
      throw new RangeError(`a copy from ${distance} bytes back is not there`);
    }
    this.#reserve(length);
    const { bytes } = this;
    for (let left = length, at = this.length; left > 0; left--, at++) bytes[at] = bytes[at - distance];
    this.length += length;
  }

  get written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

function take(bytes: Uint8Array, at: number, length: number): Uint8Array {
  if (!(length >= 0 && at + length <= bytes.length)) throw new RangeError("the bytes end too early");
  return bytes.subarray(at, at + length);
}

/**
 * Removes the framing of snappy data. Java's clients write a header of 16 bytes and blocks with their lengths; other
 * clients write one bare block.
 */
function unframeSnappy(bytes: Uint8Array, output: Output): Uint8Array {
  if (!XERIAL.every((byte, at) => bytes[at] === byte)) {
    snappyBlock(bytes, output);
    return output.written;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = XERIAL_HEADER; at < bytes.length;) {
    const length = view.getInt32(at);
    snappyBlock(take(bytes, at + 4, length), output);
    at += 4 + length;
  }
  return output.written;
}

function snappyBlock(bytes: Uint8Array, output: Output): void {
  let at = 0;
  while (bytes[at++] >= 0x80);
  while (at < bytes.length) {
    const tag = bytes[at++];
    const kind = tag & 3;
    if (kind === 0) {
      let length = tag >>> 2;
      if (length >= 60) {
        const more = length - 59;
        length = 0;
        for (let index = 0; index < more; index++) length += bytes[at++] * 2 ** (8 * index);
      }
      output.append(take(bytes, at, length + 1));
      at += length + 1;
    } else if (kind === 1) {
      output.repeat(((tag & 0xe0) << 3) | bytes[at++], ((tag >>> 2) & 7) + 4);
    } else {
      let distance = bytes[at] | (bytes[at + 1] << 8);
      if (kind === 3) distance += bytes[at + 2] * 0x1_0000 + bytes[at + 3] * 0x100_0000;
      at += kind === 2 ? 2 : 4;
      output.repeat(distance, (tag >>> 2) + 1);
    }
  }
}

function unframeLz4(bytes: Uint8Array, output: Output): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== LZ4_MAGIC) throw new RangeError("there is no lz4 frame");
  const flags = bytes[4];
  const blockChecksums = (flags & 0x10) !== 0;
  let at = 6 + ((flags & 0x08) !== 0 ? 8 : 0) + ((flags & 0x01) !== 0 ? 4 : 0) + 1;
  for (;;) {
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) return output.written;
    const length = word & 0x7fff_ffff;
    const block = take(bytes, at, length);
    if (word >= 0x8000_0000) output.append(block);
    else lz4Block(block, output);
    at += length + (blockChecksums ? 4 : 0);
  }
}

function lz4Block(bytes: Uint8Array, output: Output): void {
  let at = 0;
  const longer = (length: number): number => {
    if (length < 15) return length;
    let total = length;
    let byte: number;
    do {
      byte = bytes[at++];
      total += byte;
    } while (byte === 255);
    return total;
  };
  while (at < bytes.length) {
    const token = bytes[at++];
    const literals = longer(token >>> 4);
    output.append(take(bytes, at, literals));
    at += literals;
    if (at >= bytes.length) return;
    const distance = bytes[at] | (bytes[at + 1] << 8);
    at += 2;
    const length = longer(token & 15) + 4;
    if (!(length >= 4)) throw new RangeError("the bytes end too early");
    output.repeat(distance, length);
  }
}
