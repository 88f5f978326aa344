/**
 * What holds the time behind a hop: the partition that a task above it reads.
 *
 * @module
 */
import type { ClockFacts, Holder, PartitionFacts, WaitingFacts } from "../operators/_time_facts.ts";
import type { SenderFacts } from "./details_why.ts";
import type { HopPlan } from "./hops.ts";

/** The clocks of a task of this worker. */
export interface ClocksOfTask {
  readonly task: number;
  readonly clocks: readonly ClockFacts[];
}

/** What holds a result back, and the task whose partition that is where it is above a hop. */
export interface HeldSource {
  readonly holder: Holder | undefined;
  readonly sender: SenderFacts | undefined;
}

/** The sources of all hops, in the tasks of this worker. */
export class HopSources {
  constructor(
    readonly hops: readonly Pick<HopPlan, "name" | "above">[],
    readonly tasks: readonly ClocksOfTask[],
  ) {}

  /**
   * Follows a holder that is a task which sends into a hop to what holds the time of that task. Where another worker has
   * it, the holder stays as it is.
   */
  through(facts: WaitingFacts): HeldSource {
    const holder = facts.holder();
    if (holder?.kind !== "sender") return { holder, sender: undefined };
    const { hop, task } = holder;
    const above = this.hops.find(({ name }) => hop === `repartition "${name}"`)?.above ?? [];
    // All time behind a hop waits for every clock above it. Several hops may lie between them, so the clock may be that of
    // another task than the one that sends.
    const inOrder = this.tasks.toSorted((a, b) => Number(b.task === task) - Number(a.task === task));
    for (const { task, clocks } of inOrder) {
      const clock = clocks.find(({ watermark, partitions }) =>
        watermark < facts.next && partitions.some(({ topic }) => above.includes(topic))
      );
      const partition = clock === undefined ? undefined : slowest(clock);
      if (partition !== undefined) {
        return { holder: { kind: "partition", clock: clock!, partition }, sender: { task, hop } };
      }
    }
    return { holder, sender: undefined };
  }
}

/** The partition with the lowest mark, of those that are not idle. */
function slowest({ partitions }: ClockFacts): PartitionFacts | undefined {
  let slowest: PartitionFacts | undefined;
  for (const one of partitions) {
    if (!one.idle && (slowest === undefined || one.mark < slowest.mark)) slowest = one;
  }
  return slowest;
}
