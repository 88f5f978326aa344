/**
 * The bases that an epoch writes.
 *
 * @module
 */
import { chunkedBase, inlineBase } from "./bases.ts";
import { chunked, chunkSets } from "./chunks.ts";
import type { BucketWrite } from "./compaction.ts";
import type { Garbage } from "./garbage.ts";
import type { Head } from "./head.ts";
import type { TaskKeys } from "./keys.ts";
import { ATOMIC_BYTES, CHUNK_BYTES } from "./limits.ts";
import type { Mutation } from "./store.ts";

/** The most bytes of a base that is kept in its entry. */
const INLINE_BYTES = CHUNK_BYTES - 100;
/** The most bytes of all such bases in one epoch. The rest of the atomic is for other entries. */
const INLINE_BYTES_AN_EPOCH: number = ATOMIC_BYTES / 2;

/** Collects bases. Stores each in its entry while the atomic has room, otherwise in chunks. */
export class BaseWrites {
  readonly ahead: Mutation[] = [];
  #entries = new Map<string, Mutation>();
  #room = INLINE_BYTES_AN_EPOCH;
  #next = 0;

  /**
   * @param keys of the task
   * @param garbage takes the entries and chunks that the bases replace
   * @param head the head before this epoch
   */
  constructor(readonly keys: TaskKeys, readonly garbage: Garbage, readonly head: Head) {}

  /** The mutations that take effect with the head. */
  get last(): Mutation[] {
    return [...this.#entries.values()];
  }

  /** Gives a bucket its new base. */
  add({ state, bucket, bytes }: BucketWrite): void {
    const key = this.keys.bucket(this.head.era, state.id, bucket.index);
    const { value, base } = bytes === undefined ? { value: undefined, base: undefined } : this.#entryOf(bytes);
    const before = state.setBase(bucket, base);
    if (before?.chunks !== undefined) this.garbage.add({ kind: "base", ...before.chunks });
    // A bucket that is split again within the epoch still has one entry: the later write replaces the earlier one.
    const mutation: Mutation = value === undefined ? { type: "delete", key } : { type: "set", key, value };
    this.#entries.set(`${state.id} ${bucket.index}`, mutation);
  }

  #entryOf(cells: Uint8Array): ReturnType<typeof inlineBase> {
    const epoch = this.head.epoch + 1;
    if (cells.length <= Math.min(INLINE_BYTES, this.#room)) {
      this.#room -= cells.length;
      return inlineBase(epoch, cells);
    }
    const first = this.#next;
    const place = { fence: this.head.fence, attempt: this.head.attempt + 1 };
    const chunks = chunked(cells, place.attempt, first);
    this.ahead.push(...chunkSets(this.keys, { kind: "base", ...place }, chunks, first));
    this.#next += chunks.values.length;
    const { bytes, checksum, values: { length: count } } = chunks;
    return chunkedBase(epoch, { ...place, first, count, bytes, checksum });
  }
}
