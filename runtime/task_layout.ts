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
 */
export function layOut(kind: TaskKind, partitions: ReadonlyMap<string, number>): TaskLayout {
  const all = [...partitions].flatMap(([topic, count]) =>
    Array.from({ length: count }, (_none, partition): InputPartition => ({ topic, partition }))
  );
  const taskOf = (topic: string, partition: number): TaskId | undefined => {
    const count = partitions.get(topic);
    if (count === undefined || !(partition >= 0 && partition < count)) return undefined;
    return kind === "single" ? 0 : partition;
  };
  return {
    partitions,
    kind,
    tasks: Array.from({ length: kind === "single" ? 1 : Math.max(...partitions.values()) }, (_none, task) => task),
    inputsOf: (task) => all.filter(({ topic, partition }) => taskOf(topic, partition) === task),
    taskOf,
  };
}

/**
 * Throws when topics that stages read together have different numbers of partitions. A key would then be in different
 * tasks for different topics.
 *
 * @param parts the topics that are read together, one list for each part of a pipeline. @default all of them
 */
export function refuseUneven(
  { kind, partitions }: TaskLayout,
  parts: readonly (readonly string[])[] = [[...partitions.keys()]],
): void {
  if (kind === "single") return;
  for (const topics of parts) {
    const counts = topics.flatMap((topic) => partitions.get(topic) ?? []);
    if (new Set(counts).size <= 1) continue;
    const shown = topics.map((topic) => `${topic} has ${partitions.get(topic)}`).join(", ");
    throw new Error(
      `Cannot run the job: with a task for each partition its topics must have the same number of partitions, and ${shown}. ` +
        `Give them the same number, or run the job with tasks: "single"`,
    );
  }
}
