/**
 * Record batches as the simulated brokers handle them: parsing, and the batches that brokers write themselves.
 *
 * @module
 */
import type { OutputRecord } from "../../../connectors/connector.ts";
import { crc32c } from "../../../base/hashing.ts";
import { encodeBatch } from "../../../connectors/kafka/record_batch_encode.ts";
import { ByteReader, ByteWriter } from "../../../connectors/kafka/wire.ts";

const HEADER = 61;
const BEFORE_LENGTH = 12;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const NOBODY = -1;
/** A record of 16 bytes: its key is a version and a type, its value a version and the coordinator's epoch. */
const CONTROL_RECORD = [32, 0, 0, 0, 8, 0, 0, 0, NaN, 12, 0, 0, 0, 0, 0, 0, 0];
const CONTROL_TYPE_AT = 8;

/** A batch in a log. */
export interface StoredBatch {
  /** The bytes as a fetch returns them, with the base offset. */
  readonly bytes: Uint8Array;
  readonly base: number;
  readonly last: number;
  /** -1 for a producer that is not idempotent. */
  readonly producer: number;
  readonly epoch: number;
  /** The sequence number of the first record. */
  readonly sequence: number;
  readonly count: number;
  readonly transactional: boolean;
  readonly control: boolean;
  /** The latest timestamp in it. */
  readonly latestTime: number;
}

/** Parses a batch; `undefined` if it is damaged. The bytes are copied, because the sender may reuse them. */
export function parseBatch(sent: Uint8Array): Omit<StoredBatch, "base" | "last"> | undefined {
  if (sent.length < HEADER) return undefined;
  const bytes = sent.slice();
  const reader = new ByteReader(bytes);
  reader.position = 8;
  if (reader.int32() !== bytes.length - BEFORE_LENGTH) return undefined;
  reader.position = CRC_AT;
  if (reader.int32() >>> 0 !== crc32c(bytes, ATTRIBUTES_AT, bytes.length)) return undefined;
  const attributes = reader.int16();
  const lastDelta = reader.int32();
  reader.int64();
  const latestTime = reader.int64();
  const producer = reader.int64();
  const epoch = reader.int16();
  const sequence = reader.int32();
  const count = reader.int32();
  if (count !== lastDelta + 1) return undefined;
  const transactional = (attributes & TRANSACTIONAL) !== 0;
  const control = (attributes & CONTROL) !== 0;
  return { bytes, producer, epoch, sequence, count, transactional, control, latestTime };
}

/** Sets the base offset of a batch. The checksum does not cover it. */
export function placeBatch(batch: Omit<StoredBatch, "base" | "last">, base: number): StoredBatch {
  const view = new DataView(batch.bytes.buffer);
  view.setInt32(0, Math.floor(base / 0x1_0000_0000));
  view.setUint32(4, base % 0x1_0000_0000);
  return { ...batch, base, last: base + batch.count - 1 };
}

/** A batch of plain records, outside of transactions and without an idempotent producer, for one partition. */
export function plainBatch(records: readonly OutputRecord[]): Uint8Array {
  const identity = { transactionalId: "", producer: NOBODY, epoch: NOBODY };
  const { bytes, count } = encodeBatch(records, { start: 0, limit: Infinity, identity, sequence: NOBODY });
  if (count !== records.length) throw new Error("Plain records must fit into one batch: their times lie too far apart");
  const view = new DataView(bytes.buffer);
  view.setInt16(ATTRIBUTES_AT, 0);
  view.setUint32(CRC_AT, crc32c(bytes, ATTRIBUTES_AT, bytes.length));
  return bytes;
}

/** The control batch that ends a transaction in a partition. */
export function controlBatch(
  { producer, epoch, commit, time }: { producer: number; epoch: number; commit: boolean; time: number },
): Uint8Array {
  const record = CONTROL_RECORD.map((byte, at) => at === CONTROL_TYPE_AT ? Number(commit) : byte);
  const writer = new ByteWriter(HEADER + record.length);
  writer.int64(0).int32(HEADER + record.length - BEFORE_LENGTH).int32(0).int8(2).int32(0);
  writer.int16(TRANSACTIONAL | CONTROL).int32(0).int64(time).int64(time).int64(producer).int16(epoch);
  writer.int32(NOBODY).int32(1).raw(Uint8Array.from(record));
  const bytes = writer.written.slice();
  new DataView(bytes.buffer).setUint32(CRC_AT, crc32c(bytes, ATTRIBUTES_AT, bytes.length));
  return bytes;
}
