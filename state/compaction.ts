/**
 * Compaction: rewrites bases bucket by bucket, so that deltas can be deleted. Its cost is proportional to the changes.
 *
 * A bucket needs all deltas from its first change since its base. The bucket that needs the oldest delta is rewritten
 * first, and a delta that no bucket needs any more is dropped. Each byte of a delta gives credit for some bytes of
 * bases. An epoch rewrites buckets until its credit is used up, so it exceeds the credit by at most one bucket. Every
 * bucket is rewritten before the bytes that are rewritten exceed the size of all bases. So deltas never hold much more
 * than the bases do.
 *
 * States grow by linear hashing: one bucket at a time is split in two, with credit of the same kind.
 *
 * @module
 */
import type { CellStreamWriter } from "./cell_stream.ts";
import type { StoredState } from "./stored_state.ts";
import type { DeltaRange } from "./head.ts";
import {
  BUCKET_BYTES,
  BUCKET_KEYS,
  BUCKET_KEYS_AT_LEAST,
  COMPACTION_BEGIN_BYTES,
  COMPACTION_FACTOR,
  ENTRY_OVERHEAD_BYTES,
  GROWTH_FACTOR,
  SNAPSHOT_BYTES,
  SNAPSHOT_FACTOR,
} from "./limits.ts";
import type { StoredBucket } from "./state_cell.ts";

/** A bucket to be written; without bytes it has become empty. */
export interface BucketWrite {
  readonly state: StoredState;
  readonly bucket: StoredBucket;
  readonly bytes: Uint8Array | undefined;
}

/** Called for each rewritten bucket at once, because it must have its new base before the next bucket is chosen. */
export type WriteBucket = (write: BucketWrite) => void;

/** The facts about an epoch that compaction needs. */
export interface CompactionFacts {
  readonly deltaBytes: number;
  /** The ranges of deltas before this epoch. */
  readonly ranges: readonly DeltaRange[];
  readonly states: readonly StoredState[];
}

/** Compaction of one task. */
export class Compaction {
  /** Bytes that may be written now. It is negative after a bucket that was larger than the remaining credit. */
  #credit = 0;
  #growth = 0;
  #left = 0;

  /**
   * @param writer for bases
   * @param most the most buckets that an epoch may rewrite
   */
  constructor(readonly writer: CellStreamWriter, readonly most: number) {}

  /** Rewrites buckets for one epoch. Bases are encoded here, so they hold the values of this epoch. */
  step({ deltaBytes, ranges, states }: CompactionFacts, write: WriteBucket): void {
    const cost = deltaBytes > 0 ? deltaBytes + ENTRY_OVERHEAD_BYTES : 0;
    const earned = COMPACTION_FACTOR * cost;
    this.#left = this.most;
    for (const state of states) this.#grow(state, GROWTH_FACTOR * cost, write);
    if (costOf(ranges) + deltaBytes < COMPACTION_BEGIN_BYTES) {
      this.#credit = Math.min(this.#credit, 0);
      return;
    }
    this.#credit += earned;
    while (this.#credit > 0 && this.#left > 0) {
      const state = oldestOf(states);
      if (state === undefined) break;
      this.#credit -= this.#rewrite(state, state.oldest!, write);
    }
    // Unused credit is not saved, because it would later be spent in a single epoch.
    if (this.#credit > earned) this.#credit = earned;
  }

  /** Splits buckets of a state that has become too large for them. Buckets without a base cost nothing. */
  #grow(state: StoredState, earned: number, write: WriteBucket): void {
    if (!isCrowded(state)) return;
    this.#growth += earned;
    while (isCrowded(state)) {
      const { length } = state.buckets;
      const free = state.buckets[length - 2 ** (31 - Math.clz32(length))].base === undefined;
      if (!free && (this.#growth <= 0 || this.#left < 2)) return;
      // A base cannot be split without writing it: both halves get new bases at once.
      for (const bucket of state.split()) if (!free) this.#growth -= this.#rewrite(state, bucket, write);
    }
    this.#growth = Math.min(this.#growth, 0);
  }

  #rewrite(state: StoredState, bucket: StoredBucket, write: WriteBucket): number {
    const bytes = this.writer.base(state, bucket)?.slice();
    this.#left--;
    write({ state, bucket, bytes });
    return (bytes?.length ?? 0) + ENTRY_OVERHEAD_BYTES;
  }
}

/** The last epoch whose delta no bucket needs. */
export function coveredBy(states: readonly StoredState[], epoch: number): number {
  let covered = epoch;
  for (const { oldest } of states) if (oldest !== undefined) covered = Math.min(covered, oldest.since - 1);
  return covered;
}

/** Whether deltas have become so large, compared with the bases, that the whole state should be rewritten. */
export function isOverrun(ranges: readonly DeltaRange[], states: readonly StoredState[]): boolean {
  const bases = states.reduce((sum, { baseBytes }) => sum + baseBytes, 0);
  return costOf(ranges) > SNAPSHOT_BYTES + SNAPSHOT_FACTOR * bases;
}

/** The state whose bucket needs the oldest delta. */
function oldestOf(states: readonly StoredState[]): StoredState | undefined {
  let found: StoredState | undefined;
  let since = Infinity;
  for (const state of states) {
    if (state.oldest === undefined || state.oldest.since >= since) continue;
    found = state;
    since = state.oldest.since;
  }
  return found;
}

function costOf(ranges: readonly DeltaRange[]): number {
  let cost = 0;
  for (const { bytes, chunks } of ranges) cost += bytes + chunks * ENTRY_OVERHEAD_BYTES;
  return cost;
}

function isCrowded(state: StoredState): boolean {
  const { length } = state.buckets;
  return state.size > length * BUCKET_KEYS ||
    (state.baseBytes > length * BUCKET_BYTES && state.size > length * BUCKET_KEYS_AT_LEAST);
}
