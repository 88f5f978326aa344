/**
 * Writes values as bytes: small, fast, and exact. It throws on values that it cannot encode exactly, with their name.
 *
 * Objects of one shape (the same names in the same order) name their properties once in a stream.
 *
 * @module
 */
import { VALUE_DEPTH } from "./limits.ts";
import { isShared, Tag } from "./value_tags.ts";

/** Integers up to this magnitude are written as varints, because zigzag doubles them. */
const VARINT_INTEGERS = 2 ** 52;
/** Up to this length a loop is faster than the encoder. */
const LOOP_CHARACTERS = 96;

interface Shape {
  readonly names: readonly string[];
  readonly bare: boolean;
  readonly id: number;
}

const encoder = new TextEncoder();

/** A growing buffer that can be reused: `reset`, write, and take the bytes. */
export class ValueWriter {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;
  #shapes = new Map<string, Shape>();
  #last: Shape | undefined = undefined;
  /** The objects around the current one, and the path to it, to detect cycles and for messages. */
  readonly #around: object[] = [];
  readonly #path: unknown[] = [];
  #depth = 0;
  /** Whether the current value may have properties that cannot be encoded. */
  #suspect = true;

  /** How many bytes are written. */
  get length(): number {
    return this.#at;
  }

  /** Starts a new stream. */
  reset(): void {
    this.#at = 0;
    this.#depth = 0;
    this.#suspect = true;
    this.#around.length = 0;
    this.#last = undefined;
    if (this.#shapes.size > 0) this.#shapes.clear();
  }

  /** The bytes from a position on, as a view of the buffer. Valid until the next write. */
  view(from = 0): Uint8Array {
    return this.#bytes.subarray(from, this.#at);
  }

  /** The bytes from a position on, copied. */
  take(from = 0): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(from, this.#at);
  }

  /** Removes the bytes from a position on. They must not contain an object, because its shape stays numbered. */
  truncate(length: number): void {
    this.#at = length;
  }

  /** Writes one byte. */
  byte(value: number): void {
    if (this.#at === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#at++] = value;
  }

  /** Writes a safe integer that is not negative. */
  varint(value: number): void {
    if (this.#at + 8 > this.#bytes.length) this.#grow(8);
    const bytes = this.#bytes;
    let at = this.#at;
    while (value > 0x7fffffff) {
      bytes[at++] = (value % 128) | 0x80;
      value = Math.floor(value / 128);
    }
    while (value > 0x7f) {
      bytes[at++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    bytes[at++] = value;
    this.#at = at;
  }

  /** Writes a signed integer of less than 52 bits. */
  zigzag(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** Writes an unsigned integer of 32 bits in four bytes. */
  uint32(value: number): void {
    if (this.#at + 4 > this.#bytes.length) this.#grow(4);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  /** Writes bytes unchanged, without their length. */
  raw(bytes: Uint8Array): void {
    if (this.#at + bytes.length > this.#bytes.length) this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /**
   * Writes any value that can be encoded.
   *
   * @throws {TypeError} when it cannot be encoded; the message begins with its path: `.items[3].price: a function ...`
   */
  value(value: unknown): void {
    switch (typeof value) {
      case "number":
        return this.#number(value);
      case "string":
        return this.string(value);
      case "object":
        return value === null ? this.byte(Tag.null) : this.#object(value);
      case "boolean":
        return this.byte(value ? Tag.true : Tag.false);
      case "undefined":
        return this.byte(Tag.undefined);
      case "bigint":
        return this.#bigint(value);
      default:
        return this.#refuse(typeof value === "symbol" ? "a symbol" : "a function");
    }
  }

  /** Writes a value that is known to be plain data: its arrays and objects have no hidden properties and no holes. */
  plain(value: unknown): void {
    this.#suspect = false;
    this.value(value);
    this.#suspect = true;
  }

  #number(value: number): void {
    if ((value | 0) === value && (value !== 0 || !Object.is(value, -0))) {
      if (value >= 0 && value < 128) return this.byte(0x80 | value);
      this.byte(Tag.integer);
      return this.varint(((value << 1) ^ (value >> 31)) >>> 0);
    }
    if (Number.isInteger(value) && Math.abs(value) < VARINT_INTEGERS && value !== 0) {
      this.byte(Tag.integer);
      return this.varint(value < 0 ? -2 * value - 1 : 2 * value);
    }
    this.byte(Tag.float);
    this.#float(value);
  }

  #float(value: number): void {
    if (this.#at + 8 > this.#bytes.length) this.#grow(8);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  /** Writes a string with its tag. */
  string(text: string): void {
    const { length } = text;
    if (this.#at + length + 9 > this.#bytes.length) this.#grow(length + 9);
    if (length > LOOP_CHARACTERS) return this.#longString(text);
    const start = this.#at;
    if (length < 64) this.#bytes[this.#at++] = 0x40 | length;
    else {
      this.#bytes[this.#at++] = Tag.ascii;
      this.varint(length);
    }
    const bytes = this.#bytes;
    const from = this.#at;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) {
        this.#at = start;
        return this.#longString(text);
      }
      bytes[from + i] = code;
    }
    this.#at = from + length;
  }

  #longString(text: string): void {
    if (!text.isWellFormed()) return this.#utf16(text);
    const { length } = text;
    // The encoder writes after the space for the longest length. Then the bytes move to the end of the actual length.
    this.#grow(3 * length + 18);
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(this.#at + 9));
    const from = this.#at + 9;
    this.byte(written === length ? Tag.ascii : Tag.utf8);
    this.varint(written);
    this.#bytes.copyWithin(this.#at, from, from + written);
    this.#at += written;
  }

  #utf16(text: string): void {
    this.byte(Tag.utf16);
    this.varint(text.length);
    this.#grow(2 * text.length);
    for (let i = 0; i < text.length; i++, this.#at += 2) this.#view.setUint16(this.#at, text.charCodeAt(i), true);
  }

  #bigint(value: bigint): void {
    this.byte(value < 0n ? Tag.negative : Tag.positive);
    const hex = (value < 0n ? -value : value).toString(16);
    const count = Math.ceil(hex.length / 2);
    this.varint(count);
    for (let end = hex.length; end > 0; end -= 2) this.byte(parseInt(hex.slice(Math.max(0, end - 2), end), 16));
  }

  #object(value: object): void {
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) return this.#plain(value as Record<string, unknown>, false);
    if (Array.isArray(value) && prototype === Array.prototype) return this.#array(value);
    if (prototype === null) return this.#plain(value as Record<string, unknown>, true);
    if (prototype === Uint8Array.prototype) {
      const bytes = value as Uint8Array;
      this.byte(Tag.bytes);
      this.varint(bytes.length);
      return this.raw(bytes);
    }
    if (prototype === Map.prototype && value instanceof Map) return this.#map(value);
    if (prototype === Set.prototype && value instanceof Set) return this.#set(value);
    if (prototype === Date.prototype && value instanceof Date) {
      this.#own(value, 0);
      this.byte(Tag.date);
      return this.#float(value.getTime());
    }
    const name = prototype.constructor?.name;
    return this.#refuse(`an instance of ${typeof name === "string" && name !== "" ? name : "a class without a name"}`);
  }

  #plain(value: Record<string, unknown>, bare: boolean): void {
    const names = Object.keys(value);
    this.#own(value, names.length);
    const shape = this.#shapeOf(names, bare);
    if (shape !== undefined) {
      this.byte(Tag.shape);
      this.varint(shape.id);
    } else this.#newShape(value, names, bare);
    this.#enter(value);
    const at = this.#depth;
    for (let i = 0; i < names.length; i++) {
      this.#path[at] = names[i];
      this.value(value[names[i]]);
    }
    this.#leave();
  }

  #shapeOf(names: readonly string[], bare: boolean): Shape | undefined {
    const last = this.#last;
    if (last !== undefined && last.bare === bare && sameNames(last.names, names)) return last;
    const found = this.#shapes.get(shapeKey(names, bare));
    if (found === undefined || !sameNames(found.names, names)) return undefined;
    return this.#last = found;
  }

  #newShape(value: object, names: readonly string[], bare: boolean): void {
    for (const name of names) {
      if (Object.getOwnPropertyDescriptor(value, name)!.get !== undefined) this.#refuse(`an accessor (${name})`);
    }
    this.byte(bare ? Tag.bareObject : Tag.object);
    this.varint(names.length);
    for (const name of names) this.string(name);
    if (!isShared(names.length, this.#shapes.size)) return;
    const key = shapeKey(names, bare);
    // Two shapes have the same key only if a name contains the separator. Reader and writer still count both shapes.
    const free = this.#shapes.has(key) ? `${key}\0${this.#shapes.size}` : key;
    this.#shapes.set(free, this.#last = { names, bare, id: this.#shapes.size });
  }

  #array(values: readonly unknown[]): void {
    this.#own(values, values.length + 1);
    this.byte(Tag.array);
    this.varint(values.length);
    this.#enter(values);
    const at = this.#depth;
    for (let i = 0; i < values.length; i++) {
      this.#path[at] = i;
      this.value(values[i]);
    }
    this.#leave();
  }

  #map(map: ReadonlyMap<unknown, unknown>): void {
    this.#own(map, 0);
    this.byte(Tag.map);
    this.varint(map.size);
    this.#enter(map);
    const at = this.#depth;
    for (const [key, value] of map) {
      this.#path[at] = "(a key)";
      this.value(key);
      this.#path[at] = key;
      this.value(value);
    }
    this.#leave();
  }

  #set(set: ReadonlySet<unknown>): void {
    this.#own(set, 0);
    this.byte(Tag.set);
    this.varint(set.size);
    this.#enter(set);
    this.#path[this.#depth] = "(a value)";
    for (const value of set) this.value(value);
    this.#leave();
  }

  /** Throws if a value has properties that cannot be encoded: hidden ones, symbols, names on an array, holes. */
  #own(value: object, expected: number): void {
    if (!this.#suspect) return;
    const own = Reflect.ownKeys(value).length;
    if (own === expected) return;
    if (Array.isArray(value) && own < expected) this.#refuse("an array with holes");
    this.#refuse(
      Array.isArray(value)
        ? "an array with properties of its own"
        : "an object with a hidden, a symbol's or an extra property",
    );
  }

  #enter(value: object): void {
    if (this.#around.includes(value)) this.#refuse("a cycle");
    if (this.#depth >= VALUE_DEPTH) this.#refuse(`nested more than ${VALUE_DEPTH} deep, which`);
    this.#around.push(value);
    this.#depth++;
  }

  #leave(): void {
    this.#around.pop();
    this.#depth--;
  }

  #refuse(what: string): never {
    const path = this.#path.slice(1, this.#depth + 1).map(showStep).join("");
    this.#depth = 0;
    this.#suspect = true;
    this.#around.length = 0;
    throw new TypeError(`${path === "" ? "the value itself" : path} is ${what} and cannot be stored as it is`);
  }

  #grow(more: number): void {
    const needed = this.#at + more;
    if (needed <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    bytes.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

function shapeKey(names: readonly string[], bare: boolean): string {
  return (bare ? "\x01" : "") + names.join("\0");
}

/** Whether two lists have the same names in the same order. */
export function sameNames(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function showStep(step: unknown): string {
  if (typeof step === "string" && /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(step)) return `.${step}`;
  if (typeof step === "string") return step.startsWith("(") ? ` ${step}` : `[${JSON.stringify(step)}]`;
  return `[${String(step)}]`;
}
