/**
 * The size of a value in Deno KV, which stores V8's serialization of it.
 *
 * @module
 */
import { Serializer } from "node:v8";

/** From here on a size is measured, in bytes. Below it an upper bound is enough, which costs a tenth. */
const MEASURED_BYTES = 16 * 1024;
/** The format's version, at the beginning. */
const HEADER = 2;
/** A tag, and the longest varint of 32 bits. */
const COUNTED = 6;
/** A double with its tag; nothing that has a fixed size is larger. */
const FIXED = 9;

/**
 * How many bytes plain data has in Deno KV: exactly, or at most if it is small. No part of it may be shared.
 *
 * @param value plain data, of whose `Uint8Array`s each has a buffer of its own
 */
export function kvBytes(value: unknown): number {
  // Deno KV stores bytes as they are.
  if (value instanceof Uint8Array) return value.length;
  const most = HEADER + mostBytes(value);
  return most < MEASURED_BYTES ? most : serializedBytes(value);
}

function serializedBytes(value: unknown): number {
  const serializer = new Serializer();
  serializer.writeHeader();
  serializer.writeValue(value);
  return serializer.releaseBuffer().length;
}

function mostBytes(value: unknown): number {
  switch (typeof value) {
    case "string":
      return stringBytes(value);
    case "bigint":
      return COUNTED + 8 * Math.ceil(value.toString(16).length / 16);
    case "object":
      return value === null ? FIXED : objectBytes(value);
    default:
      return FIXED;
  }
}

/** A text of one byte a character if all of them are Latin-1, otherwise of two, which may begin after a padding. */
function stringBytes(text: string): number {
  return COUNTED + 1 + 2 * text.length;
}

function objectBytes(value: object): number {
  if (Array.isArray(value)) {
    let bytes = 3 * COUNTED;
    for (let i = 0; i < value.length; i++) bytes += mostBytes(value[i]);
    return bytes;
  }
  if (value instanceof Uint8Array) return 4 * COUNTED + value.length;
  let bytes = COUNTED + 1;
  if (value instanceof Date) return FIXED;
  if (value instanceof Map) {
    for (const [key, part] of value) bytes += mostBytes(key) + mostBytes(part);
  } else if (value instanceof Set) {
    for (const part of value) bytes += mostBytes(part);
  } else {
    const properties = value as Record<string, unknown>;
    for (const name of Object.keys(properties)) bytes += stringBytes(name) + mostBytes(properties[name]);
  }
  return bytes;
}
