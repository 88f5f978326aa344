/**
 * Codecs of plain formats: text, bytes, and integers as Kafka's own serializers write them. They serve for values, and
 * for the keys of a topic: `source(topic, { key: int64() })`.
 *
 * @module
 */

import { bytesText, textBytes } from "../base/text.ts";
import type { RecordCodec } from "./codec.ts";

const INT64_BYTES = 8;
const INT32_BYTES = 4;

/**
 * Text in UTF-8, as Kafka's `StringSerializer` writes it. A byte order mark is kept.
 *
 * @returns a codec that throws on bytes that are not UTF-8, on values that are not text, and on lone surrogates
 *
 * @example Text as it is
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { text } from "@tidemark/streams/connectors";
 * assertEquals(text().decode(text().encode("grüß dich")), "grüß dich");
 * ```
 */
export function text(): RecordCodec<string> {
  return TEXT;
}

const TEXT: RecordCodec<string> = {
  encode(value) {
    if (typeof value !== "string") throw new TypeError(`text() writes text, current value is of type ${typeof value}`);
    if (!value.isWellFormed()) throw new TypeError("text() writes UTF-8, and the text has a lone surrogate");
    return textBytes(value);
  },
  decode: bytesText,
};

/**
 * Bytes as they are.
 *
 * @returns a codec that throws on values that are no `Uint8Array`
 *
 * @example Bytes as they are
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bytes } from "@tidemark/streams/connectors";
 * assertEquals(bytes().decode(new Uint8Array([1, 2])), new Uint8Array([1, 2]));
 * ```
 */
export function bytes(): RecordCodec<Uint8Array> {
  return BYTES;
}

const BYTES: RecordCodec<Uint8Array> = {
  encode(value) {
    if (value instanceof Uint8Array) return value;
    throw new TypeError(`bytes() writes a Uint8Array, current value is of type ${typeof value}`);
  },
  decode: (encoded) => encoded,
};

/**
 * Integers of 64 bits, as Kafka's `LongSerializer` writes them. They are `bigint`s, since a number cannot hold all of
 * them.
 *
 * @returns a codec that throws on bytes that are not exactly eight, and on values that are no integer of 64 bits
 *
 * @example A key of Java's
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { int64 } from "@tidemark/streams/connectors";
 * assertEquals(int64().decode(new Uint8Array([0, 0, 0, 0, 0, 0, 0, 42])), 42n);
 * ```
 */
export function int64(): RecordCodec<bigint> {
  return INT64;
}

const INT64: RecordCodec<bigint> = {
  encode(value) {
    if (typeof value !== "bigint" || BigInt.asIntN(64, value) !== value) {
      throw new TypeError(`int64() writes a bigint of 64 bits, current value is ${String(value)}`);
    }
    const encoded = new Uint8Array(INT64_BYTES);
    new DataView(encoded.buffer).setBigInt64(0, value);
    return encoded;
  },
  decode: (encoded) => viewOf(encoded, INT64_BYTES, "int64").getBigInt64(0),
};

/**
 * Integers of 32 bits, as Kafka's `IntegerSerializer` writes them.
 *
 * @returns a codec that throws on bytes that are not exactly four, and on values that are no integer of 32 bits
 *
 * @example A key of Java's
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { int32 } from "@tidemark/streams/connectors";
 * assertEquals(int32().decode(new Uint8Array([0xff, 0xff, 0xff, 0xff])), -1);
 * ```
 */
export function int32(): RecordCodec<number> {
  return INT32;
}

const INT32: RecordCodec<number> = {
  encode(value) {
    if ((value | 0) !== value) throw new TypeError(`int32() writes an integer of 32 bits, current value is ${value}`);
    const encoded = new Uint8Array(INT32_BYTES);
    new DataView(encoded.buffer).setInt32(0, value);
    return encoded;
  },
  decode: (encoded) => viewOf(encoded, INT32_BYTES, "int32").getInt32(0),
};

function viewOf(encoded: Uint8Array, length: number, name: string): DataView {
  if (encoded.length !== length) {
    throw new RangeError(`${name}() reads ${length} bytes, and there are ${encoded.length}`);
  }
  return new DataView(encoded.buffer, encoded.byteOffset, length);
}
