/**
 * The rows of tasks and partitions: those of this worker from its memory, all others from their heads. A row is made only
 * when it is shown.
 *
 * @module
 */
import type { Head } from "../state/mod.ts";
import type { JobDetails, PartitionDetails, TaskDetails } from "./details.ts";
import {
  clocksOfHead,
  type CommittedClock,
  committedPartition,
  committedPlaces,
  committedTask,
} from "./details_committed.ts";
import type { TaskFacts } from "./details_facts.ts";
import { lagOf, livePartition, liveTask } from "./details_live.ts";
import { DETAILS_ROWS } from "./limits.ts";
import type { Moment } from "./metrics.ts";

/** Rows of a job that has more tasks or partitions than its details show: what `job.rows()` gives. */
export interface JobRows {
  /** When they were made, in milliseconds since 1970. */
  readonly at: number;
  /** The place of the first row of either list, from 0. */
  readonly from: number;
  /** At most 32 tasks, in the order of their numbers. */
  readonly tasks: readonly TaskDetails[];
  /** At most 32 input partitions, in the order of their tasks. */
  readonly partitions: readonly PartitionDetails[];
  /** How many records each task of the job has processed since the job's first start, in the order of their numbers. */
  readonly records_in: readonly number[];
}

/** A task of another worker, or of none. */
export interface Committed {
  readonly task: number;
  readonly head: Head;
  readonly clocks: readonly CommittedClock[];
}

/** A row that may be shown. */
interface Row<T> {
  readonly task: number;
  readonly lag: number;
  readonly make: () => T;
}

/** A task's row. */
interface TaskRow extends Row<TaskDetails> {
  readonly records: number;
}

/** All rows, in the order of the tasks. */
interface Rows {
  readonly tasks: TaskRow[];
  readonly partitions: Row<PartitionDetails>[];
}

/** What rows are made of, besides what is known of the tasks. */
interface RowParts extends Moment {
  readonly worker: string | undefined;
  /** The topics of the input. */
  readonly inputs: ReadonlySet<string>;
  /** The heads of the tasks that this worker does not own. */
  readonly heads: ReadonlyMap<number, Head | undefined>;
}

/** The clocks of heads, which are looked at again in each snapshot until they are read anew. */
const CLOCKS = new WeakMap<Head, readonly CommittedClock[]>();

/** The tasks that have a head, which this worker does not own. */
export function committedOf(heads: RowParts["heads"], inputs: ReadonlySet<string>): Committed[] {
  return [...heads].flatMap(([task, head]): Committed[] => {
    if (head === undefined) return [];
    let clocks = CLOCKS.get(head);
    if (clocks === undefined) CLOCKS.set(head, clocks = clocksOfHead(head, inputs));
    return [{ task, head, clocks }];
  });
}

/** The rows of all tasks and partitions. */
export function rowsOf(
  parts: RowParts,
  { live, committed }: { readonly live: readonly TaskFacts[]; readonly committed: readonly Committed[] },
): Rows {
  const byTask = new Map(committed.map((one) => [one.task, one]));
  const tasks: TaskRow[] = [], partitions: Row<PartitionDetails>[] = [];
  for (const { owned, clocks } of live) {
    const { number: task, runner: { queues, counters: { records_in: records = 0 } } } = owned;
    tasks.push({ task, records, lag: lagOf(queues) ?? 0, make: () => liveTask(owned, parts.worker, clocks) });
    for (const queue of queues) {
      if (queue.hop) continue;
      const lag = queue.latest - queue.position || 0;
      partitions.push({ task, lag, make: () => livePartition(owned, queue, { clocks, moment: parts }) });
    }
  }
  for (const [task, head] of parts.heads) {
    const clocks = byTask.get(task)?.clocks ?? [];
    const records = head?.counters.records_in ?? 0;
    tasks.push({ task, records, lag: 0, make: () => committedTask(task, head, clocks) });
  }
  for (const { task, head, clocks } of committed) {
    for (const place of committedPlaces(head, parts.inputs)) {
      partitions.push({ task, lag: 0, make: () => committedPartition(task, place, clocks) });
    }
  }
  const byNumber = (a: Row<unknown>, b: Row<unknown>): number => a.task - b.task;
  return { tasks: tasks.sort(byNumber), partitions: partitions.sort(byNumber) };
}

/** All rows, or those with the most lag where there are too many. */
export function mostBehind({ tasks, partitions }: Rows): Pick<JobDetails, "tasks" | "partitions" | "leftOut"> {
  const shown = { tasks: mostOf(tasks), partitions: mostOf(partitions) };
  return {
    ...shown,
    leftOut: { tasks: tasks.length - shown.tasks.length, partitions: partitions.length - shown.partitions.length },
  };
}

function mostOf<T>(rows: readonly Row<T>[]): readonly T[] {
  const sorted = rows.length > DETAILS_ROWS ? rows.toSorted((a, b) => b.lag - a.lag) : rows;
  return made(sorted.slice(0, DETAILS_ROWS));
}

/** The rows from one on, and how many records each task has processed. */
export function rowsFrom(from: number, at: number, { tasks, partitions }: Rows): JobRows {
  return {
    ...{ at, from },
    tasks: made(tasks.slice(from, from + DETAILS_ROWS)),
    partitions: made(partitions.slice(from, from + DETAILS_ROWS)),
    records_in: tasks.map(({ records }) => records),
  };
}

function made<T>(rows: readonly Row<T>[]): readonly T[] {
  return rows.map(({ make }) => make());
}
