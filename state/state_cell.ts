/**
 * A cell of a durable state, and the bucket that it lies in.
 *
 * @module
 */
import type { Cell, Key } from "../operators/keyed_state.ts";

/** One value, and what it was at the last cut. */
export class StateCell<K extends Key = Key, V = unknown> implements Cell<K, V> {
  value: V | undefined = undefined;
  /**
   * The value at the last cut, where the cell was touched since: a primitive as it is, an object as bytes in a state that can
   * be undone (anything but `undefined` elsewhere). `undefined`: there was none.
   */
  before: unknown = undefined;
  /** Whether the stage finds it. A cell without a value is found no more, and comes back when it is written. */
  linked = true;
  /** The bucket that it lies in, or lay in when it lost its value. */
  bucket: Bucket | undefined = undefined;
  /** Its place there; -1: it has no value. */
  at = -1;
  /** The hash of its address, as 32 bits with sign; 0: nobody has asked for it yet. */
  hash = 0;

  /**
   * @param mark the number of the cut after which it was first touched
   */
  constructor(readonly key: K, readonly namespace: number, public mark: number) {}
}

/** Whether a cell that was touched is another than at the last cut. Of an object nobody can tell. */
export function isChanged({ value, before }: StateCell): boolean {
  if (value === undefined) return before !== undefined;
  return typeof value === "object" || !Object.is(value, before);
}

/** What is stored of a bucket. */
export interface Base {
  /** The epoch whose values it holds. */
  readonly epoch: number;
  /** Bytes of its cells. */
  readonly bytes: number;
  readonly checksum: number;
  /** Where its chunks are, if it is too large for one entry. */
  readonly chunks:
    | { readonly fence: string; readonly attempt: number; readonly first: number; readonly count: number }
    | undefined;
}

/** A part of a state's cells: what is rewritten at a time. */
export class Bucket {
  /** The cells that hold a value. */
  readonly cells: StateCell[] = [];
  base: Base | undefined = undefined;
  /** The first epoch that has changed it since its base: it needs the deltas from there on. NaN: none has. */
  since = NaN;
  /** Its neighbours among the buckets that need deltas. */
  before: Bucket | undefined = undefined;
  after: Bucket | undefined = undefined;

  /** @param index its number */
  constructor(readonly index: number) {}

  /** A cell that has got a value comes in. */
  add(cell: StateCell): void {
    cell.bucket = this;
    cell.at = this.cells.length;
    this.cells.push(cell);
  }

  /** A cell that has no value any more goes; the last one takes its place. */
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
  #first: Bucket | undefined = undefined;
  #last: Bucket | undefined = undefined;

  /** The bucket that needs the oldest delta. */
  get first(): Bucket | undefined {
    return this.#first;
  }

  /** An epoch has changed a bucket; not older than any that was told before. */
  add(bucket: Bucket, epoch: number): void {
    if (bucket.since <= epoch) return;
    bucket.since = epoch;
    this.#link(bucket, this.#last);
  }

  /** A bucket holds keys of another one, and needs the same deltas. */
  addBeside(bucket: Bucket, other: Bucket): void {
    if (Number.isNaN(other.since)) return;
    bucket.since = other.since;
    this.#link(bucket, other);
  }

  /** A bucket needs no deltas any more. */
  remove(bucket: Bucket): void {
    if (Number.isNaN(bucket.since)) return;
    if (bucket.before === undefined) this.#first = bucket.after;
    else bucket.before.after = bucket.after;
    if (bucket.after === undefined) this.#last = bucket.before;
    else bucket.after.before = bucket.before;
    bucket.before = bucket.after = undefined;
    bucket.since = NaN;
  }

  #link(bucket: Bucket, before: Bucket | undefined): void {
    bucket.before = before;
    bucket.after = before === undefined ? this.#first : before.after;
    if (bucket.before === undefined) this.#first = bucket;
    else bucket.before.after = bucket;
    if (bucket.after === undefined) this.#last = bucket;
    else bucket.after.before = bucket;
  }
}

/** The bucket of a hash among so many (linear hashing). */
export function bucketOf(hash: number, buckets: number): number {
  const bits = 32 - Math.clz32(buckets - 1);
  const index = hash & ((1 << bits) - 1);
  return index < buckets ? index : index & ((1 << (bits - 1)) - 1);
}
