/**
 * Garbage: entries that are no longer live and wait to be deleted, and deltas that become garbage when compaction
 * covers them.
 *
 * It is kept only in memory. After a crash the next owner's sweep finds the remaining entries.
 *
 * @module
 */
import type { ChunkKind, TaskKeys } from "./keys.ts";
import type { Pin } from "./head.ts";
import type { StoreKey } from "./store.ts";

/** Whether chunks of an attempt are pinned. */
export function isPinned(pins: readonly Pin[], fence: string, attempt: number): boolean {
  return pins.some((pin) => pin.fence === fence && pin.first <= attempt && attempt <= pin.last);
}

/** Consecutive chunks of one attempt. */
export interface ChunkRun {
  readonly kind: ChunkKind;
  readonly fence: string;
  readonly attempt: number;
  readonly first: number;
  readonly count: number;
}

/** A live delta: its epoch and its chunks. */
export interface LiveDelta {
  readonly epoch: number;
  readonly fence: string;
  readonly attempt: number;
  readonly chunks: number;
  readonly bytes: number;
  readonly checksum: number;
}

/** The garbage of one task. */
export class Garbage {
  /** Runs of chunks, and how many chunks of the first run were taken. */
  #runs: ChunkRun[] = [];
  #at = 0;
  #taken = 0;
  #others: StoreKey[] = [];
  #deltas: LiveDelta[] = [];
  #covered = 0;

  /**
   * @param keys of the task
   * @param pins returns the chunks that must not be deleted; called each time
   */
  constructor(readonly keys: TaskKeys, readonly pins: () => readonly Pin[]) {}

  /** Adds a written delta. Must be called in the order of epochs. */
  live(delta: LiveDelta): void {
    this.#deltas.push(delta);
  }

  /** Removes deltas up to this epoch, which are no longer live, and returns them, oldest first. */
  cover(epoch: number): LiveDelta[] {
    const covered: LiveDelta[] = [];
    while (this.#covered < this.#deltas.length && this.#deltas[this.#covered].epoch <= epoch) {
      const delta = this.#deltas[this.#covered++];
      this.add({ kind: "delta", fence: delta.fence, attempt: delta.attempt, first: 0, count: delta.chunks });
      covered.push(delta);
    }
    if (this.#covered > 1000 && this.#covered > this.#deltas.length / 2) {
      this.#deltas = this.#deltas.slice(this.#covered);
      this.#covered = 0;
    }
    return covered;
  }

  /** Adds chunks that are no longer live. Pinned chunks are left to a sweep after they are unpinned. */
  add(run: ChunkRun): void {
    if (run.count > 0 && !isPinned(this.pins(), run.fence, run.attempt)) this.#runs.push(run);
  }

  /** Adds an entry that is no longer live. */
  addKey(key: StoreKey): void {
    this.#others.push(key);
  }

  /** Takes up to `most` keys to delete. */
  take(most: number): StoreKey[] {
    const keys = this.#others.splice(Math.max(0, this.#others.length - most));
    while (keys.length < most && this.#at < this.#runs.length) {
      const run = this.#runs[this.#at];
      if (this.#taken === run.count) {
        this.#at++;
        this.#taken = 0;
      } else {
        keys.push(this.keys.chunk({ ...run, index: run.first + this.#taken++ }));
      }
    }
    if (this.#at > 1000 && this.#at > this.#runs.length / 2) {
      this.#runs = this.#runs.slice(this.#at);
      this.#at = 0;
    }
    return keys;
  }
}
