/**
 * Records that a program appends to a topic without a job. The input is easier to write than that of a job; the stored
 * records are the same.
 *
 * @module
 */

import { keyBytes } from "../codec.ts";
import { json } from "../json.ts";
import { encodeHeaders, type HeadersOption, recordBytes } from "../headers.ts";
import type { OutputRecord } from "../connector.ts";
import { MAX_RECORD_BYTES, TIMESTAMP_AHEAD } from "./limits.ts";
import { keyPartition } from "../partitioner.ts";
import type { RecordKey } from "../verbs.ts";

/** The stored fields of a record. */
export type PackedRecord = Omit<OutputRecord, "topic" | "partition">;

/** A record to append. */
export interface AppendRecord {
  /** The value: bytes are stored as they are, `null` is a tombstone, everything else becomes JSON. */
  readonly value: unknown;
  /** The key: strings become UTF-8, numbers their decimal text. @default none */
  readonly key?: RecordKey;
  /**
   * The partition.
   *
   * @default the key decides, as in Kafka's default partitioner; records without a key go round the partitions
   */
  readonly partition?: number;
  /** The record's timestamp, in milliseconds since 1970. @default now */
  readonly timestamp?: number;
  /** The headers: values by name, or a list of names with values when a name occurs several times. @default none */
  readonly headers?: HeadersOption;
}

/** The topic that records are placed in, and its limits. */
export interface Placing {
  readonly topic: string;
  readonly partitions: number;
  /** The partition of the next record without a key. */
  readonly turn: number;
  /** The wall clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** How far a timestamp may lie ahead of the wall clock, in milliseconds. */
  readonly maxTimestampAhead: number;
}

/** Encoded records with their partitions. */
export interface Placed {
  /** Each record with its partition, in the given order. */
  readonly records: readonly (readonly [partition: number, record: PackedRecord])[];
  /** The partition of the next record without a key. */
  readonly turn: number;
}

const codec = json<unknown>();

/**
 * Encodes records and chooses their partitions.
 *
 * @throws {RangeError} when a partition does not exist, a timestamp is no safe integer or too far ahead, or a record is
 * too large
 * @throws {TypeError} when a value has no JSON form
 */
export function placeRecords(records: Iterable<AppendRecord>, placing: Placing): Placed {
  const { topic, partitions } = placing;
  const placed: (readonly [number, PackedRecord])[] = [];
  let turn = placing.turn;
  for (const record of records) {
    const encoded = encodeRecord(record, placing);
    let partition = record.partition;
    if (partition === undefined) {
      partition = encoded.key === null ? turn++ % partitions : keyPartition(encoded.key, partitions);
    } else if (!(Number.isSafeInteger(partition) && partition >= 0 && partition < partitions)) {
      throw new RangeError(
        `Cannot append to partition ${partition} of the topic "${topic}": it has ${partitions} partitions.`,
      );
    }
    placed.push([partition, encoded]);
  }
  return { records: placed, turn: turn % partitions };
}

/**
 * The limit for timestamps of appended records.
 *
 * @throws {RangeError} when it is no number of at least 0
 */
export function timestampLimit(maxTimestampAhead: number = TIMESTAMP_AHEAD): number {
  if (maxTimestampAhead >= 0) return maxTimestampAhead;
  throw new RangeError(`Cannot create a log: maxTimestampAhead must be >= 0, current value is ${maxTimestampAhead}`);
}

function encodeRecord(record: AppendRecord, { topic, now, maxTimestampAhead }: Placing): PackedRecord {
  const { value, key = null, timestamp = now(), headers } = record;
  if (!Number.isSafeInteger(timestamp)) {
    throw new RangeError(
      `Cannot append to the topic "${topic}": timestamp must be a safe integer, current value is ${timestamp}`,
    );
  }
  if (maxTimestampAhead !== Infinity && timestamp > now() + maxTimestampAhead) {
    throw new RangeError(
      `Cannot append to the topic "${topic}": the timestamp ${timestamp} lies ${
        timestamp - now()
      } ms ahead of the clock, ` +
        `maxTimestampAhead is ${maxTimestampAhead}`,
    );
  }
  const encoded: PackedRecord = {
    timestamp,
    key: key === null || key instanceof Uint8Array ? key : keyBytes(key),
    value: value === null || value instanceof Uint8Array ? value : codec.encode(value),
    headers: headers === undefined ? undefined : encodeHeaders(headers),
  };
  const bytes = recordBytes(encoded.key, encoded.value, encoded.headers);
  if (bytes > MAX_RECORD_BYTES) {
    throw new RangeError(
      `Cannot append to the topic "${topic}": a record may have ${MAX_RECORD_BYTES} bytes of key, value and headers, this one has ${bytes}.`,
    );
  }
  return encoded;
}
