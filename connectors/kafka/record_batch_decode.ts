/**
 * Kafka's record batches (format 2), read as a `read_committed` reader does: records of aborted transactions and control
 * records are passed over, but they count for the position.
 *
 * @module
 */

import { bytesName } from "../../base/text.ts";
import type { InputRecord, RecordHeader, RecordHeaders } from "../connector.ts";
import { decompress } from "./compression.ts";
import type { FetchedPartition } from "./driver.ts";
import { ByteReader } from "./wire.ts";

const COMPRESSION = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const ABORT = 0;
/** Offset and length, which are not counted by the length. */
const BEFORE_LENGTH = 12;
const MAGIC_AT = 16;

/** What a fetch brought. */
export interface DecodedPartition {
  readonly records: InputRecord[];
  /** Where reading goes on. */
  readonly position: number;
}

/**
 * Reads the records of a fetch that lie at `start` or after it. Keys, values and headers are views into the fetch's bytes.
 *
 * @throws {Error} If the bytes are not record batches, or are compressed in a way that cannot be read.
 */
export function decodePartition(fetched: FetchedPartition, start: number): DecodedPartition {
  const { topic, partition, batches } = fetched;
  const records: InputRecord[] = [];
  const aborted = new AbortedTransactions(fetched.aborted);
  const reader = new ByteReader(batches);
  let position = start;
  // The last batch may be cut off where the fetch's limit fell: it comes again.
  while (reader.left >= BEFORE_LENGTH + 49) {
    const batchStart = reader.position;
    const baseOffset = reader.int64();
    const end = batchStart + BEFORE_LENGTH + reader.int32();
    if (end > batches.length) break;
    const magic = batches[batchStart + MAGIC_AT];
    if (magic !== 2) {
      throw new Error(
        `Cannot read "${topic}" partition ${partition} at offset ${baseOffset}: record format ${magic} is older than Kafka 0.11`,
      );
    }
    reader.position = batchStart + 21;
    const batch = readHeader(reader, baseOffset);
    if (batch.lastOffset >= position) {
      const visible = aborted.pass(batch, reader);
      if (visible) readRecords(reader, batch, { topic, partition, start: position, end, records });
      position = batch.lastOffset + 1;
    }
    reader.position = end;
  }
  return { records, position };
}

interface BatchHeader {
  readonly attributes: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly baseTime: number;
  readonly latestTime: number;
  readonly producer: number;
  readonly count: number;
}

function readHeader(reader: ByteReader, baseOffset: number): BatchHeader {
  const attributes = reader.int16();
  const lastOffset = baseOffset + reader.int32();
  const baseTime = reader.int64();
  const latestTime = reader.int64();
  const producer = reader.int64();
  reader.position += 6;
  const count = reader.int32();
  return { attributes, baseOffset, lastOffset, baseTime, latestTime, producer, count };
}

/** Knows which producers are inside an aborted transaction while the batches pass by in order. */
class AbortedTransactions {
  readonly #transactions: FetchedPartition["aborted"];
  #next = 0;
  readonly #inside = new Set<number>();

  constructor(transactions: FetchedPartition["aborted"]) {
    this.#transactions = transactions.length > 1
      ? [...transactions].sort((one, other) => one.firstOffset - other.firstOffset)
      : transactions;
  }

  /** Whether the records of this batch may be seen. */
  pass(batch: BatchHeader, reader: ByteReader): boolean {
    const transactions = this.#transactions;
    while (this.#next < transactions.length && transactions[this.#next].firstOffset <= batch.lastOffset) {
      this.#inside.add(transactions[this.#next++].producer);
    }
    if ((batch.attributes & CONTROL) !== 0) {
      if (controlType(reader) === ABORT) this.#inside.delete(batch.producer);
      return false;
    }
    return (batch.attributes & TRANSACTIONAL) === 0 || !this.#inside.has(batch.producer);
  }
}

/** A control batch holds one record; its key is a version and a type, 16 bits each. The reader stands before the record. */
function controlType(reader: ByteReader): number {
  reader.varint();
  reader.int8();
  reader.varlong();
  reader.varint();
  reader.varint();
  reader.int16();
  return reader.int16();
}

interface ReadOptions {
  readonly topic: string;
  readonly partition: number;
  /** The first offset that is wanted. */
  readonly start: number;
  /** Where the batch ends in the reader's bytes. */
  readonly end: number;
  readonly records: InputRecord[];
}

function readRecords(reader: ByteReader, batch: BatchHeader, options: ReadOptions): void {
  const { topic, partition, start, end, records } = options;
  const codec = batch.attributes & COMPRESSION;
  const source = codec === 0
    ? reader
    : new ByteReader(decompress(codec, reader.take(end - reader.position), `"${topic}" partition ${partition}`));
  const appended = (batch.attributes & LOG_APPEND_TIME) !== 0;
  for (let left = batch.count; left > 0; left--) {
    const length = source.varint();
    const next = source.position + length;
    source.position++;
    const later = source.varlong();
    const offset = batch.baseOffset + source.varint();
    if (offset >= start) {
      records.push({
        topic,
        partition,
        offset,
        timestamp: appended ? batch.latestTime : batch.baseTime + later,
        key: readBlock(source),
        value: readBlock(source),
        headers: readHeaders(source),
      });
    }
    source.position = next;
  }
}

function readBlock(reader: ByteReader): Uint8Array | null {
  const length = reader.varint();
  return length < 0 ? null : reader.take(length);
}

function readHeaders(reader: ByteReader): RecordHeaders | undefined {
  const count = reader.varint();
  if (count === 0) return undefined;
  const headers: RecordHeader[] = [];
  for (let left = count; left > 0; left--) {
    const name = bytesName(reader.take(reader.varint()));
    headers.push([name, readBlock(reader)]);
  }
  return headers;
}
