/**
 * Deletes the records of hops that no task needs any more: those below what the committed heads have read.
 *
 * Nothing depends on it. A former owner of a task deletes only what was committed while it owned the task.
 *
 * @module
 */
import type { Connection } from "../connectors/connector.ts";
import type { Clock } from "../base/clock.ts";
import { HOP_DELETE_MS } from "./limits.ts";
import type { OwnedTask } from "./owned_task.ts";

export class HopSweep {
  #last = -Infinity;
  /** Up to where each partition was deleted, by topic. */
  readonly #deleted = new Map<string, Map<number, number>>();

  constructor(readonly input: Pick<Connection, "deleteBefore">, readonly clock: Pick<Clock, "elapsed">) {}

  /** Deletes what the tasks have read, unless that was done a short time ago. What fails is tried again later. */
  async sweep(tasks: readonly OwnedTask[]): Promise<void> {
    if (this.clock.elapsed() - this.#last < HOP_DELETE_MS) return;
    this.#last = this.clock.elapsed();
    for (const [topic, offsets] of this.#due(tasks)) {
      try {
        await this.input.deleteBefore(topic, offsets);
      } catch {
        continue;
      }
      const deleted = this.#deleted.get(topic) ?? new Map<number, number>();
      this.#deleted.set(topic, deleted);
      for (const [partition, offset] of offsets) deleted.set(partition, offset);
    }
  }

  /** The offsets below which records can be deleted, where there are new ones. */
  #due(tasks: readonly OwnedTask[]): Map<string, Map<number, number>> {
    const due = new Map<string, Map<number, number>>();
    for (const { lost, runner, checkpoint: { head } } of tasks) {
      if (lost) continue;
      for (const { hop, topic, partition } of runner.queues) {
        const offset = hop ? head.offsets[topic]?.[partition] ?? 0 : 0;
        if (offset <= (this.#deleted.get(topic)?.get(partition) ?? 0)) continue;
        const offsets = due.get(topic) ?? new Map<number, number>();
        due.set(topic, offsets.set(partition, offset));
      }
    }
    return due;
  }
}
