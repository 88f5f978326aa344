/**
 * Reads the primitive values of Avro's binary encoding, and never beyond its end.
 *
 * Source: https://avro.apache.org/docs/1.12.0/specification/#binary-encoding
 *
 * @module
 */
import { bytesText } from "../base/text.ts";

/** An integer takes at most ten bytes. */
const LONGEST = 10;
/** Up to this length, in bytes, text of ASCII is decoded by a loop, which is faster than the built-in decoder. */
const SHORT = 24;

export class AvroInput {
  at = 0;
  #view: DataView | undefined;
  /** The lower and the upper 32 bits of the last integer, before zigzag. */
  #low = 0;
  #high = 0;

  constructor(readonly bytes: Uint8Array) {}

  /** How many bytes are left. */
  get left(): number {
    return this.bytes.length - this.at;
  }

  byte(): number {
    if (this.at >= this.bytes.length) throw tooShort();
    return this.bytes[this.at++];
  }

  int(): number {
    this.#varint();
    if (this.#high !== 0) throw new RangeError("an int has more than 32 bits");
    return (this.#low >>> 1) ^ -(this.#low & 1);
  }

  long(): bigint {
    this.#varint();
    const low = this.#low, high = this.#high;
    if (high === 0) return BigInt((low >>> 1) ^ -(low & 1));
    const whole = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
    return BigInt.asIntN(64, (whole >> 1n) ^ -(whole & 1n));
  }

  /** A `long` that must be a safe integer. */
  number(): number {
    const { at } = this;
    this.#varint();
    if (this.#high === 0) return (this.#low >>> 1) ^ -(this.#low & 1);
    this.at = at;
    const value = this.long();
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    throw new RangeError(`it has the long ${value}, which a number would round: read it with int64: "bigint"`);
  }

  float(): number {
    return this.#numbers().getFloat32(this.#pass(4), true);
  }

  double(): number {
    return this.#numbers().getFloat64(this.#pass(8), true);
  }

  /** The next bytes, as a view. */
  view(length: number): Uint8Array {
    const at = this.#pass(length);
    return this.bytes.subarray(at, at + length);
  }

  /** Bytes after their length, as a view. */
  block(): Uint8Array {
    return this.view(this.number());
  }

  text(): string {
    const length = this.number();
    const start = this.#pass(length);
    const { bytes } = this;
    if (length > SHORT) return bytesText(bytes.subarray(start, start + length));
    let text = "";
    for (let at = start; at < start + length; at++) {
      const byte = bytes[at];
      if (byte > 0x7f) return bytesText(bytes.subarray(start, start + length));
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** How many items the next block of an array or a map has; 0 at its end. */
  count(emptyItems: number): number {
    let count = this.number();
    if (count < 0) {
      count = -count;
      // How many bytes the block has, for readers that skip it.
      this.long();
    }
    if (count > this.left && count > emptyItems) {
      throw new RangeError(`it claims ${count} items, and ${this.left} bytes are left`);
    }
    return count;
  }

  #numbers(): DataView {
    const { buffer, byteOffset, length } = this.bytes;
    return this.#view ??= new DataView(buffer, byteOffset, length);
  }

  #pass(length: number): number {
    const { at } = this;
    if (!(length >= 0 && length <= this.left)) throw tooShort();
    this.at += length;
    return at;
  }

  #varint(): void {
    const { bytes } = this;
    const end = Math.min(bytes.length, this.at + LONGEST);
    let low = 0, high = 0;
    for (let at = this.at, shift = 0; at < end; at++, shift += 7) {
      const byte = bytes[at], bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        if (shift === 63 && bits > 1) break;
        this.at = at + 1;
        this.#low = low;
        this.#high = high;
        return;
      }
    }
    throw bytes.length - this.at < LONGEST ? tooShort() : new RangeError("an integer has more than 64 bits");
  }
}

function tooShort(): RangeError {
  return new RangeError("the bytes end too early");
}
