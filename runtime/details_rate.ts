/**
 * How many records tasks process per second, over the last seconds.
 *
 * @module
 */
import { DETAILS_RATE_MS } from "./limits.ts";
import type { OwnedTask } from "./owned_task.ts";

interface Sample {
  readonly at: number;
  readonly counts: ReadonlyMap<OwnedTask, number>;
}

/** Counts of the tasks of a worker, taken from time to time. */
export class Rates {
  readonly #samples: Sample[] = [];

  /** @param at milliseconds of a monotonic clock */
  sample(at: number, tasks: Iterable<OwnedTask>): void {
    const counts = new Map<OwnedTask, number>();
    for (const task of tasks) counts.set(task, countOf(task));
    this.#samples.push({ at, counts });
    while (this.#samples.length > 1 && at - this.#samples[1].at >= DETAILS_RATE_MS) this.#samples.shift();
  }

  /** Records per second of these tasks. One that is new since the sample counts from its takeover on. */
  of(tasks: Iterable<OwnedTask>, at: number): number {
    const since = this.#samples.find((sample) => at - sample.at <= DETAILS_RATE_MS) ?? this.#samples.at(-1);
    if (since === undefined || at <= since.at) return 0;
    let count = 0;
    for (const task of tasks) {
      count += countOf(task) - (since.counts.get(task) ?? task.began.counters.records_in ?? 0);
    }
    return Math.max(0, count) / (at - since.at) * 1000;
  }
}

function countOf({ runner }: OwnedTask): number {
  return runner.counters.records_in ?? 0;
}
