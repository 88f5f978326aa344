/**
 * Splits streams of bytes into chunks that fit into one value of the store. A chunk is a checksum followed by bytes.
 *
 * @module
 */
import { checksum, placed } from "./hash.ts";
import type { ChunkPlace, TaskKeys } from "./keys.ts";
import { CHUNK_BYTES } from "./limits.ts";
import type { Mutation } from "./store.ts";

const HEADER_BYTES = 4;

/** A stream that was cut into chunks. */
export interface Chunks {
  readonly values: readonly Uint8Array[];
  /** The sum over the chunks' placed checksums, modulo 2^32. */
  readonly checksum: number;
  /** Bytes of all chunks. */
  readonly bytes: number;
}

/**
 * Cuts a stream into chunks. It copies the bytes, so the stream's buffer may be reused afterwards.
 *
 * @param stream the bytes
 * @param attempt the attempt that the chunks will be part of
 * @param first the index of the first chunk in it
 */
export function chunked(stream: Uint8Array, attempt: number, first = 0): Chunks {
  const values: Uint8Array[] = [];
  let sum = 0;
  let bytes = 0;
  for (let at = 0; at < stream.length; at += CHUNK_BYTES - HEADER_BYTES) {
    const value = sealed(stream.subarray(at, at + CHUNK_BYTES - HEADER_BYTES));
    sum = (sum + placed(sealOf(value), attempt, first + values.length)) >>> 0;
    bytes += value.length;
    values.push(value);
  }
  return { values, checksum: sum, bytes };
}

/** The mutations that write chunks. The first chunk gets the index `first`. */
export function chunkSets(
  keys: TaskKeys,
  place: Omit<ChunkPlace, "index">,
  chunks: Chunks | undefined,
  first = 0,
): Mutation[] {
  return chunks?.values.map((value, i) => ({ type: "set", key: keys.chunk({ ...place, index: first + i }), value })) ??
    [];
}

/** Bytes with their checksum before them. */
export function sealed(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const value = new Uint8Array(HEADER_BYTES + bytes.length);
  value.set(bytes, HEADER_BYTES);
  new DataView(value.buffer).setUint32(0, checksum(bytes), true);
  return value;
}

/** The checksum at the head of a chunk. */
export function sealOf(value: Uint8Array): number {
  return (value[0] | (value[1] << 8) | (value[2] << 16) | (value[3] << 24)) >>> 0;
}

/** The bytes after the checksum, not copied; `undefined` when the checksum is wrong. */
export function unsealed(value: unknown): Uint8Array | undefined {
  if (!(value instanceof Uint8Array) || value.length < HEADER_BYTES) return undefined;
  const bytes = value.subarray(HEADER_BYTES);
  return checksum(bytes) === sealOf(value) ? bytes : undefined;
}

/** Puts a stream together again. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  let length = 0;
  for (const part of parts) length += part.length;
  const stream = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    stream.set(part, at);
    at += part.length;
  }
  return stream;
}
