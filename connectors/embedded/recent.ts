/**
 * The newest chunks, kept in memory: readers at the end of a partition get them without reading the KV.
 *
 * @module
 */

import type { Chunk } from "./packing.ts";
import { RECENT_BYTES } from "../local/limits.ts";

/** The newest chunks of one partition, consecutive, up to a number of bytes. */
export class RecentChunks {
  #chunks: Chunk[] = [];
  #bytes = 0;

  /** Adds the next chunk. */
  add(chunk: Chunk): void {
    this.#chunks.push(chunk);
    this.#bytes += bytesOf(chunk);
    if (this.#bytes > 2 * RECENT_BYTES) this.#trim();
  }

  /** Removes all chunks, after a write whose content in the KV may differ from them. */
  clear(): void {
    this.#chunks = [];
    this.#bytes = 0;
  }

  /** The chunk that holds an offset, and all after it; `undefined` when that chunk is not kept. */
  from(offset: number): readonly Chunk[] | undefined {
    const chunks = this.#chunks;
    if (chunks.length === 0 || offset < chunks[0].first) return undefined;
    let low = 0;
    let high = chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (chunks[middle].first <= offset) low = middle;
      else high = middle - 1;
    }
    return chunks.slice(low);
  }

  /** Removes the oldest chunks down to half the size, so that the array is moved rarely and not for each chunk. */
  #trim(): void {
    let dropped = 0;
    while (this.#bytes > RECENT_BYTES && dropped < this.#chunks.length - 1) {
      this.#bytes -= bytesOf(this.#chunks[dropped++]);
    }
    this.#chunks = this.#chunks.slice(dropped);
  }
}

function bytesOf({ parts }: Chunk): number {
  let bytes = 0;
  for (const part of parts) bytes += part.length;
  return bytes;
}
