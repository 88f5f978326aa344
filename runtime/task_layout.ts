/**
 * How the partitions of a job's input form its tasks. Only this file knows what `tasks: "perPartition"` and `tasks:
 * "single"` mean.
 *
 * @module
 */
import type { InputPartition, TaskId, TaskLayout } from "../connectors/connector.ts";

/** How tasks are formed. */
export type TaskKind = "perPartition" | "single";

/**
 * Lays out the tasks of a job. The layout never changes: partitions that a topic gets later have no task.
 *
 * @param kind `perPartition`: task n reads partition n of every topic; `single`: one task reads everything
 * @param partitions how many partitions each topic has
 * @param topics those of which every task reads every partition. With a single task they are as all others
 */
export function layOut(
  kind: TaskKind,
  partitions: ReadonlyMap<string, number>,
  topics: ReadonlySet<string> = new Set(),
): TaskLayout {
  const broadcast: ReadonlySet<string> = kind === "single" ? new Set() : topics;
  const counts = [...partitions].flatMap(([topic, count]) => broadcast.has(topic) ? [] : [count]);
  const all = [...partitions].flatMap(([topic, count]) =>
    Array.from({ length: count }, (_none, partition): InputPartition => ({ topic, partition }))
  );
  const taskOf = (topic: string, partition: number): TaskId | undefined => {
    const count = partitions.get(topic);
    if (count === undefined || !(partition >= 0 && partition < count) || broadcast.has(topic)) return undefined;
    return kind === "single" ? 0 : partition;
  };
  return {
    partitions,
    kind,
    broadcast,
    tasks: Array.from({ length: kind === "single" ? 1 : Math.max(...counts) }, (_none, task) => task),
    inputsOf: (task) => all.filter(({ topic, partition }) => broadcast.has(topic) || taskOf(topic, partition) === task),
    taskOf,
  };
}

/** The task that counts the records of a partition. Of a partition that every task reads, one task does. */
export function countingTask({ broadcast, tasks, taskOf }: TaskLayout, { topic, partition }: InputPartition): TaskId {
  return broadcast.has(topic) ? partition % tasks.length : taskOf(topic, partition)!;
}

/**
 * Throws when topics that stages read together have different numbers of partitions. A key would then be in different
 * tasks for different topics.
 *
 * @param parts the topics that are read together, one list for each part of a pipeline. @default all of them
 */
export function refuseUneven(
  { kind, partitions, broadcast }: TaskLayout,
  parts: readonly (readonly string[])[] = [[...partitions.keys()]],
): void {
  if (kind === "single") return;
  for (const topics of parts) {
    const even = topics.filter((topic) => partitions.has(topic) && !broadcast.has(topic));
    if (new Set(even.map((topic) => partitions.get(topic))).size <= 1) continue;
    const shown = even.map((topic) => `${topic} has ${partitions.get(topic)}`).join(", ");
    throw new Error(
      `Cannot run the job: with a task for each partition its topics must have the same number of partitions, and ${shown}. ` +
        `Give them the same number, bring one of them through repartition({ name, key, partitions }), read a small table with ` +
        `broadcast: true, or run the job with tasks: "single"`,
    );
  }
}
