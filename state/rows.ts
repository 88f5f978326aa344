/**
 * Rows of tables: entries that an epoch writes for readers outside of the job, plain values under keys of their own.
 *
 * They are in the epoch's atomic if all of them fit. Otherwise they are encoded into chunks, which the head names, and
 * follow the epoch in their order: `commit.ts` writes them, and after a crash the next owner does.
 *
 * @module
 */
import { CODEC_VERSION } from "./codec.ts";
import type { Mutation, TableRow } from "./store.ts";
import { ValueReader } from "./value_reader.ts";
import { ValueWriter } from "./value_writer.ts";

const writer = new ValueWriter();

/** Encodes rows, in order. The result is valid until the next call. */
export function encodeRows(rows: readonly TableRow[]): Uint8Array {
  writer.reset();
  writer.byte(CODEC_VERSION);
  writer.varint(rows.length);
  for (const { key, value, bytes } of rows) {
    writer.value(key);
    writer.value(value);
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
  if (version !== CODEC_VERSION) throw new RangeError(`codec version ${version} is unknown`);
  const rows: TableRow[] = [];
  for (let left = reader.varint(); left > 0; left--) {
    rows.push({ key: reader.value() as TableRow["key"], value: reader.value(), bytes: reader.varint() });
  }
  if (reader.left > 0) throw new RangeError(`${reader.left} bytes are left over`);
  return rows;
}

/** The mutations that write rows. */
export function rowMutations(rows: readonly TableRow[]): Mutation[] {
  return rows.map(({ key, value, bytes }) =>
    value === null ? { type: "delete", key } : { type: "set", key, value, bytes }
  );
}
