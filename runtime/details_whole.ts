/**
 * Puts the details of a job together, from the tasks of this worker and the heads of all others.
 *
 * @module
 */
import { BEGIN_OF_TIME } from "../operators/_limits.ts";
import type { ClockFacts, WaitingFacts } from "../operators/_time_facts.ts";
import type { Head } from "../state/mod.ts";
import type { JobDetails, JobState, PartitionDetails, TaskDetails, WatermarkDetails } from "./details.ts";
import { clocksOfHead, type CommittedClock, committedPartitions, committedTask } from "./details_committed.ts";
import { clocksOf, lagOf, livePartitions, liveTask, waitingOf } from "./details_live.ts";
import { type LateSample, newestLate, shownRecords, type StagesOfTask } from "./details_late.ts";
import { DETAILS_EPOCHS, DETAILS_ROWS } from "./limits.ts";
import type { Meter, Moment } from "./metrics.ts";
import type { OwnedTask } from "./owned_task.ts";
import { stageDetails } from "./details_stages.ts";
import { totalsOf } from "./summary.ts";
import type { WorkShares } from "./work_time.ts";

/** What a snapshot is made of. */
export interface WholeParts extends Moment {
  readonly job: string;
  readonly worker: string | undefined;
  readonly state: JobState;
  readonly trouble: string | undefined;
  readonly failure: string | undefined;
  /** The numbers of all tasks. */
  readonly tasks: readonly number[];
  /** The topics of the input. */
  readonly inputs: ReadonlySet<string>;
  /** The tasks of this worker. */
  readonly live: readonly OwnedTask[];
  /** The heads of the other tasks. */
  readonly heads: ReadonlyMap<number, Head | undefined>;
  /** The late values of the other tasks. */
  readonly late: readonly LateSample[];
  readonly meter: Meter;
  /** What the worker's time goes to. */
  readonly time: WorkShares | undefined;
  readonly rate: number;
  readonly entered: JobDetails["entered"];
  readonly lastEvent: number;
}

/** A live task with its clocks and waiting stages. */
interface Live extends StagesOfTask {
  readonly owned: OwnedTask;
  readonly clocks: readonly ClockFacts[];
  readonly waiting: readonly WaitingFacts[];
}

/** Makes the snapshot. */
export function wholeOf(parts: WholeParts): JobDetails {
  const { job, now, worker, state, trouble, failure, meter, inputs, heads } = parts;
  const live = parts.live.map((owned): Live => {
    return {
      task: owned.number,
      tallies: owned.runner.task.tallies,
      owned,
      clocks: clocksOf(owned),
      waiting: waitingOf(owned),
    };
  });
  const committed = [...heads].flatMap(([task, head]) => {
    return head === undefined ? [] : [{ task, head, clocks: clocksOfHead(head, inputs) }];
  });
  const byTask = new Map(committed.map((one) => [one.task, one]));
  const tasks = [
    ...live.map(({ owned, clocks }) => liveTask(owned, worker, clocks)),
    ...[...heads].map(([task, head]) => committedTask(task, head, byTask.get(task)?.clocks ?? [])),
  ].sort((a, b) => a.task - b.task);
  const partitions = [
    ...live.flatMap(({ owned, clocks }) => livePartitions(owned, clocks, parts)),
    ...committed.flatMap(({ task, head, clocks }) => committedPartitions(task, head, clocks, inputs)),
  ].sort((a, b) => a.task - b.task);
  const lagTimes = partitions.flatMap(({ lagTime }) => lagTime === undefined ? [] : [lagTime]);
  const shown = { tasks: mostOf(tasks, lagOfTask), partitions: mostOf(partitions, lagOfPartition) };
  return {
    ...{ job, at: now, worker, state, trouble, failure, taskCount: parts.tasks.length },
    ...totalsOf(parts.live, committed.map(({ head }) => head)),
    records_per_second: Math.round(parts.rate),
    lag: lagOf(parts.live.flatMap(({ runner }) => runner.queues)),
    lagTime: lagTimes.length === 0 ? undefined : Math.max(...lagTimes),
    waiting: waitingEpochs(parts.live, committed.map(({ head }) => head)),
    ...recentOf(meter, parts.elapsed),
    time: parts.time,
    ...{ entered: parts.entered, lastEvent: parts.lastEvent },
    watermarks: watermarksOf(live, committed, { now, tasks: parts.tasks.length }),
    stages: stageDetails(parts.live, boundOf(live)),
    lateRecords: shownRecords(newestLate(live, parts.late), now),
    ...shown,
    leftOut: {
      tasks: tasks.length - shown.tasks.length,
      partitions: partitions.length - shown.partitions.length,
    },
  };
}

function recentOf(
  { recent: { commit, publish, latency }, recentEpochs }: Meter,
  elapsed: number,
): Pick<JobDetails, "commit_ms" | "publish_ms" | "latency_ms" | "recentEpochs"> {
  return {
    commit_ms: commit.percentiles(elapsed),
    publish_ms: publish.percentiles(elapsed),
    latency_ms: latency.percentiles(elapsed),
    recentEpochs: recentEpochs.newest(DETAILS_EPOCHS),
  };
}

function lagOfTask({ lag = 0 }: TaskDetails): number {
  return lag;
}

function lagOfPartition({ end, position }: PartitionDetails): number {
  return end === undefined ? 0 : end - position;
}

/** All rows, or those with the most lag. */
function mostOf<T>(rows: readonly T[], lag: (row: T) => number): readonly T[] {
  return rows.length <= DETAILS_ROWS ? rows : rows.toSorted((a, b) => lag(b) - lag(a)).slice(0, DETAILS_ROWS);
}

/** Epochs that are committed and not visible. */
function waitingEpochs(live: readonly OwnedTask[], heads: readonly Head[]): JobDetails["waiting"] {
  let epochs = 0, bytes = 0;
  for (const { outbox } of live) {
    epochs += outbox.waiting.length;
    for (const epoch of outbox.waiting) bytes += epoch.bytes;
  }
  for (const { outbox } of heads) {
    epochs += outbox.length;
    for (const entry of outbox) bytes += entry.bytes;
  }
  return { epochs, bytes };
}

interface Tracked {
  readonly watermarks: number[];
  readonly marks: number[];
  facts: ClockFacts | undefined;
}

/** Every `watermark()`, over all tasks that have one. */
function watermarksOf(
  live: readonly Live[],
  committed: readonly { readonly clocks: readonly CommittedClock[] }[],
  { now, tasks }: { readonly now: number; readonly tasks: number },
): WatermarkDetails[] {
  const byName = new Map<string, Tracked>();
  const trackedOf = (name: string): Tracked => {
    const tracked = byName.get(name) ?? { watermarks: [], marks: [], facts: undefined };
    byName.set(name, tracked);
    return tracked;
  };
  for (const { clocks } of live) {
    for (const facts of clocks) {
      const tracked = trackedOf(facts.name);
      tracked.facts = facts;
      tracked.watermarks.push(facts.watermark);
      for (const { mark } of facts.partitions) tracked.marks.push(mark);
    }
  }
  for (const { name, watermark, marks } of committed.flatMap(({ clocks }) => clocks)) {
    const tracked = trackedOf(name);
    tracked.watermarks.push(watermark);
    for (const { mark } of marks) tracked.marks.push(mark ?? BEGIN_OF_TIME);
  }
  return [...byName].map(([name, { watermarks, marks, facts }]) => {
    const begun = watermarks.filter((watermark) => watermark > BEGIN_OF_TIME);
    const lowest = begun.length === 0 ? undefined : least(begun);
    const read = marks.filter((mark) => mark > BEGIN_OF_TIME);
    return {
      ...{ name, tasks, watermark: lowest, without: tasks - begun.length },
      lag: lowest === undefined ? undefined : now - lowest,
      bound: facts?.bound,
      idleAfter: facts === undefined ? undefined : facts.idleAfter === Infinity ? "never" : facts.idleAfter,
      spread: read.length === 0 ? undefined : -least(read.map((mark) => -mark)) - least(read),
    };
  });
}

function least(numbers: readonly number[]): number {
  return numbers.reduce((low, number) => number < low ? number : low, Infinity);
}

/** The bound of the watermarks, where all of them have the same: which of several a stage waits for is not known here. */
function boundOf(live: readonly Live[]): number | undefined {
  const bounds = new Set(live.flatMap(({ clocks }) => clocks.map(({ bound }) => bound)));
  return bounds.size === 1 ? [...bounds][0] : undefined;
}
