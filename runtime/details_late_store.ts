/**
 * The newest late values of a task, as its owner leaves them in the store for those who show the job and do not have the
 * task. They go with an epoch that has late values, at most one in a second. No decision depends on them.
 *
 * @module
 */
import { decode, encode, type Head, type Store } from "../state/mod.ts";
import { lateKey } from "../state/keys.ts";
import type { Task } from "../operators/_task.ts";
import type { AtomicWrites } from "../connectors/connector.ts";
import { type LateSample, newestLate } from "./details_late.ts";
import { LATE_WRITE_MS } from "./limits.ts";

/** Writes the late values of one task. */
export class LateShelf {
  #at = -Infinity;

  /** @param written how many late values there were when the last ones were written */
  constructor(readonly job: string, readonly task: number, private written: number) {}

  /** What an epoch writes: nothing, or the newest late values, if some are new. */
  writes({ tallies }: Task, late: number, now: number): AtomicWrites["last"] {
    if (late === this.written || now - this.#at < LATE_WRITE_MS) return [];
    this.written = late;
    this.#at = now;
    const samples = newestLate([{ task: this.task, tallies }]).map(({ stage, late }) => ({ stage, late }));
    return samples.length === 0 ? [] : [[lateKey(this.job, this.task), encode(samples)]];
  }
}

/** The late values that the owner of a task has left. A head without late values has been reset since. */
export async function readLate(
  store: Store,
  job: string,
  task: number,
  head: Head | undefined,
): Promise<readonly LateSample[]> {
  if (!((head?.counters.late ?? 0) > 0)) return [];
  const entry = await store.get<Uint8Array>(lateKey(job, task));
  if (entry === undefined) return [];
  return (decode(entry.value) as readonly Omit<LateSample, "task">[]).map((sample) => ({ ...sample, task }));
}
