/**
 * The part of a job's details that is in the memory of this worker.
 *
 * @module
 */
import { BEGIN_OF_TIME } from "../operators/_limits.ts";
import type { ClockHandle, Task } from "../operators/_task.ts";
import type { ClockFacts, WaitingFacts } from "../operators/_time_facts.ts";
import { mostOfDisorder } from "./details_disorder.ts";
import type { MarkDetails, PartitionDetails, TaskDetails } from "./details.ts";
import type { InputQueue } from "./input_queue.ts";
import type { Moment } from "./metrics.ts";
import type { OwnedTask } from "./owned_task.ts";

/** The clocks of a task that are a `watermark()`'s, one for each in the program, however often it is subscribed. */
export function clocksOf({ runner: { task } }: OwnedTask): ClockFacts[] {
  return clockHandlesOf(task).map((clock) => clock.explain!());
}

/** The same as handles, which tell how far they are at the moment of each question. */
export function clockHandlesOf({ clocks }: Pick<Task, "clocks">): ClockHandle[] {
  const handles: ClockHandle[] = [];
  const seen = new Set<object>();
  for (const clock of clocks.values()) {
    if (clock.explain === undefined || seen.has(clock.identity)) continue;
    seen.add(clock.identity);
    handles.push(clock);
  }
  return handles;
}

/** The stages of a task whose results wait for the watermark. */
export function waitingOf({ runner: { task } }: OwnedTask): readonly WaitingFacts[] {
  return task.upcoming;
}

/** A task that this worker owns. */
export function liveTask(owned: OwnedTask, worker: string | undefined, clocks: readonly ClockFacts[]): TaskDetails {
  const { number: task, runner, checkpoint, outbox, finished } = owned;
  return {
    ...{ task, source: "live", worker, finished },
    ...{ since: checkpoint.head.told?.since, at: checkpoint.head.told?.at },
    epoch: checkpoint.head.epoch,
    visible: outbox.reached.epoch,
    records_in: runner.counters.records_in ?? 0,
    lag: lagOf(runner.queues),
    watermark: lowestOf(clocks.map(({ watermark }) => watermark)),
  };
}

/** Records that wait in these queues; `undefined` until each of them has had a fetch. */
export function lagOf(queues: readonly InputQueue[]): number | undefined {
  let lag = 0;
  for (const { latest, position, hop } of queues) if (!hop) lag += Math.max(0, latest - position);
  return Number.isNaN(lag) ? undefined : lag;
}

/** The lowest watermark; `undefined` when there is none, or one of them is at the beginning of time. */
export function lowestOf(watermarks: readonly number[]): number | undefined {
  const lowest = Math.min(...watermarks);
  return watermarks.length === 0 || lowest === BEGIN_OF_TIME ? undefined : lowest;
}

/** The input partitions of a task. */
export function livePartitions(owned: OwnedTask, clocks: readonly ClockFacts[], moment: Moment): PartitionDetails[] {
  const { runner: { queues } } = owned;
  return queues.filter(({ hop }) => !hop).map((queue) => livePartition(owned, queue, { clocks, moment }));
}

/** One input partition of a task. */
export function livePartition(
  { number, runner: { task } }: OwnedTask,
  queue: InputQueue,
  { clocks, moment: { now, elapsed } }: { readonly clocks: readonly ClockFacts[]; readonly moment: Moment },
): PartitionDetails {
  const { topic, partition, position, paused } = queue;
  return {
    ...{ task: number, topic, partition, position, paused, end: known(queue.end) },
    endAge: known(Math.round(elapsed - queue.fetchedAt)),
    quietFor: known(Math.round(quietFor(task.idleSince[queue.slot], elapsed) ?? NaN)),
    lagTime: lagTimeOf(queue, now),
    lastTimestamp: known(queue.lastTimestamp),
    marks: clocks.flatMap((clock) => marksOf(clock, queue.slot)),
  };
}

/** How long the record at the head of a queue has waited since its own timestamp. */
export function lagTimeOf(queue: InputQueue, now: number): number | undefined {
  const { latest, position } = queue;
  if (!(latest > position)) return known(0 * latest);
  const { nextTimestamp } = queue;
  return known(nextTimestamp === -Infinity ? NaN : now - nextTimestamp);
}

/** For how long a queue has had nothing to read. */
export function quietFor(since: number | undefined, elapsed: number): number | undefined {
  return since === undefined ? undefined : known(elapsed - since);
}

function marksOf({ name, partitions }: ClockFacts, slot: number): MarkDetails[] {
  const active = partitions.filter(({ idle }) => !idle);
  const lowest = Math.min(...active.map(({ mark }) => mark));
  return partitions.filter((one) => one.slot === slot).map(({ mark, raisedBy, disorder, idle }) => ({
    watermark: name,
    mark: mark === BEGIN_OF_TIME ? undefined : mark,
    raisedBy: known(raisedBy),
    disorder: disorder === undefined ? undefined : mostOfDisorder(disorder),
    idle,
    holds: !idle && mark === lowest,
  }));
}

/** A number, or `undefined` for NaN. */
export function known(number: number): number | undefined {
  return Number.isNaN(number) ? undefined : number;
}
