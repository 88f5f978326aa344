/**
 * The format of records in the embedded log. Several records are packed into a chunk without loss, so that a chunk
 * costs one KV entry.
 *
 * A chunk is a head and its records. The head has the format, the number of records, the number of parts (KV values
 * that the chunk spans), the first record's timestamp and the highest timestamp. A record has a byte of flags, the
 * difference of its timestamp from the first one, then key, value and headers, each with its length before it. A
 * header's value has the length + 1 before it, or 0 when the header has no value (in format 1 every header had one).
 * Integers are varints, seven bits a byte.
 *
 * @module
 */

import { GrowingBytes } from "../../base/bytes.ts";
import type { PackedRecord } from "../local/append.ts";
import { bytesName, nameBytes } from "../../base/text.ts";
import type { InputRecord, RecordHeader, RecordHeaders } from "../connector.ts";
import { CHUNK_BYTES } from "../local/limits.ts";

/** A packed run of records. */
export interface Chunk {
  /** The offset of its first record. */
  readonly first: number;
  /** How many records it holds, with consecutive offsets. */
  readonly count: number;
  /** The chunk's bytes, split into KV values. Only a single large record needs more than one. */
  readonly parts: readonly Uint8Array[];
}

/** The content of a chunk's head. */
export interface ChunkHead {
  readonly format: number;
  readonly count: number;
  readonly parts: number;
  /** The timestamp of the first record. */
  readonly firstTimestamp: number;
  /** The highest timestamp. */
  readonly maxTimestamp: number;
}

const FORMAT = 2;
/** The format of older chunks, in which every header had a value. */
const FORMAT_OF_NAMED_HEADERS = 1;
const HEAD_BYTES = 48;
const WITH_KEY = 1;
const WITH_VALUE = 2;
const WITH_HEADERS = 4;
const BEFORE_FIRST = 8;

const head = new GrowingBytes(HEAD_BYTES);
const body = new GrowingBytes(CHUNK_BYTES + 1024);

/**
 * Packs records into chunks.
 *
 * @param records the records of one partition, in order
 * @param first the offset of the first record
 */
export function packRecords(records: readonly PackedRecord[], first: number): Chunk[] {
  const chunks: Chunk[] = [];
  let base = 0;
  let highest = 0;
  let count = 0;
  let next = first;
  body.length = 0;
  for (const record of records) {
    const bound = boundOf(record);
    const full = count > 0 && (body.length + bound > CHUNK_BYTES - HEAD_BYTES ||
      !Number.isSafeInteger(record.timestamp - base));
    if (full) {
      chunks.push(closeChunk(next - count, count, base, highest));
      count = 0;
    }
    if (count === 0) base = highest = record.timestamp;
    if (record.timestamp > highest) highest = record.timestamp;
    body.reserve(bound);
    packRecord(record, base);
    count++;
    next++;
  }
  if (count > 0) chunks.push(closeChunk(next - count, count, base, highest));
  return chunks;
}

/** An upper bound for the packed size of a record. */
function boundOf(record: PackedRecord): number {
  let bound = 32 + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  const headers = record.headers;
  if (headers !== undefined) {
    for (const [name, content] of headers) bound += 16 + name.length * 3 + (content?.length ?? 0);
  }
  return bound;
}

function packRecord(record: PackedRecord, base: number): void {
  const { key, value, headers, timestamp } = record;
  const withHeaders = headers !== undefined && headers.length > 0;
  let flags = 0;
  if (key !== null) flags |= WITH_KEY;
  if (value !== null) flags |= WITH_VALUE;
  if (withHeaders) flags |= WITH_HEADERS;
  if (timestamp < base) flags |= BEFORE_FIRST;
  body.byte(flags);
  body.varint(Math.abs(timestamp - base));
  if (key !== null) packBlock(key);
  if (value !== null) packBlock(value);
  if (!withHeaders) return;
  body.varint(headers.length);
  for (const [name, content] of headers) {
    packBlock(nameBytes(name));
    body.varint(content === null ? 0 : content.length + 1);
    if (content !== null) body.raw(content);
  }
}

/** Writes the length of the bytes, then the bytes. */
function packBlock(block: Uint8Array): void {
  body.varint(block.length).raw(block);
}

/** Writes a head before the packed records, splits the whole into parts and empties the buffer. */
function closeChunk(first: number, count: number, base: number, highest: number): Chunk {
  const parts = Math.ceil((HEAD_BYTES + body.length) / CHUNK_BYTES);
  head.length = 0;
  head.byte(FORMAT);
  head.varint(count);
  head.varint(parts);
  packSigned(base);
  // Both timestamps are written in full: the difference of two safe integers need not be safe.
  packSigned(highest);
  const whole = new Uint8Array(head.length + body.length);
  whole.set(head.written);
  whole.set(body.written, head.length);
  body.length = 0;
  if (parts === 1) return { first, count, parts: [whole] };
  const cut: Uint8Array[] = [];
  // Copies: a view would be stored with its whole buffer.
  for (let part = 0; part < parts; part++) cut.push(whole.slice(part * CHUNK_BYTES, (part + 1) * CHUNK_BYTES));
  return { first, count, parts: cut };
}

function packSigned(value: number): void {
  head.byte(value < 0 ? 1 : 0);
  head.varint(Math.abs(value));
}

/** A position in bytes that are being read. Reading beyond their end throws a `RangeError`. */
class Cursor {
  at = 0;
  constructor(readonly bytes: Uint8Array) {}

  byte(): number {
    if (this.at >= this.bytes.length) throw new RangeError("a chunk of the embedded log ends too early");
    return this.bytes[this.at++];
  }

  integer(): number {
    const { bytes } = this;
    let byte = this.byte();
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80 && shift < 28; shift += 7) {
      byte = bytes[this.at++];
      value |= (byte & 0x7f) << shift;
    }
    for (let scale = 2 ** 28; byte >= 0x80; scale *= 128) {
      byte = this.byte();
      value += (byte & 0x7f) * scale;
    }
    if (!Number.isSafeInteger(value)) {
      throw new RangeError("a chunk of the embedded log holds a number that is too large");
    }
    return value;
  }

  block(): Uint8Array {
    return this.bytesOf(this.integer());
  }

  bytesOf(length: number): Uint8Array {
    const end = this.at + length;
    if (end > this.bytes.length) throw new RangeError("a chunk of the embedded log ends too early");
    const block = this.bytes.subarray(this.at, end);
    this.at = end;
    return block;
  }
}

/**
 * Reads a chunk's head.
 *
 * @param bytes the chunk's first part
 *
 * @throws {RangeError} when the bytes are no chunk
 */
export function readChunkHead(bytes: Uint8Array): ChunkHead {
  return headAt(new Cursor(bytes));
}

function headAt(cursor: Cursor): ChunkHead {
  const format = cursor.byte();
  if (format !== FORMAT && format !== FORMAT_OF_NAMED_HEADERS) {
    throw new RangeError(`a chunk of the embedded log has the unknown format ${format}`);
  }
  const count = cursor.integer();
  const parts = cursor.integer();
  const firstTimestamp = signed(cursor);
  const maxTimestamp = signed(cursor);
  if (count < 1 || parts < 1) throw new RangeError("a chunk of the embedded log is empty");
  return { format, count, parts, firstTimestamp, maxTimestamp };
}

function signed(cursor: Cursor): number {
  return cursor.byte() === 1 ? -cursor.integer() : cursor.integer();
}

/**
 * Unpacks a chunk onto the end of `into`, from offset `from` on. Keys, values and headers are views of the given bytes.
 *
 * @param chunk the bytes of the whole chunk, and its place
 * @param into the list to which the records are added
 *
 * @throws {RangeError} when the bytes are no chunk
 */
export function unpackChunk(
  chunk: { bytes: Uint8Array; topic: string; partition: number; first: number; from: number },
  into: InputRecord[],
): void {
  const { bytes, topic, partition, first, from } = chunk;
  const cursor = new Cursor(bytes);
  const { format, count, firstTimestamp } = headAt(cursor);
  for (let offset = first; offset < first + count; offset++) {
    const flags = cursor.byte();
    const distance = cursor.integer();
    const timestamp = (flags & BEFORE_FIRST) !== 0 ? firstTimestamp - distance : firstTimestamp + distance;
    const key = (flags & WITH_KEY) !== 0 ? cursor.block() : null;
    const value = (flags & WITH_VALUE) !== 0 ? cursor.block() : null;
    const headers = (flags & WITH_HEADERS) !== 0 ? headersAt(cursor, format) : undefined;
    if (offset >= from) into.push({ topic, partition, offset, timestamp, key, value, headers });
  }
  if (cursor.at !== bytes.length) throw new RangeError("a chunk of the embedded log is longer than its records");
}

function headersAt(cursor: Cursor, format: number): RecordHeaders {
  const headers: RecordHeader[] = [];
  for (let left = cursor.integer(); left > 0; left--) {
    const name = bytesName(cursor.block());
    const length = format === FORMAT ? cursor.integer() - 1 : cursor.integer();
    headers.push([name, length < 0 ? null : cursor.bytesOf(length)]);
  }
  return headers;
}
