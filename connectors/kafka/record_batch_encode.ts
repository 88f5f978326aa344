/**
 * Encodes Kafka's record batches (format 2): one buffer per batch and no object per record, because every result passes
 * through this code.
 *
 * @module
 */

import { varintSize, zigzag } from "../../base/bytes.ts";
import { crc32c } from "../../base/hashing.ts";
import { nameBytes } from "../../base/text.ts";
import type { OutputRecord, RecordHeaders } from "../connector.ts";
import { CODEC } from "./codecs.ts";
import { compress } from "./compress.ts";
import type { ProducerIdentity } from "./driver.ts";

/** The size of a batch's header, in bytes. */
const BATCH_HEADER = 61;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const TRANSACTIONAL = 0x10;
const NO_LEADER_EPOCH = -1;
const MAGIC = 2;
/**
 * Sequence numbers count the records of one producer and partition. After the largest 32-bit integer they start at 0.
 */
const SEQUENCES = 0x8000_0000;
/** Up to this length a loop copies faster than the built-in method. */
const COPIED_BY_HAND = 40;
/** A batch stores timestamps as differences. They stay exact within this distance, in milliseconds. */
const TIME_REACH = 2 ** 50;

/** One encoded batch. */
export interface EncodedBatch {
  readonly bytes: Uint8Array;
  /** How many records it holds. */
  readonly count: number;
  /** How many bytes it has without compression. The limit is about these. */
  readonly plainBytes: number;
}

/** The sequence number that follows `count` records. */
export function nextSequence(sequence: number, count: number): number {
  return (sequence + count) % SEQUENCES;
}

/**
 * Encodes the records from `start` on that fit into one batch of `limit` bytes, and at least one record.
 *
 * The limit is about the bytes before compression: a broker may unpack a batch and store it as it was. A batch that
 * compression would not make smaller is not compressed.
 *
 * @param records records of one topic partition
 * @param sequence the sequence number of the batch's first record
 * @param codec the number of the compression
 */
export function encodeBatch(
  records: readonly OutputRecord[],
  { start, limit, identity, sequence, codec = CODEC.none }: {
    readonly start: number;
    readonly limit: number;
    readonly identity: ProducerIdentity;
    readonly sequence: number;
    readonly codec?: number;
  },
): EncodedBatch {
  const base = records[start].timestamp;
  const sizes: number[] = [];
  let total = BATCH_HEADER;
  let latest = base;
  for (let at = start; at < records.length; at++) {
    const record = records[at];
    const later = record.timestamp - base;
    const size = bodySize(record, at - start, later);
    const whole = varintSize(size * 2) + size;
    if (at > start && (total + whole > limit || Math.abs(later) > TIME_REACH)) break;
    sizes.push(size);
    total += whole;
    if (record.timestamp > latest) latest = record.timestamp;
  }
  const writer = new BatchWriter(new Uint8Array(total));
  writer.at = BATCH_HEADER;
  for (let index = 0; index < sizes.length; index++) {
    const record = records[start + index];
    writer.record(record, sizes[index], { index, later: record.timestamp - base });
  }
  const packed = codec === CODEC.none ? undefined : compressed(writer.bytes, codec);
  const bytes = packed ?? writer.bytes;
  const attributes = packed === undefined ? TRANSACTIONAL : TRANSACTIONAL | codec;
  writeHeader(bytes, { attributes, count: sizes.length, base, latest, identity, sequence });
  return { bytes, count: sizes.length, plainBytes: total };
}

/** A batch with room for its header and with compressed records; `undefined` when that is not smaller. */
function compressed(plain: Uint8Array, codec: number): Uint8Array | undefined {
  const records = compress(codec, plain.subarray(BATCH_HEADER));
  if (BATCH_HEADER + records.length >= plain.length) return undefined;
  const bytes = new Uint8Array(BATCH_HEADER + records.length);
  bytes.set(records, BATCH_HEADER);
  return bytes;
}

function writeHeader(bytes: Uint8Array, batch: {
  readonly attributes: number;
  readonly count: number;
  readonly base: number;
  readonly latest: number;
  readonly identity: ProducerIdentity;
  readonly sequence: number;
}): void {
  const view = new DataView(bytes.buffer);
  const int64 = (at: number, value: number) => {
    const high = Math.floor(value / 0x1_0000_0000);
    view.setInt32(at, high);
    view.setUint32(at + 4, value - high * 0x1_0000_0000);
  };
  view.setInt32(8, bytes.length - 12);
  view.setInt32(12, NO_LEADER_EPOCH);
  view.setInt8(16, MAGIC);
  view.setInt16(ATTRIBUTES_AT, batch.attributes);
  view.setInt32(23, batch.count - 1);
  int64(27, batch.base);
  int64(35, batch.latest);
  int64(43, batch.identity.producer);
  view.setInt16(51, batch.identity.epoch);
  view.setInt32(53, batch.sequence);
  view.setInt32(57, batch.count);
  view.setUint32(CRC_AT, crc32c(bytes, ATTRIBUTES_AT, bytes.length));
}

function blockSize(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : varintSize(bytes.length * 2) + bytes.length;
}

function bodySize(record: OutputRecord, index: number, later: number): number {
  const size = 1 + varintSize(zigzag(later)) + varintSize(index * 2) + blockSize(record.key) + blockSize(record.value);
  return record.headers === undefined ? size + 1 : size + headersSize(record.headers);
}

function headersSize(headers: RecordHeaders): number {
  let size = varintSize(headers.length * 2);
  for (let i = 0; i < headers.length; i++) size += blockSize(nameBytes(headers[i][0])) + blockSize(headers[i][1]);
  return size;
}

class BatchWriter {
  readonly bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  record(record: OutputRecord, size: number, { index, later }: { index: number; later: number }): void {
    this.varint(size * 2);
    this.bytes[this.at++] = 0;
    this.varint(zigzag(later));
    this.varint(index * 2);
    this.block(record.key);
    this.block(record.value);
    const { headers } = record;
    if (headers === undefined) {
      this.bytes[this.at++] = 0;
      return;
    }
    this.varint(headers.length * 2);
    for (let i = 0; i < headers.length; i++) {
      this.block(nameBytes(headers[i][0]));
      this.block(headers[i][1]);
    }
  }

  varint(value: number): void {
    const { bytes } = this;
    let left = value;
    while (left >= 0x8000_0000) {
      bytes[this.at++] = (left % 0x80) | 0x80;
      left = Math.floor(left / 0x80);
    }
    while (left >= 0x80) {
      bytes[this.at++] = (left & 0x7f) | 0x80;
      left >>>= 7;
    }
    bytes[this.at++] = left;
  }

  block(block: Uint8Array | null): void {
    if (block === null) {
      this.bytes[this.at++] = 1;
      return;
    }
    const { length } = block;
    this.varint(length * 2);
    const { bytes, at } = this;
    if (length > COPIED_BY_HAND) bytes.set(block, at);
    else for (let index = 0; index < length; index++) bytes[at + index] = block[index];
    this.at = at + length;
  }
}
