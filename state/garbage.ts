/**
 * What is no longer live and waits to be deleted, and what will be once compaction has covered it.
 *
 * Kept in memory only: what is forgotten with the process is found by the next owner's sweep.
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

/** Chunks of one attempt that follow one another. */
export interface ChunkRun {
  readonly kind: ChunkKind;
  readonly fence: string;
  readonly attempt: number;
  readonly first: number;
  readonly count: number;
}

/** A delta that is live: the epoch that it is the delta of, and its chunks. */
export interface LiveDelta {
  readonly epoch: number;
  readonly fence: string;
  readonly attempt: number;
  readonly chunks: number;
  readonly bytes: number;
  readonly checksum: number;
}

/** What is to be deleted of one task. */
export class Garbage {
  /** Runs, and how much of the first one is taken. */
  #runs: ChunkRun[] = [];
  #at = 0;
  #taken = 0;
  #others: StoreKey[] = [];
  #deltas: LiveDelta[] = [];
  #covered = 0;

  /**
   * @param keys of the task
   * @param pins what is not to be deleted; asked each time
   */
  constructor(readonly keys: TaskKeys, readonly pins: () => readonly Pin[]) {}

  /** A delta that has been written. In the order of epochs. */
  live(delta: LiveDelta): void {
    this.#deltas.push(delta);
  }

  /** Deltas up to this epoch are no longer live; returns them, oldest first. */
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

  /** Chunks that are no longer live. What is pinned stays, until a sweep finds that it is no longer so. */
  add(run: ChunkRun): void {
    if (run.count > 0 && !isPinned(this.pins(), run.fence, run.attempt)) this.#runs.push(run);
  }

  /** An entry that is no longer live. */
  addKey(key: StoreKey): void {
    this.#others.push(key);
  }

  /** Takes up to so many keys to delete. */
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
