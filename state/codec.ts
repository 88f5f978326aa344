/**
 * The encoding of values as bytes, one value at a time. All stored state uses it.
 *
 * Carried exactly: numbers (with -0 and NaN), strings, booleans, bigints, `null`, `undefined`, dates, `Uint8Array`, and
 * plain objects, arrays, maps and sets of them. Values are stored by content, as in JSON: an object that is used in two
 * places becomes two objects. Any other type throws an error that names it.
 *
 * @module
 */
import { ValueReader } from "./value_reader.ts";
import { ValueWriter } from "./value_writer.ts";

/** The version of the encoding. It is the first byte of every stored stream. */
export const CODEC_VERSION = 1;

const writer = new ValueWriter();

/**
 * Turns a value into bytes.
 *
 * @param value anything that can be carried
 * @throws {TypeError} when a part of it cannot be encoded; the message has the path of that part
 *
 * @example There and back
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decode, encode } from "@tidemark/streams/state";
 *
 * const value = { visits: 3, seen: new Set(["shoes"]), since: new Date(0) };
 * assertEquals(decode(encode(value)), value);
 * ```
 */
export function encode(value: unknown): Uint8Array<ArrayBuffer> {
  writer.reset();
  writer.byte(CODEC_VERSION);
  try {
    writer.value(value);
  } catch (error) {
    if (error instanceof TypeError) throw new TypeError(`Cannot store a value: ${error.message}`);
    throw error;
  }
  return writer.take();
}

/**
 * Turns bytes back into the value.
 *
 * @param bytes the result of `encode`
 * @throws {RangeError} when the bytes are not a value, or were written by a newer version
 */
export function decode(bytes: Uint8Array): unknown {
  const reader = new ValueReader(bytes);
  const version = reader.byte();
  if (version !== CODEC_VERSION) {
    throw new RangeError(`Cannot read bytes of codec version ${version}, only ${CODEC_VERSION}`);
  }
  const value = reader.value();
  if (reader.left > 0) throw new RangeError(`Cannot read a value: ${reader.left} bytes are left over`);
  return value;
}
