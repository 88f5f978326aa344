/**
 * Whether a job has read, committed and published everything.
 *
 * @module
 */
import { hopTopicsOf } from "./families/all.ts";
import type { Head } from "../../state/mod.ts";
import type { Heads } from "./heads.ts";
import type { SimCluster } from "./kafka/cluster.ts";
import { JOB } from "./pipelines.ts";
import type { Scenario } from "./scenario.ts";
import { INPUT } from "./traffic.ts";

/** What is seen of the job. */
export interface Seen {
  readonly scenario: Scenario;
  readonly kafka: SimCluster;
  readonly heads: Heads;
  readonly tables: { isRead(head: Head): boolean };
}

/** Whether nothing is left to do for the job. */
export function isAllRead({ scenario, kafka, heads: { tasks }, tables }: Seen): boolean {
  const count = scenario.tasks === "single" ? 1 : scenario.partitions;
  if (tasks.size < count) return false;
  const bounds = kafka.bounds(INPUT);
  for (const [task, { head }] of tasks) {
    if (head === undefined || head.outbox.length > 0 || head.unwritten !== undefined) return false;
    if (scenario.untilEnd && !head.finished) return false;
    for (const [partition, offset] of Object.entries(head.offsets[INPUT] ?? {})) {
      const { stable, latest } = bounds[Number(partition)];
      if (offset < stable || stable < latest) return false;
    }
    if (head.offsets[INPUT] !== undefined && !tables.isRead(head)) return false;
    // A task beyond the input's partitions reads a hop only.
    if (head.offsets[INPUT] === undefined && task < count) return false;
  }
  return kafka.openTransactions().length === 0 && hopTopicsOf(scenario, JOB).every((topic) => {
    return !kafka.hasUnread(topic, readOf(tasks, topic));
  });
}

/** How far a topic was read, by partition. */
function readOf(tasks: Heads["tasks"], topic: string): Map<number, number> {
  const read = new Map<number, number>();
  for (const { head } of tasks.values()) {
    for (const [partition, offset] of Object.entries(head?.offsets[topic] ?? {})) read.set(Number(partition), offset);
  }
  return read;
}
