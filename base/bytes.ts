/**
 * Bytes that are written one after the other: a buffer that grows, and integers of variable length (seven bits a byte, the lowest first).
 * Every format of ours and of Kafka stands on these. The two hottest writers, of states' values and of Kafka's record batches, have loops
 * of their own: shared ones, which see every kind of number, made them 4 to 5 % slower.
 *
 * @module
 */

/** A buffer that grows as it is written. Its fields are open, so that a hot writer can fill it with loops of its own. */
export class GrowingBytes {
  /** The buffer; what was written lies at its beginning. Replaced when it grows. */
  bytes: Uint8Array<ArrayBuffer>;
  /** The same memory. */
  data: DataView<ArrayBuffer>;
  /** How many bytes are written. */
  length = 0;

  /** @param capacity how many bytes it holds before it grows */
  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity);
    this.data = new DataView(this.bytes.buffer);
  }

  /** What is written, as it lies in the buffer. */
  get written(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  /** Makes room for so many bytes behind what is written. */
  reserve(more: number): void {
    const needed = this.length + more;
    if (needed > this.bytes.length) this.#grow(needed);
  }

  #grow(needed: number): void {
    const bytes = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
    this.data = new DataView(bytes.buffer);
  }

  /** One byte; of a larger integer its lowest eight bits. */
  byte(value: number): this {
    if (this.length === this.bytes.length) this.#grow(this.length + 1);
    this.bytes[this.length++] = value;
    return this;
  }

  /** A safe integer that is not negative. */
  varint(value: number): this {
    if (this.length + 8 > this.bytes.length) this.#grow(this.length + 8);
    const bytes = this.bytes;
    let at = this.length;
    while (value > 0x7fffffff) {
      bytes[at++] = (value % 128) | 0x80;
      value = Math.floor(value / 128);
    }
    while (value > 0x7f) {
      bytes[at++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    bytes[at++] = value;
    this.length = at;
    return this;
  }

  /** Bytes as they are, without their length. */
  raw(bytes: Uint8Array): this {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
    return this;
  }
}

/** How many bytes a varint takes of a safe integer that is not negative. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  let size = 3;
  for (let left = value / 0x20_0000; left >= 1; left /= 0x80) size++;
  return size;
}

/**
 * An integer in zigzag: small ones of either sign become small ones without sign.
 *
 * @param value an integer whose double is safe
 */
export function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

/** What {@linkcode zigzag} was given. */
export function zigzagBack(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
