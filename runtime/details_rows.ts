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
import type { QueueOfTask, TaskFacts } from "./details_facts.ts";
import { lagOf, livePartition, liveTask } from "./details_live.ts";
import { ShownRows } from "./details_shown.ts";
import { DETAILS_ROWS, DETAILS_ROWS_BYTES } from "./limits.ts";
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

/** What is known of the tasks. */
interface Known {
  readonly live: readonly TaskFacts[];
  readonly queues: readonly QueueOfTask[];
  readonly committed: readonly Committed[];
}

/** Takes rows. Only those that it wants are given to it. */
interface Taker<T> {
  takes(task: number, lag: number): boolean;
  add(task: number, lag: number, make: () => T): void;
}

/** All rows, in the order of the tasks. */
class AllRows<T> implements Taker<T> {
  readonly #rows: { readonly task: number; readonly make: () => T }[] = [];

  takes(): boolean {
    return true;
  }

  add(task: number, _lag: number, make: () => T): void {
    this.#rows.push({ task, make });
  }

  /** A page of them, from one on. */
  page(from: number): T[] {
    return this.#rows.sort((a, b) => a.task - b.task).slice(from, from + DETAILS_ROWS).map(({ make }) => make());
  }
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

/** Looks at the rows of all tasks and partitions. */
function lookAt(
  parts: RowParts,
  { live, queues, committed }: Known,
  { tasks, partitions }: { readonly tasks: Taker<TaskDetails>; readonly partitions: Taker<PartitionDetails> },
): void {
  const byTask = new Map(committed.map((one) => [one.task, one]));
  for (const { owned, clocks } of live) {
    const { number: task } = owned, lag = lagOf(owned.runner.queues) ?? 0;
    if (tasks.takes(task, lag)) tasks.add(task, lag, () => liveTask(owned, parts.worker, clocks));
  }
  for (const { facts: { owned, clocks }, queue } of queues) {
    const { number: task } = owned, lag = queue.latest - queue.position || 0;
    if (partitions.takes(task, lag)) {
      partitions.add(task, lag, () => livePartition(owned, queue, { clocks, moment: parts }));
    }
  }
  for (const [task, head] of parts.heads) {
    const clocks = byTask.get(task)?.clocks ?? [];
    if (tasks.takes(task, 0)) tasks.add(task, 0, () => committedTask(task, head, clocks));
  }
  for (const { task, head, clocks } of committed) {
    for (const place of committedPlaces(head, parts.inputs)) {
      if (partitions.takes(task, 0)) partitions.add(task, 0, () => committedPartition(task, place, clocks));
    }
  }
}

/** All rows, or those with the most lag where there are too many. */
export function mostBehind(parts: RowParts, known: Known): Pick<JobDetails, "tasks" | "partitions" | "leftOut"> {
  const tasks = new ShownRows<TaskDetails>(DETAILS_ROWS_BYTES.tasks);
  const partitions = new ShownRows<PartitionDetails>(DETAILS_ROWS_BYTES.partitions);
  lookAt(parts, known, { tasks, partitions });
  const shown = { tasks: tasks.make(), partitions: partitions.make() };
  return {
    ...shown,
    leftOut: { tasks: tasks.count - shown.tasks.length, partitions: partitions.count - shown.partitions.length },
  };
}

/** The rows from one on, and how many records each task has processed. */
export function rowsFrom(from: number, parts: RowParts, known: Known): JobRows {
  const tasks = new AllRows<TaskDetails>(), partitions = new AllRows<PartitionDetails>();
  lookAt(parts, known, { tasks, partitions });
  const records = [
    ...known.live.map(({ owned, records }) => ({ task: owned.number, records })),
    ...[...parts.heads].map(([task, head]) => ({ task, records: head?.counters.records_in ?? 0 })),
  ];
  return {
    ...{ at: parts.now, from, tasks: tasks.page(from), partitions: partitions.page(from) },
    records_in: records.sort((a, b) => a.task - b.task).map(({ records }) => records),
  };
}
