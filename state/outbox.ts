/**
 * The outbox: the encoded results of an epoch, kept until they are published.
 *
 * @module
 */
import { CODEC_VERSION } from "./codec.ts";
import { ValueReader } from "./value_reader.ts";
import { ValueWriter } from "./value_writer.ts";

/** A header of a record: a name, and bytes or `null`, as in Kafka. */
export type RecordHeader = readonly [name: string, value: Uint8Array | null];

/** A record's headers in their order. A name may occur several times; the last one is the newest. */
export type RecordHeaders = readonly RecordHeader[];

/** A record as it will be written. It is complete, so that publishing it again gives the same record. */
export interface OutputRecord {
  /** The topic that it goes to. */
  readonly topic: string;
  /** The partition it goes to. */
  readonly partition: number;
  /** Its event time, within the limits of the broker, in milliseconds since 1970. */
  readonly timestamp: number;
  /** Its key as bytes, or `null`. */
  readonly key: Uint8Array | null;
  /** Its value as bytes; `null` is a tombstone. */
  readonly value: Uint8Array | null;
  /** Its headers, if any. */
  readonly headers: RecordHeaders | undefined;
}

const SAME_TOPIC = 1;
const HAS_KEY = 2;
const HAS_VALUE = 4;
/** The old format of headers: by name, each with a value. */
const HAS_NAMED_HEADERS = 8;
const HAS_HEADERS = 16;
/** The headers have the names of the previous record's, which are left out. */
const SAME_NAMES = 32;
/** A timestamp that is nearer than this to the previous one is written as the difference. */
const NEAR = 2 ** 50;

const writer = new ValueWriter();

/** Encodes records, in order. The result is valid until the next call. */
export function encodeOutbox(records: readonly OutputRecord[]): Uint8Array {
  writer.reset();
  writer.byte(CODEC_VERSION);
  writer.varint(records.length);
  let topic: string | undefined;
  let timestamp = 0;
  let headers: RecordHeaders | undefined;
  for (const record of records) {
    const sameNames = haveSameNames(record.headers, headers);
    writer.byte(flagsOf(record, topic) | (sameNames ? SAME_NAMES : 0));
    if (record.topic !== topic) writer.string(topic = record.topic);
    writer.varint(record.partition);
    const difference = record.timestamp - timestamp;
    const near = Number.isSafeInteger(record.timestamp) && Math.abs(difference) < NEAR;
    writer.varint(near ? 1 : 0);
    if (near) writer.zigzag(difference);
    else writer.value(record.timestamp);
    if (near) timestamp = record.timestamp;
    if (record.key !== null) writeBytes(record.key);
    if (record.value !== null) writeBytes(record.value);
    headers = record.headers;
    if (headers !== undefined) writeHeaders(headers, sameNames);
  }
  return writer.view();
}

/**
 * Decodes records.
 *
 * @throws {RangeError} when the bytes are not encoded records
 */
export function decodeOutbox(bytes: Uint8Array): OutputRecord[] {
  const reader = new ValueReader(bytes);
  const version = reader.byte();
  if (version !== CODEC_VERSION) throw new RangeError(`codec version ${version} is unknown`);
  const records: OutputRecord[] = [];
  let topic = "";
  let timestamp = 0;
  let headers: RecordHeaders | undefined;
  for (let left = reader.varint(); left > 0; left--) {
    const flags = reader.byte();
    if ((flags & SAME_TOPIC) === 0) topic = reader.string();
    const partition = reader.varint();
    const near = reader.varint() === 1;
    const time = near ? timestamp += reader.zigzag() : reader.value() as number;
    const key = (flags & HAS_KEY) !== 0 ? reader.raw(reader.varint()) : null;
    const value = (flags & HAS_VALUE) !== 0 ? reader.raw(reader.varint()) : null;
    headers = (flags & HAS_HEADERS) !== 0
      ? readHeaders(reader, (flags & SAME_NAMES) !== 0 ? headers : undefined)
      : (flags & HAS_NAMED_HEADERS) !== 0
      ? readNamedHeaders(reader)
      : undefined;
    records.push({ topic, partition, timestamp: time, key, value, headers });
  }
  if (reader.left > 0) throw new RangeError(`${reader.left} bytes are left over`);
  return records;
}

function flagsOf(record: OutputRecord, topic: string | undefined): number {
  return (record.topic === topic ? SAME_TOPIC : 0) | (record.key !== null ? HAS_KEY : 0) |
    (record.value !== null ? HAS_VALUE : 0) | (record.headers !== undefined ? HAS_HEADERS : 0);
}

function writeBytes(bytes: Uint8Array): void {
  writer.varint(bytes.length);
  writer.raw(bytes);
}

/** Whether two records' headers have the same names in the same order. */
function haveSameNames(headers: RecordHeaders | undefined, before: RecordHeaders | undefined): boolean {
  if (headers === undefined || before === undefined || headers.length !== before.length) return false;
  for (let i = 0; i < headers.length; i++) if (headers[i][0] !== before[i][0]) return false;
  return true;
}

function writeHeaders(headers: RecordHeaders, sameNames: boolean): void {
  if (!sameNames) writer.varint(headers.length);
  for (let i = 0; i < headers.length; i++) {
    const value = headers[i][1];
    if (!sameNames) writer.string(headers[i][0]);
    writer.varint(value === null ? 0 : value.length + 1);
    if (value !== null) writer.raw(value);
  }
}

/** @param before the headers that have the same names, if the names are left out */
function readHeaders(reader: ValueReader, before: RecordHeaders | undefined): RecordHeaders {
  const headers: RecordHeader[] = [];
  const count = before?.length ?? reader.varint();
  for (let i = 0; i < count; i++) {
    const name = before?.[i][0] ?? reader.string();
    const length = reader.varint() - 1;
    headers.push([name, length < 0 ? null : reader.raw(length)]);
  }
  return headers;
}

function readNamedHeaders(reader: ValueReader): RecordHeaders {
  const headers: RecordHeader[] = [];
  for (let left = reader.varint(); left > 0; left--) headers.push([reader.string(), reader.raw(reader.varint())]);
  return headers;
}
