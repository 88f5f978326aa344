/**
 * Decodes Kafka's record batches (format 2) as a `read_committed` reader: it skips records of aborted transactions and
 * control records, but the position passes them.
 *
 * Invariant: a batch is read whole or not at all. A batch that cannot be parsed (a wrong checksum, records that
 * contradict its header, an unknown format) becomes one record with its bytes and the reason. The position passes it
 * only with that record. So nothing is lost silently, and nothing is read twice when reading begins anew.
 *
 * @module
 */

import type { InputRecord } from "../connector.ts";
import { decompress } from "./decompress.ts";
import { crc32c } from "../../base/hashing.ts";
import type { FetchedPartition } from "./driver.ts";
import { FetchedRecords } from "./fetched_records.ts";
import { LARGEST_BATCH_BYTES, UNPACKED_BATCH_BYTES, UNPACKED_FETCH_BYTES, UNREADABLE_BYTES } from "./limits.ts";
import { ByteReader } from "./wire.ts";

const COMPRESSION = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const ABORT = 0;
/** The offset and the length, which the length does not include. */
const BEFORE_LENGTH = 12;
const MAGIC_AT = 16;
const ATTRIBUTES_AT = 21;
const HEADER = 61;
const MAGIC = 2;
/** The size of the fields of a message older than record batches: offset, length, checksum, format, attributes. */
const OLD_HEADER = 18;
const NO_TIMESTAMP = -1;
/** A broker reads the end of a partition before its records, so a fetch may contain records that arrived in between. */
const END_SLACK = 0x8000_0000;

/** The result of decoding a fetch. */
export interface DecodedPartition {
  readonly records: FetchedRecords;
  /** Where reading goes on. */
  readonly position: number;
  /** Set when nothing could be read because the first batch is cut off: the bytes that a fetch must allow for it. */
  readonly needs?: number;
}

/**
 * Decodes the records of a fetch at `start` or after it. Never throws because of the bytes.
 *
 * @param limit how many bytes the fetch was allowed to return of this partition. A first batch that claims more may be
 * whole on the broker
 */
export function decodePartition(fetched: FetchedPartition, start: number, limit = Infinity): DecodedPartition {
  const { batches } = fetched;
  const records = new FetchedRecords(fetched.topic, fetched.partition);
  const aborted = new AbortedTransactions(fetched.aborted);
  const reader = new ByteReader(batches);
  let position = start;
  for (let at = 0; at < batches.length && records.bytes < UNPACKED_FETCH_BYTES;) {
    const rest = batches.length - at;
    const size = sizeAt(reader, at);
    if (size !== undefined && size > rest) {
      // The fetch's limit has cut the last batch off. It comes again with the next fetch.
      if (at > 0) break;
      if (size > limit && size <= LARGEST_BATCH_BYTES) return { records, position, needs: size };
    }
    const whole = size !== undefined && size <= rest;
    const bytes = batches.subarray(at, whole ? at + size : batches.length);
    const place = { position, end: fetched.end, next: whole ? offsetAt(reader, at + size) : undefined };
    const batch = readBatch(bytes, place, { aborted, records });
    if (typeof batch === "string") {
      const next = behind(bytes, place);
      records.addUnreadable(unreadable(fetched, bytes, { reason: batch, position, next }));
      position = next;
    } else position = Math.max(position, batch.lastOffset + 1);
    at += bytes.length;
  }
  if (position === start && batches.length > 0) {
    // Without this the same request would get the same answer forever.
    const reason = `all that came lies before offset ${start}, which was asked for`;
    position++;
    records.addUnreadable(unreadable(fetched, batches, { reason, position: start, next: position }));
  }
  return { records, position };
}

/** The offset at the beginning of a batch; `undefined` when the bytes end before it. */
function offsetAt(reader: ByteReader, at: number): number | undefined {
  if (at + 8 > reader.bytes.length) return undefined;
  reader.position = at;
  return reader.int64();
}

/** The size of a batch from its own length field; `undefined` when the value is impossible. */
function sizeAt(reader: ByteReader, at: number): number | undefined {
  if (at + BEFORE_LENGTH > reader.bytes.length) return at === 0 ? undefined : Infinity;
  reader.position = at + 8;
  const size = reader.int32() + BEFORE_LENGTH;
  return size < OLD_HEADER ? undefined : size;
}

/** What is known of a batch's position. */
interface BatchPlace {
  /** The first wanted offset. */
  readonly position: number;
  /** No record exists at this offset or after it. */
  readonly end: number;
  /** The offset of the next batch, if it was fetched too. */
  readonly next: number | undefined;
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

/** Reads one whole batch. Returns its header, or what is wrong with it. */
function readBatch(
  bytes: Uint8Array,
  { position, end, next }: BatchPlace,
  { aborted, records }: { readonly aborted: AbortedTransactions; readonly records: FetchedRecords },
): BatchHeader | string {
  const reader = new ByteReader(bytes);
  if (bytes.length < OLD_HEADER) return `${bytes.length} bytes are too few for its header`;
  const size = sizeAt(reader, 0);
  if (size !== bytes.length) return `it claims ${size ?? "an impossible number of"} bytes, and ${bytes.length} came`;
  const magic = bytes[MAGIC_AT];
  if (magic < MAGIC) return `its format ${magic} is older than Kafka 0.11`;
  if (magic > MAGIC) return `its format ${magic} is unknown`;
  if (bytes.length < HEADER) return `${bytes.length} bytes are too few for its header`;
  const sum = crc32c(bytes, ATTRIBUTES_AT);
  reader.position = ATTRIBUTES_AT - 4;
  const expected = reader.int32() >>> 0;
  if (sum !== expected) return `its checksum is ${hex(sum)}, and ${hex(expected)} was written`;
  const batch = readHeader(reader, bytes);
  const wrong = wrongHeader(batch, next ?? end + END_SLACK);
  if (wrong !== undefined) return wrong;
  try {
    if (batch.lastOffset < position) return batch;
    const source = recordsOf(batch, bytes);
    if (aborted.pass(batch, source)) addRecords(batch, source, { position, records });
    return batch;
  } catch (error) {
    return (error as Error).message.replace("Cannot read bytes from Kafka: ", "");
  }
}

function readHeader(reader: ByteReader, bytes: Uint8Array): BatchHeader {
  reader.position = 0;
  const baseOffset = reader.int64();
  reader.position = ATTRIBUTES_AT;
  const attributes = reader.int16();
  const lastOffset = baseOffset + reader.int32();
  const baseTime = reader.int64();
  const latestTime = reader.int64();
  const producer = reader.int64();
  reader.position = bytes.length < HEADER ? bytes.length : HEADER - 4;
  const count = reader.int32();
  return { attributes, baseOffset, lastOffset, baseTime, latestTime, producer, count };
}

/**
 * Finds impossible values in a header. The checksum may still be right, since it does not cover the first offset.
 * `undefined` when there are none.
 */
function wrongHeader({ baseOffset, lastOffset, count }: BatchHeader, before: number): string | undefined {
  if (!(Number.isSafeInteger(baseOffset) && baseOffset >= 0)) return `its first offset is ${baseOffset}`;
  if (!(lastOffset >= baseOffset && lastOffset < before)) {
    return `it claims the offsets ${baseOffset} to ${lastOffset}, and ${before} lies behind it`;
  }
  // There may be fewer records than offsets: compaction removes records and keeps the offsets of the batch.
  if (count < 0 || count > lastOffset - baseOffset + 1) return `it claims ${count} records`;
  return undefined;
}

/** The unpacked records of a batch. Compaction leaves empty batches, whatever compression their header names. */
function recordsOf({ attributes, count }: BatchHeader, bytes: Uint8Array): Uint8Array {
  const packed = bytes.subarray(HEADER);
  const codec = attributes & COMPRESSION;
  return codec === 0 || count === 0 ? packed : decompress(codec, packed, UNPACKED_BATCH_BYTES);
}

/** Tracks which producers are inside an aborted transaction, batch by batch in order. */
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
  pass(batch: BatchHeader, records: Uint8Array): boolean {
    const transactions = this.#transactions;
    while (this.#next < transactions.length && transactions[this.#next].firstOffset <= batch.lastOffset) {
      this.#inside.add(transactions[this.#next++].producer);
    }
    if ((batch.attributes & CONTROL) !== 0) {
      if (controlType(batch, records) === ABORT) this.#inside.delete(batch.producer);
      return false;
    }
    return (batch.attributes & TRANSACTIONAL) === 0 || !this.#inside.has(batch.producer);
  }
}

/**
 * The type of a control batch. It holds one record, whose key is a version and a type of 16 bits each. Compaction may
 * remove the record and keep the batch for the producer's state; such a batch ends nothing.
 */
function controlType({ count, lastOffset, baseOffset }: BatchHeader, records: Uint8Array): number | undefined {
  if (count === 0) return undefined;
  const reader = new ByteReader(records);
  checkRecords(reader, count, lastOffset - baseOffset);
  reader.position = 0;
  reader.varint();
  reader.int8();
  reader.varlong();
  reader.varint();
  const length = reader.varint();
  if (length < 4) throw new RangeError(`the key of its control record has ${length} bytes`);
  reader.int16();
  return reader.int16();
}

function addRecords(
  batch: BatchHeader,
  bytes: Uint8Array,
  { position, records }: { readonly position: number; readonly records: FetchedRecords },
): void {
  const { baseOffset, lastOffset, baseTime, latestTime, attributes, count } = batch;
  const reader = new ByteReader(bytes);
  const passed = checkRecords(reader, count, lastOffset - baseOffset, position - baseOffset);
  if (passed === count) return;
  const appendTime = (attributes & LOG_APPEND_TIME) !== 0 ? latestTime : undefined;
  records.add({ bytes, from: reader.position, count: count - passed, baseOffset, baseTime, appendTime });
}

/**
 * Goes through all records of a batch. Leaves the reader at the first record whose offset, relative to the batch, is
 * `from` or more, and returns how many records lie before it.
 *
 * @throws {RangeError} when the records contradict the header
 */
function checkRecords(reader: ByteReader, count: number, lastDelta: number, from = 0): number {
  let before = -1;
  let passed = count;
  let found = 0;
  for (let index = 0; index < count; index++) {
    const began = reader.position;
    const length = reader.varint();
    const next = reader.position + length;
    if (length < 0 || next > reader.bytes.length) {
      throw new RangeError(`record ${index + 1} of ${count} claims ${length} bytes, and ${reader.left} are left`);
    }
    reader.position++;
    reader.varlong();
    const delta = reader.varint();
    if (delta <= before || delta > lastDelta) {
      throw new RangeError(
        `record ${index + 1} of ${count} has offset ${delta} in it, after ${before} of ${lastDelta}`,
      );
    }
    before = delta;
    skipBlock(reader);
    skipBlock(reader);
    const headers = reader.varint();
    if (headers < 0 || headers > next - reader.position) {
      throw new RangeError(`record ${index + 1} of ${count} claims ${headers} headers`);
    }
    for (let left = headers; left > 0; left--) {
      reader.skip(reader.varint());
      skipBlock(reader);
    }
    if (reader.position !== next) {
      throw new RangeError(`record ${index + 1} of ${count} does not end where it says`);
    }
    if (passed === count && delta >= from) {
      passed = index;
      found = began;
    }
  }
  if (reader.left > 0) throw new RangeError(`${reader.left} bytes are left over after its ${count} records`);
  if (passed < count) reader.position = found;
  return passed;
}

function skipBlock(reader: ByteReader): void {
  const length = reader.varint();
  if (length > 0) reader.skip(length);
}

/**
 * The offset after a batch that cannot be parsed. Its own last offset is used when it is possible. Otherwise reading
 * goes on at the next fetched batch, or at the next offset, and the broker decides what is there.
 */
function behind(bytes: Uint8Array, { position, end, next }: BatchPlace): number {
  const found = next !== undefined && next > position && next <= end;
  if (bytes.length < BEFORE_LENGTH) return position + 1;
  const reader = new ByteReader(bytes);
  const base = reader.int64();
  let last = base;
  if (bytes[MAGIC_AT] >= MAGIC && bytes.length >= HEADER) last = readHeader(reader, bytes).lastOffset;
  const candidate = last + 1;
  if (last >= base && candidate > position && candidate <= (found ? next : end)) return candidate;
  return found ? next : position + 1;
}

/** The record that stands for a batch that cannot be parsed. */
function unreadable(
  { topic, partition }: FetchedPartition,
  bytes: Uint8Array,
  { reason, position, next }: { readonly reason: string; readonly position: number; readonly next: number },
): InputRecord {
  const where = next - position > 1 ? `at offsets ${position} to ${next - 1}` : `at offset ${position}`;
  const kept = bytes.length > UNREADABLE_BYTES
    ? ` (the first ${UNREADABLE_BYTES} of its ${bytes.length} bytes are kept)`
    : "";
  return {
    topic,
    partition,
    offset: position,
    timestamp: NO_TIMESTAMP,
    key: null,
    value: bytes.slice(0, UNREADABLE_BYTES),
    headers: undefined,
    unreadable: { reason: `the record batch ${where} cannot be read: ${reason}${kept}`, next },
  };
}

function hex(sum: number): string {
  return `0x${sum.toString(16).padStart(8, "0")}`;
}
