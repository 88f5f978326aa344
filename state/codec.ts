/**
 * Values as bytes, one at a time: what the state uses for everything that it stores.
 *
 * Carried exactly: numbers (with -0 and NaN), strings, booleans, bigints, `null`, `undefined`, dates, `Uint8Array`, and
 * plain objects, arrays, maps and sets of them. By content, as in JSON: an object that stands in two places is two objects
 * when it comes back. Everything else is refused by name.
 *
 * @module
 */
import { ValueReader } from "./value_reader.ts";
import { ValueWriter } from "./value_writer.ts";

/** The version of the bytes. Stands at the head of everything that is stored. */
export const CODEC_VERSION = 1;

const writer = new ValueWriter();

/**
 * Turns a value into bytes.
 *
 * @param value anything that can be carried
 * @throws {TypeError} when something in it cannot, with its path
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
 * @param bytes what `encode` made
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
