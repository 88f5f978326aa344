/**
 * Deletes the records of hops that no task needs any more: those below what the committed heads have read.
 *
 * No result depends on it. A former owner of a task deletes only what was committed while it owned the task. Where the broker
 * refuses, as without the right to delete, the topic grows, and that is told once for each hop.
 *
 * @module
 */
import type { Connection } from "../connectors/connector.ts";
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/thrown.ts";
import { UnavailableError } from "../state/mod.ts";
import type { Events } from "./events.ts";
import type { HopPlan } from "./hops.ts";
import { HOP_DELETE_MS } from "./limits.ts";
import type { OwnedTask } from "./owned_task.ts";

/** What is needed to delete. */
export interface SweepParts {
  readonly input: Pick<Connection, "deleteBefore">;
  readonly clock: Pick<Clock, "elapsed">;
  readonly events: Pick<Events, "tell">;
  readonly hops: readonly Pick<HopPlan, "name" | "topic">[];
}

export class HopSweep {
  #last = -Infinity;
  /** Up to where each partition was deleted, by topic. */
  readonly #deleted = new Map<string, Map<number, number>>();

  /** The topics of which it is told that they grow. */
  readonly #told = new Set<string>();

  constructor(readonly parts: SweepParts) {}

  /** Deletes what the tasks have read, unless that was done a short time ago. What fails is tried again later. */
  async sweep(tasks: readonly OwnedTask[]): Promise<void> {
    const { clock, input } = this.parts;
    if (clock.elapsed() - this.#last < HOP_DELETE_MS) return;
    this.#last = clock.elapsed();
    for (const [topic, offsets] of this.#due(tasks)) {
      try {
        await input.deleteBefore(topic, offsets);
      } catch (error) {
        this.#refused(topic, error);
        continue;
      }
      const deleted = this.#deleted.get(topic) ?? new Map<number, number>();
      this.#deleted.set(topic, deleted);
      for (const [partition, offset] of offsets) deleted.set(partition, offset);
    }
  }

  /** Tells of a topic that grows. A broker that only does not answer now is no reason. */
  #refused(topic: string, error: unknown): void {
    const hop = this.parts.hops.find((one) => one.topic === topic)?.name;
    if (error instanceof UnavailableError || hop === undefined || this.#told.has(topic)) return;
    this.#told.add(topic);
    this.parts.events.tell(
      { kind: "hop grows", hop },
      `the job goes on, but what repartition "${hop}" has read stays on the broker, and its topic grows: ${
        messageOf(error)
      }`,
    );
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
