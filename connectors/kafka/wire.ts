/**
 * Reads and writes Kafka's primitive types. Integers of 64 bits are numbers here: offsets, timestamps and producer ids
 * are safe integers, and `bigint` would cost more than the rest of reading a record.
 *
 * @module
 */

import { GrowingBytes, zigzagBack } from "../../base/bytes.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();
const HIGH = 0x1_0000_0000;

/** Reads bytes from front to back. The views that it returns share the memory of its input. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.bytes.length - this.position;
  }

  int8(): number {
    return this.#view.getInt8(this.position++);
  }

  int16(): number {
    const value = this.#view.getInt16(this.position);
    this.position += 2;
    return value;
  }

  int32(): number {
    const value = this.#view.getInt32(this.position);
    this.position += 4;
    return value;
  }

  int64(): number {
    const high = this.#view.getInt32(this.position);
    const low = this.#view.getUint32(this.position + 4);
    this.position += 8;
    return high * HIGH + low;
  }

  /** An unsigned varint of at most 32 bits. */
  unsignedVarint(): number {
    const bytes = this.bytes;
    let value = 0;
    for (let shift = 0;; shift += 7) {
      const byte = bytes[this.position++];
      if (shift < 28) value |= (byte & 0x7f) << shift;
      else value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
      if (byte === undefined || shift > 28) throw new RangeError("Cannot read bytes from Kafka: a varint does not end");
    }
  }

  /** A zigzag varint of at most 32 bits. */
  varint(): number {
    const value = this.unsignedVarint();
    return value < 0x8000_0000 ? (value >>> 1) ^ -(value & 1) : zigzagBack(value);
  }

  /** A zigzag varint of at most 64 bits. */
  varlong(): number {
    let value = 0;
    let scale = 1;
    for (let length = 1;; length++) {
      const byte = this.bytes[this.position++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value < 0x8000_0000 ? (value >>> 1) ^ -(value & 1) : zigzagBack(value);
      if (byte === undefined || length > 9) {
        throw new RangeError("Cannot read bytes from Kafka: a varlong does not end");
      }
      scale *= 128;
    }
  }

  /** The next `length` bytes, as a view. */
  take(length: number): Uint8Array {
    if (length < 0 || length > this.left) {
      throw new RangeError(`Cannot read bytes from Kafka: ${length} are wanted, and ${this.left} are left`);
    }
    const from = this.position;
    this.position += length;
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + from, length);
  }

  /** Skips the next `length` bytes. */
  skip(length: number): void {
    if (length < 0 || length > this.left) {
      throw new RangeError(`Cannot read bytes from Kafka: ${length} are wanted, and ${this.left} are left`);
    }
    this.position += length;
  }

  string(): string {
    const length = this.int16();
    return length < 0 ? "" : decoder.decode(this.take(length));
  }

  /** A string of the flexible protocol versions: its length + 1 is a varint. */
  compactString(): string {
    const length = this.unsignedVarint() - 1;
    return length < 0 ? "" : decoder.decode(this.take(length));
  }

  /** Skips the tagged fields of a flexible protocol version. */
  skipTags(): void {
    for (let left = this.unsignedVarint(); left > 0; left--) {
      this.unsignedVarint();
      this.skip(this.unsignedVarint());
    }
  }
}

/** Writes bytes from front to back. The buffer grows as needed. */
export class ByteWriter extends GrowingBytes {
  int8(value: number): this {
    return this.byte(value);
  }

  int16(value: number): this {
    this.reserve(2);
    this.data.setInt16(this.length, value);
    this.length += 2;
    return this;
  }

  int32(value: number): this {
    this.reserve(4);
    this.data.setInt32(this.length, value);
    this.length += 4;
    return this;
  }

  int64(value: number): this {
    this.reserve(8);
    const high = Math.floor(value / HIGH);
    this.data.setInt32(this.length, high);
    this.data.setUint32(this.length + 4, value - high * HIGH);
    this.length += 8;
    return this;
  }

  unsignedVarint(value: number): this {
    return this.varint(value);
  }

  string(value: string | null): this {
    if (value === null) return this.int16(-1);
    const bytes = encoder.encode(value);
    return this.int16(bytes.length).raw(bytes);
  }

  compactString(value: string): this {
    const bytes = encoder.encode(value);
    return this.unsignedVarint(bytes.length + 1).raw(bytes);
  }

  /** Writes the length in 32 bits, then the bytes; `null` is length -1. */
  block(bytes: Uint8Array | null): this {
    return bytes === null ? this.int32(-1) : this.int32(bytes.length).raw(bytes);
  }
}
