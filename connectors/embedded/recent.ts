/**
 * The chunks that were written last, kept in memory: whoever reads at the end of a partition gets them without asking the KV.
 *
 * @module
 */

import type { Chunk } from "./packing.ts";
import { RECENT_BYTES } from "../local/limits.ts";

/** The newest chunks of one partition, without a gap, up to a number of bytes. */
export class RecentChunks {
  #chunks: Chunk[] = [];
  #bytes = 0;

  /** Takes the next chunk. */
  add(chunk: Chunk): void {
    this.#chunks.push(chunk);
    this.#bytes += bytesOf(chunk);
    if (this.#bytes > 2 * RECENT_BYTES) this.#trim();
  }

  /** Forgets everything: what was written is not what was meant to be. */
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

  /** Halves what is kept, so that the array is moved once in a while and not with each chunk. */
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
