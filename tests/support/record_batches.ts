/** Hand-made record batches: batches that the connector never writes, and damaged ones. */
import { gzipSync, zstdCompressSync } from "node:zlib";
import { crc32c } from "../../base/hashing.ts";
import { decodePartition } from "../../connectors/kafka/record_batch_decode.ts";
import type { FetchedPartition } from "../../connectors/kafka/driver.ts";
import { ByteWriter } from "../../connectors/kafka/wire.ts";

export const TRANSACTIONAL = 0x10;
export const CONTROL = 0x20;
export const GZIP = 1, SNAPPY = 2, LZ4 = 3, ZSTD = 4;

const encoder = new TextEncoder();

/** The fields of a batch that a test sets. The others are as a producer writes them. */
export interface BatchFields {
  readonly base?: number;
  /** @default as many as there are records */
  readonly lastDelta?: number;
  readonly attributes?: number;
  readonly magic?: number;
  readonly producer?: number;
  /** @default as many as there are records */
  readonly count?: number;
  readonly baseTime?: number;
  /** The records, each as its bytes after the length. */
  readonly records?: readonly Uint8Array[];
  /** Everything after the header, when it does not consist of `records`. */
  readonly body?: Uint8Array;
  /** What is added to the length in the header. */
  readonly lengthError?: number;
  /** Whether the checksum is wrong. */
  readonly badSum?: boolean;
}

/** The bytes of a batch, compressed as its attributes say. */
export function batchOf(fields: BatchFields): Uint8Array {
  const { base = 0, records = [], attributes = 0, magic = 2, producer = -1, baseTime = 1000 } = fields;
  const { lastDelta = Math.max(0, records.length - 1), count = records.length, lengthError = 0 } = fields;
  const body = fields.body ?? pack(attributes & 7, framed(records));
  const writer = new ByteWriter(61 + body.length);
  writer.int64(base).int32(49 + body.length + lengthError).int32(0).int8(magic).int32(0);
  writer.int16(attributes).int32(lastDelta).int64(baseTime).int64(baseTime).int64(producer).int16(0).int32(-1);
  writer.int32(count).raw(body);
  const bytes = writer.written.slice();
  new DataView(bytes.buffer).setUint32(17, crc32c(bytes, 21) ^ (fields.badSum ? 1 : 0));
  return bytes;
}

/** Records, each with its length before it. */
export function framed(records: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter();
  for (const record of records) writer.unsignedVarint(record.length * 2).raw(record);
  return writer.written.slice();
}

/** A record without its length. */
export function recordOf(
  { delta = 0, key = null, value = null, headers = [] }: {
    readonly delta?: number;
    readonly key?: string | null;
    readonly value?: string | null;
    readonly headers?: readonly (readonly [string, string | null])[];
  },
): Uint8Array {
  const writer = new ByteWriter().int8(0);
  zigzag(writer, 0);
  zigzag(writer, delta);
  block(writer, key);
  block(writer, value);
  zigzag(writer, headers.length);
  for (const [name, text] of headers) {
    block(writer, name);
    block(writer, text);
  }
  return writer.written.slice();
}

/** Records with these values, each at the offset after the one before. */
export function recordsOf(...values: readonly string[]): Uint8Array[] {
  return values.map((value, delta) => recordOf({ delta, value }));
}

/** A control batch with one record, which ends a transaction. */
export function controlBatchOf(fields: BatchFields & { readonly commit: boolean }): Uint8Array {
  const key = new ByteWriter().int16(0).int16(fields.commit ? 1 : 0).written;
  const writer = new ByteWriter().int8(0).int8(0).int8(0);
  writer.unsignedVarint(key.length * 2).raw(key).unsignedVarint(12).raw(new Uint8Array(6)).int8(0);
  return batchOf({ attributes: TRANSACTIONAL | CONTROL, records: [writer.written.slice()], ...fields });
}

/** Writes a signed integer of a record. */
export function zigzag(writer: ByteWriter, value: number): ByteWriter {
  return writer.unsignedVarint(value >= 0 ? value * 2 : value * -2 - 1);
}

function block(writer: ByteWriter, text: string | null): void {
  if (text === null) return void zigzag(writer, -1);
  const bytes = encoder.encode(text);
  zigzag(writer, bytes.length).raw(bytes);
}

/** Compresses bytes. snappy and lz4 use literals only, as they do for noise. */
export function pack(codec: number, bytes: Uint8Array): Uint8Array {
  if (codec === GZIP) return new Uint8Array(gzipSync(bytes));
  if (codec === ZSTD) return new Uint8Array(zstdCompressSync(bytes));
  if (codec === SNAPPY) {
    const length = bytes.length - 1;
    return new ByteWriter().unsignedVarint(bytes.length).raw(
      Uint8Array.of(0xf8, length & 0xff, (length >> 8) & 0xff, length >> 16),
    ).raw(bytes).written.slice();
  }
  if (codec === LZ4) return lz4Frame(bytes, true);
  return bytes;
}

/** An lz4 frame with one block, plain or compressed. */
export function lz4Frame(block: Uint8Array, plain: boolean): Uint8Array {
  const bytes = new Uint8Array(15 + block.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x184d2204, true);
  bytes.set([0x60, 0x40, 0x82], 4);
  view.setUint32(7, block.length + (plain ? 0x8000_0000 : 0), true);
  bytes.set(block, 11);
  return bytes;
}

/** One fetch of "t" partition 0 with these batches. */
export function fetchOf(batches: readonly Uint8Array[], fields: Partial<FetchedPartition> = {}): FetchedPartition {
  const bytes = new ByteWriter();
  for (const batch of batches) bytes.raw(batch);
  return {
    topic: "t",
    partition: 0,
    error: 0,
    end: 1000,
    latest: 1000,
    aborted: [],
    batches: bytes.written.slice(),
    ...fields,
  };
}

const decoder = new TextDecoder();

/** The result of decoding a fetch: offsets with values or with reasons, and the position. */
export function readOf(fetched: FetchedPartition, start = 0): { seen: unknown[][]; position: number } {
  const { records, position } = decodePartition(fetched, start);
  const seen = Array.from(
    records,
    ({ offset, value, unreadable }) => [offset, unreadable?.reason ?? (value === null ? null : decoder.decode(value))],
  );
  return { seen, position };
}
