/**
 * A cell of a durable state, and its bucket.
 *
 * @module
 */
import type { Cell, Key } from "../operators/keyed_state.ts";

/** One value, and its old value at the last cut. */
export class StateCell<K extends Key = Key, V = unknown> implements Cell<K, V> {
  value: V | undefined = undefined;
  /**
   * The value at the last cut, if the cell was touched since; `undefined` if it had none. Primitives are kept
   * unchanged. An object is kept as bytes in a state that can be undone; in other states only `undefined` or not is
   * significant.
   */
  before: unknown = undefined;
  /** Whether the stage can find it. A cell without a value is unlinked, and linked again when it is written. */
  linked = true;
  /** Its bucket, or its last bucket if it has lost its value. */
  bucket: Bucket | undefined = undefined;
  /** Its index in the bucket; -1 if it has no value. */
  at = -1;
  /** The hash of its address, as a signed 32-bit integer; 0 if it is not computed yet. */
  hash = 0;

  /**
   * @param mark the number of the cut after which it was first touched
   */
  constructor(readonly key: K, readonly namespace: number, public mark: number) {}
}

/** Whether a touched cell differs from the last cut. An object always counts as changed. */
export function isChanged({ value, before }: StateCell): boolean {
  if (value === undefined) return before !== undefined;
  return typeof value === "object" || !Object.is(value, before);
}

/** The stored base of a bucket. */
export interface Base {
  /** The epoch whose values it holds. */
  readonly epoch: number;
  /** Bytes of its cells. */
  readonly bytes: number;
  readonly checksum: number;
  /** The place of its chunks, if it is too large for one entry. */
  readonly chunks:
    | { readonly fence: string; readonly attempt: number; readonly first: number; readonly count: number }
    | undefined;
}

/** A part of a state's cells. Compaction rewrites one bucket at a time. */
export class StoredBucket {
  base: Base | undefined = undefined;
  /** The first epoch that has changed it since its base; NaN if none has. It needs the deltas from that epoch on. */
  since = NaN;
  /** Its neighbours among the buckets that need deltas. */
  before: StoredBucket | undefined = undefined;
  after: StoredBucket | undefined = undefined;

  /** @param index its number */
  constructor(readonly index: number) {}
}

/** A bucket that holds its cells. */
export class Bucket extends StoredBucket {
  /** The cells that hold a value. */
  readonly cells: StateCell[] = [];

  /** Adds a cell that got a value. */
  add(cell: StateCell): void {
    cell.bucket = this;
    cell.at = this.cells.length;
    this.cells.push(cell);
  }

  /** Removes a cell that has no value any more. The last cell takes its index. */
  remove(cell: StateCell): void {
    const last = this.cells.pop()!;
    if (last !== cell) {
      this.cells[cell.at] = last;
      last.at = cell.at;
    }
    cell.at = -1;
  }
}

/** The buckets of a state that need deltas, in the order of the first delta that they need. */
export class DirtyBuckets {
  #first: StoredBucket | undefined = undefined;
  #last: StoredBucket | undefined = undefined;

  /** The bucket that needs the oldest delta. */
  get first(): StoredBucket | undefined {
    return this.#first;
  }

  /** Records that an epoch has changed a bucket. Epochs must not decrease between calls. */
  add(bucket: StoredBucket, epoch: number): void {
    if (bucket.since <= epoch) return;
    bucket.since = epoch;
    this.#link(bucket, this.#last);
  }

  /** Adds a bucket that got keys from another one, and needs the same deltas. */
  addBeside(bucket: StoredBucket, other: StoredBucket): void {
    if (Number.isNaN(other.since)) return;
    bucket.since = other.since;
    this.#link(bucket, other);
  }

  /** Removes a bucket that needs no deltas any more. */
  remove(bucket: StoredBucket): void {
    if (Number.isNaN(bucket.since)) return;
    if (bucket.before === undefined) this.#first = bucket.after;
    else bucket.before.after = bucket.after;
    if (bucket.after === undefined) this.#last = bucket.before;
    else bucket.after.before = bucket.before;
    bucket.before = bucket.after = undefined;
    bucket.since = NaN;
  }

  #link(bucket: StoredBucket, before: StoredBucket | undefined): void {
    bucket.before = before;
    bucket.after = before === undefined ? this.#first : before.after;
    if (bucket.before === undefined) this.#first = bucket;
    else bucket.before.after = bucket;
    if (bucket.after === undefined) this.#last = bucket;
    else bucket.after.before = bucket;
  }
}

/** The bucket of a hash, by linear hashing. */
export function bucketOf(hash: number, buckets: number): number {
  const bits = 32 - Math.clz32(buckets - 1);
  const index = hash & ((1 << bits) - 1);
  return index < buckets ? index : index & ((1 << (bits - 1)) - 1);
}
