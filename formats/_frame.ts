/**
 * Confluent's wire format: the byte 0, the id of the schema in four bytes (big endian), and the encoded value. For
 * Protobuf the indexes of the message come before the value: how many there are, and the place of each message in its
 * file or in the message around it, as integers of variable length in zigzag. A single 0 stands for the first message
 * of the file.
 *
 * Source: https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
 *
 * @module
 */
import { zigzag } from "../base/bytes.ts";

const MAGIC = 0;
const HEADER = 5;
/** The deepest nesting of a message. Bytes that claim more are not in the wire format. */
const MOST_INDEXES = 100;

/** The id of the schema; `undefined` when the bytes are not in the wire format. */
export function schemaIdOf(bytes: Uint8Array): number | undefined {
  if (bytes.length < HEADER || bytes[0] !== MAGIC) return undefined;
  return ((bytes[1] << 24) | (bytes[2] << 16) | (bytes[3] << 8) | bytes[4]) >>> 0;
}

/**
 * The id of the schema.
 *
 * @throws {RangeError} when the bytes are not in the wire format, with the reason
 */
export function readSchemaId(bytes: Uint8Array): number {
  const id = schemaIdOf(bytes);
  if (id !== undefined) return id;
  if (bytes.length < HEADER) {
    throw new RangeError(`${bytes.length} bytes are too few for Confluent's wire format, which begins with ${HEADER}`);
  }
  throw new RangeError(`its first byte is ${bytes[0]}, and Confluent's wire format begins with ${MAGIC}`);
}

/** What follows the id. */
export function bodyOf(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(HEADER);
}

/** The bytes before each value of this schema, and of this message in it. */
export function headerOf(id: number, indexes?: readonly number[]): Uint8Array {
  const header = [MAGIC, id >>> 24, (id >>> 16) & 0xff, (id >>> 8) & 0xff, id & 0xff];
  if (indexes === undefined) return Uint8Array.from(header);
  if (indexes.length === 1 && indexes[0] === 0) return Uint8Array.from([...header, 0]);
  for (const value of [indexes.length, ...indexes]) {
    let left = zigzag(value);
    for (; left > 0x7f; left >>>= 7) header.push((left & 0x7f) | 0x80);
    header.push(left);
  }
  return Uint8Array.from(header);
}

/** A header and what follows it, in one. */
export function joined(header: Uint8Array, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(header.length + body.length);
  bytes.set(header);
  bytes.set(body, header.length);
  return bytes;
}

/**
 * Reads the indexes of a message of Protobuf.
 *
 * @param body what follows the id
 * @returns the indexes, and the encoded message
 * @throws {RangeError} when there are none
 */
export function readIndexes(body: Uint8Array): { indexes: readonly number[]; message: Uint8Array } {
  let at = 0;
  const next = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (at >= body.length) break;
      const byte = body[at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw new RangeError("the indexes of its message do not end");
  };
  const count = next();
  if (count === 0) return { indexes: [0], message: body.subarray(at) };
  if (count < 0 || count > MOST_INDEXES) throw new RangeError(`it claims ${count} indexes of its message`);
  const indexes = Array.from({ length: count }, next);
  return { indexes, message: body.subarray(at) };
}
