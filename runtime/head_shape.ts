/**
 * Checks how large the heads of a job can become, before anything is claimed, so that no commit fails for their size.
 *
 * @module
 */
import { assertHeadFits, type HeadShape } from "../state/head_size.ts";
import { LONGEST_LIFE } from "./hops.ts";
import type { Settings } from "./options.ts";
import type { Plan } from "./plan.ts";

/**
 * Makes sure that every head of the job stays below its size limit.
 *
 * @throws {RangeError} when a head could become too large; the message names what there is too much of, and the cure
 */
export function assertHeadsFit(plan: Plan, settings: Settings, partitions: ReadonlyMap<string, number>): void {
  try {
    assertHeadFits(largestShape(plan, settings, partitions));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RangeError(`Cannot run job ${settings.name}: ${error.message}`);
  }
}

/** The task with the largest head: the only task, or the task of the last partition, which has the largest number. */
function largestShape(plan: Plan, { name, tasks }: Settings, partitions: ReadonlyMap<string, number>): HeadShape {
  const read = (topic: string): readonly number[] => {
    const count = partitions.get(topic) ?? 0;
    return tasks === "single" || plan.broadcast.has(topic)
      ? Array.from({ length: count }, (_, partition) => partition)
      : count > 0
      ? [count - 1]
      : [];
  };
  const hops = plan.hops.map(({ topic }) => topic);
  // A task knows every sender of a hop; there are as many as a topic above it has partitions.
  const senders = (above: readonly string[]) =>
    Array.from({ length: Math.max(0, ...above.map((topic) => partitions.get(topic) ?? 0)) }, (_, sender) => sender);
  const crossing = plan.hops.flatMap(({ name, above }) => [
    [`repartition "${name}" sends${LONGEST_LIFE}`, { ended: [0], sent: [0] }],
    [`repartition "${name}" reads${LONGEST_LIFE}`, { ended: senders(above), reached: senders(above) }],
  ]);
  const byTopic = (topics: readonly string[]) => Object.fromEntries(topics.map((topic) => [topic, read(topic)]));
  return {
    inputs: byTopic([...plan.topics, ...hops]),
    broadcast: tasks === "perPartition" && plan.broadcast.size > 0,
    ends: byTopic([...plan.order.tables]),
    clocks: Object.fromEntries([...[...plan.clocks].map(([clock, topics]) => [clock, byTopic(topics)]), ...crossing]),
    counters: [
      ...["records_in", "late", "dead", "missing"],
      ...new Set(plan.sinks.map(({ topic }) => `out:${topic}`)),
      ...hops.flatMap((topic) => [`sent:${topic}`, `told:${topic}`, `read:${topic}`]),
    ],
    states: plan.states.map((state) => state.name),
    publisher: `${name}.0123456789abcdef`,
  };
}
