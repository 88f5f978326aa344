/**
 * Tells of a hop whose time stands still, because a task that sends into it has no watermark. Most likely one of its
 * input partitions is empty, and its `watermark()` has no `idleAfter`.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { TaskLayout } from "../connectors/connector.ts";
import type { Events } from "./events.ts";
import { TOLD_AFTER_MS } from "./limits.ts";
import type { OwnedTask } from "./owned_task.ts";

export class HopWatch {
  /** Since when each hop has been held back, in elapsed time. */
  readonly #since = new Map<string, number>();
  readonly #told = new Set<string>();

  constructor(
    readonly job: {
      readonly events: Events;
      readonly clock: Pick<Clock, "elapsed">;
    },
    readonly layout: TaskLayout,
  ) {}

  /** Logs once for each hop, when it has been held back for a while. */
  look(tasks: readonly OwnedTask[]): void {
    const now = this.job.clock.elapsed();
    const held = new Map(tasks.flatMap(({ runner }) => runner.hops?.held ?? []).map((one) => [one.name, one]));
    for (const name of [...this.#since.keys()]) if (!held.has(name)) this.#since.delete(name);
    for (const [name, { above, senders }] of held) {
      const since = this.#since.get(name) ?? now;
      this.#since.set(name, since);
      if (now - since < TOLD_AFTER_MS || this.#told.has(name)) continue;
      this.#told.add(name);
      const places = senders.flatMap((sender) => this.layout.inputsOf(sender)).filter(({ topic }) =>
        above.includes(topic)
      );
      const shown = places.map(({ topic, partition }) => `${topic}/${partition}`).join(", ");
      this.job.events.tell(
        { kind: "hop waits", hop: name },
        `no watermark has come yet from ${shown}, so all time behind repartition "${name}" stands still, and no ` +
          `window there fires. If a partition may be empty, give its watermark({ idleAfter })`,
      );
    }
  }
}
