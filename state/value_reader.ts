/**
 * Reads the streams of {@linkcode ValueWriter}. It does not detect damage: callers verify a checksum first.
 *
 * @module
 */
import { isShared, Tag } from "./value_tags.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
/** Up to this length, strings are built faster from a list of character codes. There is one list for each length. */
const CODES = 48;
const codes: readonly number[][] = Array.from({ length: CODES + 1 }, (_, length) => new Array<number>(length).fill(0));

/** Reads a stream from its first byte to its last. */
export class ValueReader {
  #bytes: Uint8Array;
  #view: DataView;
  #at = 0;
  readonly #shapes: { names: readonly string[]; bare: boolean }[] = [];

  /** @param bytes one stream */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** How many bytes are left. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Reads one byte. */
  byte(): number {
    if (this.#at >= this.#bytes.length) this.#endsEarly();
    return this.#bytes[this.#at++];
  }

  /** Reads a safe integer that is not negative. */
  varint(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
  }

  /** Reads a signed integer of less than 52 bits. */
  zigzag(): number {
    const value = this.varint();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  /** Reads an unsigned integer of 32 bits. */
  uint32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  /** Reads `length` bytes, and copies them. */
  raw(length: number): Uint8Array<ArrayBuffer> {
    const from = this.#skip(length);
    return this.#bytes.slice(from, from + length);
  }

  /** Reads a string. */
  string(): string {
    const value = this.value();
    if (typeof value !== "string") throw new RangeError(`A string is expected, not ${typeof value}`);
    return value;
  }

  /** Reads a value of any type. */
  value(): unknown {
    const tag = this.byte();
    if (tag >= 0x80) return tag & 0x7f;
    if (tag >= 0x40) return this.#ascii(tag & 0x3f);
    switch (tag) {
      case Tag.undefined:
        return undefined;
      case Tag.null:
        return null;
      case Tag.false:
        return false;
      case Tag.true:
        return true;
      case Tag.integer:
        return this.zigzag();
      case Tag.float:
        return this.#float();
      case Tag.ascii:
        return this.#ascii(this.varint());
      case Tag.utf8: {
        const length = this.varint();
        const from = this.#skip(length);
        return decoder.decode(this.#bytes.subarray(from, from + length));
      }
      case Tag.utf16:
        return this.#utf16(this.varint());
      case Tag.positive:
        return this.#bigint();
      case Tag.negative:
        return -this.#bigint();
      case Tag.bytes:
        return this.raw(this.varint());
      default:
        return this.#container(tag);
    }
  }

  #container(tag: number): unknown {
    switch (tag) {
      case Tag.array: {
        const values: unknown[] = [];
        for (let left = this.varint(); left > 0; left--) values.push(this.value());
        return values;
      }
      case Tag.object:
        return this.#newShape(false);
      case Tag.bareObject:
        return this.#newShape(true);
      case Tag.shape: {
        const { names, bare } = this.#shapes[this.varint()];
        return this.#object(names, bare);
      }
      case Tag.map: {
        const map = new Map<unknown, unknown>();
        for (let left = this.varint(); left > 0; left--) {
          const key = this.value();
          map.set(key, this.value());
        }
        return map;
      }
      case Tag.set: {
        const set = new Set<unknown>();
        for (let left = this.varint(); left > 0; left--) set.add(this.value());
        return set;
      }
      case Tag.date:
        return new Date(this.#float());
      default:
        throw new RangeError(`No value begins with byte ${tag}: it was written by a newer version, or is not a value`);
    }
  }

  #newShape(bare: boolean): object {
    const names: string[] = [];
    for (let left = this.varint(); left > 0; left--) names.push(this.string());
    if (isShared(names.length, this.#shapes.length)) this.#shapes.push({ names, bare });
    return this.#object(names, bare);
  }

  #object(names: readonly string[], bare: boolean): object {
    const object: Record<string, unknown> = bare ? Object.create(null) : {};
    for (let i = 0; i < names.length; i++) {
      const name = names[i];
      const value = this.value();
      if (name !== "__proto__") object[name] = value;
      else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
    }
    return object;
  }

  #float(): number {
    return this.#view.getFloat64(this.#skip(8), true);
  }

  #ascii(length: number): string {
    const from = this.#skip(length);
    if (length > CODES) return decoder.decode(this.#bytes.subarray(from, from + length));
    const list = codes[length];
    for (let i = 0; i < length; i++) list[i] = this.#bytes[from + i];
    return String.fromCharCode.apply(null, list);
  }

  #utf16(length: number): string {
    let at = this.#skip(2 * length);
    const units: string[] = [];
    for (let i = 0; i < length; i++, at += 2) units.push(String.fromCharCode(this.#view.getUint16(at, true)));
    return units.join("");
  }

  #bigint(): bigint {
    const bytes = this.raw(this.varint());
    let hex = "";
    for (let i = bytes.length - 1; i >= 0; i--) hex += bytes[i].toString(16).padStart(2, "0");
    return BigInt(`0x${hex}`);
  }

  #skip(length: number): number {
    const from = this.#at;
    if (from + length > this.#bytes.length) this.#endsEarly();
    this.#at = from + length;
    return from;
  }

  #endsEarly(): never {
    throw new RangeError("The bytes end within a value");
  }
}
