/**
 * Compaction: rewrites bases bucket by bucket, so that deltas can be forgotten, at a cost in proportion to what changes.
 *
 * A cycle goes over all buckets of all states. When it ends, every bucket has either been written since the cycle began or has
 * not changed since its base: deltas from before the cycle are covered. Each byte of a delta pays for a few bytes of bases;
 * a bucket is written as soon as there is no debt left from the one before, so an epoch writes at most one bucket too many.
 *
 * States grow by linear hashing: one bucket at a time is split in two, paid for in the same way.
 *
 * @module
 */
import type { CellStreamWriter } from "./cell_stream.ts";
import type { DurableKeyedState } from "./durable_keyed_state.ts";
import type { CompactionCycle, DeltaRange } from "./head.ts";
import {
  BUCKET_BYTES,
  BUCKET_KEYS,
  BUCKET_KEYS_AT_LEAST,
  COMPACTION_BEGIN_BYTES,
  COMPACTION_BUCKETS,
  COMPACTION_FACTOR,
  ENTRY_OVERHEAD_BYTES,
  SNAPSHOT_BYTES,
  SNAPSHOT_FACTOR,
} from "./limits.ts";

/** A bucket that is to be written; without bytes it has become empty. */
export interface BucketWrite {
  readonly state: DurableKeyedState;
  readonly bucket: number;
  readonly bytes: Uint8Array | undefined;
}

/** What an epoch means for compaction. */
export interface CompactionFacts {
  readonly epoch: number;
  readonly deltaBytes: number;
  /** The ranges of deltas before this epoch. */
  readonly ranges: readonly DeltaRange[];
  /** The states, by ascending number. */
  readonly states: readonly DurableKeyedState[];
}

/** What compaction does in an epoch. */
export interface CompactionStep {
  readonly writes: readonly BucketWrite[];
  readonly cycle: CompactionCycle | undefined;
  /** A cycle has ended: deltas up to this epoch are covered by bases. */
  readonly covered: number | undefined;
}

/** Compaction of one task. */
export class Compaction {
  #cycle: CompactionCycle | undefined;
  /** Bytes that may be written now: below zero after a bucket that was larger than what was left. */
  #credit = 0;
  #growth = 0;

  /**
   * @param cycle how far it had come according to the head
   * @param writer for bases
   */
  constructor(cycle: CompactionCycle | undefined, readonly writer: CellStreamWriter) {
    this.#cycle = cycle;
  }

  /** All state is written as a whole: there is nothing to compact for now. */
  restart(): void {
    this.#cycle = undefined;
    this.#credit = this.#growth = 0;
  }

  /** Does an epoch's share. Bases are encoded here, so they hold the values of this epoch. */
  step(facts: CompactionFacts): CompactionStep {
    const earned = facts.deltaBytes > 0 ? COMPACTION_FACTOR * (facts.deltaBytes + ENTRY_OVERHEAD_BYTES) : 0;
    const writes: BucketWrite[] = [];
    for (const state of facts.states) this.#grow(state, earned, writes);
    if (this.#cycle === undefined && costOf(facts.ranges) + facts.deltaBytes >= COMPACTION_BEGIN_BYTES) {
      this.#cycle = { since: facts.epoch, state: 0, bucket: 0 };
      this.#credit = 0;
    }
    const covered = this.#cycle === undefined ? undefined : this.#advance(facts.states, earned, writes);
    return { writes, cycle: this.#cycle, covered };
  }

  /** Splits buckets of a state that has outgrown them. What has no base yet costs nothing. */
  #grow(state: DurableKeyedState, earned: number, writes: BucketWrite[]): void {
    if (!isCrowded(state)) return;
    this.#growth += earned;
    while (isCrowded(state)) {
      const next = state.buckets.length - 2 ** (31 - Math.clz32(state.buckets.length));
      // A base that is to be written in this epoch is a base already: its keys must not part without both halves being written.
      const free = state.buckets[next].base === undefined && !isAmong(writes, state, next);
      if (!free && (this.#growth <= 0 || writes.length + 2 > COMPACTION_BUCKETS)) return;
      for (const bucket of state.split()) {
        if (!free) this.#growth -= this.#write(state, bucket, writes);
      }
    }
    this.#growth = Math.min(this.#growth, 0);
  }

  /** Goes on with the cycle; returns what it covers when it ends. */
  #advance(states: readonly DurableKeyedState[], earned: number, writes: BucketWrite[]): number | undefined {
    this.#credit += earned;
    const { since } = this.#cycle!;
    let { state: id, bucket } = this.#cycle!;
    for (const state of states) {
      if (state.id < id) continue;
      if (state.id > id) bucket = 0;
      id = state.id;
      for (; bucket < state.buckets.length; bucket++) {
        if (!state.buckets[bucket].dirty) continue;
        if (this.#credit <= 0 || writes.length >= COMPACTION_BUCKETS) {
          this.#cycle = { since, state: id, bucket };
          return undefined;
        }
        this.#credit -= this.#write(state, bucket, writes);
      }
    }
    this.#cycle = undefined;
    return since;
  }

  #write(state: DurableKeyedState, bucket: number, writes: BucketWrite[]): number {
    const bytes = this.writer.base(state, bucket)?.slice();
    // Whoever commits the write gives the bucket its base; until then it is clean, so that it is not written twice.
    state.buckets[bucket].dirty = false;
    const before = writes.findIndex((write) => write.state === state && write.bucket === bucket);
    if (before >= 0) writes.splice(before, 1);
    writes.push({ state, bucket, bytes });
    return (bytes?.length ?? 0) + ENTRY_OVERHEAD_BYTES;
  }
}

function isAmong(writes: readonly BucketWrite[], state: DurableKeyedState, bucket: number): boolean {
  return writes.some((write) => write.state === state && write.bucket === bucket);
}

/** Whether deltas have outgrown the bases so far that the whole state is better written anew. */
export function isOverrun(ranges: readonly DeltaRange[], states: readonly DurableKeyedState[]): boolean {
  const bases = states.reduce((sum, { baseBytes }) => sum + baseBytes, 0);
  return costOf(ranges) > SNAPSHOT_BYTES + SNAPSHOT_FACTOR * bases;
}

function costOf(ranges: readonly DeltaRange[]): number {
  let cost = 0;
  for (const { bytes, chunks } of ranges) cost += bytes + chunks * ENTRY_OVERHEAD_BYTES;
  return cost;
}

function isCrowded(state: DurableKeyedState): boolean {
  const { length } = state.buckets;
  return state.size > length * BUCKET_KEYS ||
    (state.baseBytes > length * BUCKET_BYTES && state.size > length * BUCKET_KEYS_AT_LEAST);
}
