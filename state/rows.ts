/**
 * Rows of tables: entries that an epoch writes for readers outside of the job, plain values under keys of their own.
 *
 * They are in the epoch's atomic if all of them fit. Otherwise they are encoded into chunks, which the head names, and
 * follow the epoch in their order: `commit.ts` writes them, and after a crash the next owner does.
 *
 * A row has a key, a mark of the form of its value, the value, and its bytes in the store. Most values are plain JSON, and
 * its text is written several times faster than the value part by part. Version 1 had no marks and no texts.
 *
 * @module
 */
import type { Mutation, TableRow } from "./store.ts";
import { ValueReader } from "./value_reader.ts";
import { ValueWriter } from "./value_writer.ts";

const VERSION = 2;
/** The forms of a value: as any other state is written, or the text of its JSON. */
const PARTS = 0, JSON_TEXT = 1;
/** JSON is looked at this deep. What is nested deeper is written part by part. */
const JSON_DEPTH = 20;

const writer = new ValueWriter();

/** Encodes rows, in order. The result is valid until the next call. */
export function encodeRows(rows: readonly TableRow[]): Uint8Array {
  writer.reset();
  writer.byte(VERSION);
  writer.varint(rows.length);
  for (const { key, value, bytes } of rows) {
    writer.plain(key);
    if (typeof value === "object" && value !== null && isJson(value, JSON_DEPTH)) {
      writer.byte(JSON_TEXT);
      writer.string(JSON.stringify(value));
    } else {
      writer.byte(PARTS);
      writer.value(value);
    }
    writer.varint(bytes);
  }
  return writer.view();
}

/**
 * Decodes rows.
 *
 * @throws {RangeError} when the bytes are not encoded rows
 */
export function decodeRows(encoded: Uint8Array): TableRow[] {
  const reader = new ValueReader(encoded);
  const version = reader.byte();
  if (version < 1 || version > VERSION) throw new RangeError(`codec version ${version} is unknown`);
  const rows: TableRow[] = [];
  for (let left = reader.varint(); left > 0; left--) {
    const key = reader.value() as TableRow["key"];
    const form = version === 1 ? PARTS : reader.byte();
    if (form > JSON_TEXT) throw new RangeError(`form ${form} of a row is unknown`);
    const value = form === JSON_TEXT ? JSON.parse(reader.value() as string) : reader.value();
    rows.push({ key, value, bytes: reader.varint() });
  }
  if (reader.left > 0) throw new RangeError(`${reader.left} bytes are left over`);
  return rows;
}

/** Whether the text of a value's JSON gives back exactly this value. */
function isJson(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    case "object":
      return value === null || depth > 0 && isPlainJson(value, depth - 1);
    default:
      return false;
  }
}

function isPlainJson(value: object, depth: number): boolean {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Array.prototype && Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isJson(value[i], depth)) return false;
    return true;
  }
  if (prototype !== Object.prototype) return false;
  for (const name in value) if (!isJson((value as Record<string, unknown>)[name], depth)) return false;
  return true;
}

/** The mutations that write rows. */
export function rowMutations(rows: readonly TableRow[]): Mutation[] {
  return rows.map(({ key, value, bytes }) =>
    value === null ? { type: "delete", key } : { type: "set", key, value, bytes }
  );
}
