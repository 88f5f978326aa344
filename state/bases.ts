/**
 * The stored base of a bucket: the cells themselves if they fit into one entry, otherwise the place of their chunks.
 *
 * An entry changes in the same atomic as the head, so its key may be used again. Chunks may be written before the head,
 * so their keys must not be used again.
 *
 * @module
 */
import { sealed, sealOf, unsealed } from "./chunks.ts";
import type { Base } from "./state_cell.ts";
import { ValueReader } from "./value_reader.ts";
import { ValueWriter } from "./value_writer.ts";

const FORMAT = 1;
const INLINE = 0;
const CHUNKED = 1;

const writer = new ValueWriter();

/** The place of a base's chunks, and their number, bytes and checksum. */
export interface BaseChunks {
  readonly fence: string;
  readonly attempt: number;
  readonly first: number;
  readonly count: number;
  readonly bytes: number;
  readonly checksum: number;
}

/** A base that was read: its cells, or the place of its chunks. */
export interface BaseEntry {
  readonly epoch: number;
  readonly checksum: number;
  readonly cells: Uint8Array | undefined;
  readonly chunks: BaseChunks | undefined;
}

/** An entry that holds the cells. */
export function inlineBase(epoch: number, cells: Uint8Array): { value: Uint8Array; base: Base } {
  begin(INLINE, epoch);
  writer.raw(cells);
  const value = sealed(writer.view());
  return { value, base: { epoch, bytes: cells.length, checksum: sealOf(value), chunks: undefined } };
}

/** An entry that holds the place of the chunks. */
export function chunkedBase(epoch: number, chunks: BaseChunks): { value: Uint8Array; base: Base } {
  begin(CHUNKED, epoch);
  writer.string(chunks.fence);
  for (const number of [chunks.attempt, chunks.first, chunks.count, chunks.bytes]) writer.varint(number);
  writer.uint32(chunks.checksum);
  const value = sealed(writer.view());
  return { value, base: { epoch, bytes: chunks.bytes, checksum: sealOf(value), chunks } };
}

/** Reads an entry; returns `undefined` when it is damaged. */
export function readBaseEntry(value: unknown): BaseEntry | undefined {
  const bytes = unsealed(value);
  if (bytes === undefined || bytes[0] !== FORMAT) return undefined;
  const reader = new ValueReader(bytes.subarray(1));
  const kind = reader.byte();
  const epoch = reader.varint();
  const checksum = sealOf(value as Uint8Array);
  if (kind === INLINE) {
    return { epoch, checksum, cells: bytes.subarray(bytes.length - reader.left), chunks: undefined };
  }
  const fence = reader.string();
  const [attempt, first, count, size] = [reader.varint(), reader.varint(), reader.varint(), reader.varint()];
  return {
    epoch,
    checksum,
    cells: undefined,
    chunks: { fence, attempt, first, count, bytes: size, checksum: reader.uint32() },
  };
}

function begin(kind: number, epoch: number): void {
  writer.reset();
  writer.byte(FORMAT);
  writer.byte(kind);
  writer.varint(epoch);
}
