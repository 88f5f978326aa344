/**
 * The outbox: results of an epoch, packed, until they are published.
 *
 * @module
 */
import { CODEC_VERSION } from "./codec.ts";
import { ValueReader } from "./value_reader.ts";
import { ValueWriter } from "./value_writer.ts";

/** A record's headers, by name. A header's value is bytes, as it is in Kafka. */
export type RecordHeaders = Readonly<Record<string, Uint8Array>>;

/** A record as it will be written. It is complete: nothing about it is decided after the commit. */
export interface OutputRecord {
  /** Where it goes. */
  readonly topic: string;
  /** The partition it goes to. */
  readonly partition: number;
  /** Its event time, as far as the broker takes it, in milliseconds since 1970. */
  readonly timestamp: number;
  /** Its key, as bytes; `null`: none. */
  readonly key: Uint8Array | null;
  /** Its value, as bytes; `null`: a tombstone. */
  readonly value: Uint8Array | null;
  /** Its headers, where it has any. */
  readonly headers: RecordHeaders | undefined;
}

const SAME_TOPIC = 1;
const HAS_KEY = 2;
const HAS_VALUE = 4;
const HAS_HEADERS = 8;
/** Timestamps nearer than this are written as the difference from the one before. */
const NEAR = 2 ** 50;

const writer = new ValueWriter();

/** Packs records, in order. The result is valid until the next call. */
export function encodeOutbox(records: readonly OutputRecord[]): Uint8Array {
  writer.reset();
  writer.byte(CODEC_VERSION);
  writer.varint(records.length);
  let topic: string | undefined;
  let timestamp = 0;
  for (const record of records) {
    writer.byte(flagsOf(record, topic));
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
    if (record.headers !== undefined) writeHeaders(record.headers);
  }
  return writer.view();
}

/**
 * Unpacks records.
 *
 * @throws {RangeError} when the bytes are not packed records
 */
export function decodeOutbox(bytes: Uint8Array): OutputRecord[] {
  const reader = new ValueReader(bytes);
  const version = reader.byte();
  if (version !== CODEC_VERSION) throw new RangeError(`codec version ${version} is unknown`);
  const records: OutputRecord[] = [];
  let topic = "";
  let timestamp = 0;
  for (let left = reader.varint(); left > 0; left--) {
    const flags = reader.byte();
    if ((flags & SAME_TOPIC) === 0) topic = reader.string();
    const partition = reader.varint();
    const near = reader.varint() === 1;
    const time = near ? timestamp += reader.zigzag() : reader.value() as number;
    const key = (flags & HAS_KEY) !== 0 ? reader.raw(reader.varint()) : null;
    const value = (flags & HAS_VALUE) !== 0 ? reader.raw(reader.varint()) : null;
    const headers = (flags & HAS_HEADERS) !== 0 ? readHeaders(reader) : undefined;
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

function writeHeaders(headers: Readonly<Record<string, Uint8Array>>): void {
  const names = Object.keys(headers);
  writer.varint(names.length);
  for (const name of names) {
    writer.string(name);
    writeBytes(headers[name]);
  }
}

function readHeaders(reader: ValueReader): Record<string, Uint8Array> {
  const headers: [string, Uint8Array][] = [];
  for (let left = reader.varint(); left > 0; left--) headers.push([reader.string(), reader.raw(reader.varint())]);
  return Object.fromEntries(headers);
}
