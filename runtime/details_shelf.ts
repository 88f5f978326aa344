/**
 * The newest late values and dead letters of a task, as its owner leaves them in the store for those who show the job and
 * do not have the task. They go with an epoch that has new ones, at most one in a second. No decision depends on them.
 *
 * @module
 */
import { decode, encode, type Head, type Store } from "../state/mod.ts";
import { deadKey, lateKey } from "../state/keys.ts";
import type { AtomicWrites } from "../connectors/connector.ts";
import type { DeadSample } from "./details_dead.ts";
import type { LateSample } from "./details_late.ts";
import { SHELF_WRITE_MS } from "./limits.ts";

/** Writes samples of one task. */
export class Shelf {
  #at = -Infinity;

  /**
   * @param key where they are written
   * @param written how many there were of what they are samples of when the last ones were written
   */
  constructor(readonly key: readonly (string | number)[], private written: number) {}

  /** What an epoch writes: nothing, or the newest samples, if some are new. */
  writes(count: number, now: number, samples: () => readonly unknown[]): AtomicWrites["last"] {
    if (count === this.written || now - this.#at < SHELF_WRITE_MS) return [];
    this.written = count;
    this.#at = now;
    const newest = samples();
    return newest.length === 0 ? [] : [[this.key, encode(newest)]];
  }
}

/** The shelves of a task. */
export class Shelves {
  readonly late: Shelf;
  readonly dead: Shelf;

  constructor(job: string, task: number, { counters: { late = 0, dead = 0 } }: Pick<Head, "counters">) {
    this.late = new Shelf(lateKey(job, task), late);
    this.dead = new Shelf(deadKey(job, task), dead);
  }
}

/** What the owners of tasks have left. */
export interface LeftSamples {
  readonly late: readonly LateSample[];
  readonly dead: readonly DeadSample[];
}

/** What the owner of a task has left. A head that has counted none has been reset since. */
export async function readShelves(
  store: Store,
  job: string,
  task: number,
  head: Head | undefined,
): Promise<LeftSamples> {
  const { late = 0, dead = 0 } = head?.counters ?? {};
  const [lateSamples, deadSamples] = await Promise.all([
    late > 0 ? read<Omit<LateSample, "task">>(store, lateKey(job, task)) : [],
    dead > 0 ? read<Omit<DeadSample, "task">>(store, deadKey(job, task)) : [],
  ]);
  return {
    late: lateSamples.map((sample) => ({ ...sample, task })),
    dead: deadSamples.map((sample) => ({ ...sample, task })),
  };
}

/** The samples of several tasks. */
export function joined(left: readonly LeftSamples[]): LeftSamples {
  return { late: left.flatMap(({ late }) => late), dead: left.flatMap(({ dead }) => dead) };
}

async function read<T>(store: Store, key: readonly (string | number)[]): Promise<readonly T[]> {
  const entry = await store.get<Uint8Array>(key);
  return entry === undefined ? [] : decode(entry.value) as readonly T[];
}
