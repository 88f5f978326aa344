/**
 * Puts the details of a job together, from the tasks of this worker and the heads of all others.
 *
 * @module
 */
import { BEGIN_OF_TIME } from "../operators/_limits.ts";
import type { ClockFacts } from "../operators/_time_facts.ts";
import { Spans } from "../operators/_spans.ts";
import type { Head } from "../state/mod.ts";
import type { JobDetails, WatermarkDetails, WorkerDetails } from "./details.ts";
import { lagOf, lagTimeOf } from "./details_live.ts";
import type { LiveFacts, QueueOfTask, TaskFacts } from "./details_facts.ts";
import { newestOf, shownRecords } from "./details_late.ts";
import { type BareDetails, type Busiest, type HoldsTime, holdsTime, sentencesOf } from "./details_sentences.ts";
import { type DeadSample, shownDead } from "./details_dead.ts";
import { disorderOf, hotKeysOf } from "./details_disorder.ts";
import type { LeftSamples } from "./details_shelf.ts";
import { type Committed, committedOf, mostBehind } from "./details_rows.ts";
import { DETAILS_EPOCHS } from "./limits.ts";
import type { Meter, Moment } from "./metrics.ts";
import type { OwnedTask } from "./owned_task.ts";
import { totalsOf } from "./summary.ts";
import type { WorkShares } from "./work_time.ts";

/** What a snapshot is made of. */
export interface WholeParts extends Moment {
  readonly job: string;
  readonly worker: string | undefined;
  readonly workers: readonly WorkerDetails[];
  /** What the job does, in a word, as the rest of the snapshot tells. */
  readonly state: (rest: Omit<BareDetails, "state">) => JobDetails["state"];
  readonly trouble: string | undefined;
  readonly waitsSince: number | undefined;
  readonly failure: string | undefined;
  /** The numbers of all tasks. */
  readonly tasks: readonly number[];
  /** The topics of the input. */
  readonly inputs: ReadonlySet<string>;
  /** The tasks of this worker. */
  readonly live: readonly OwnedTask[];
  /** The heads of the other tasks. */
  readonly heads: ReadonlyMap<number, Head | undefined>;
  /** The late values and dead letters of the other tasks. */
  readonly left: LeftSamples;
  readonly meter: Meter;
  /** What the worker's time goes to. */
  readonly time: WorkShares | undefined;
  readonly rate: number;
  /** What is known of the tasks of this worker. */
  readonly facts: LiveFacts;
  readonly entered: JobDetails["entered"];
  readonly lastEvent: number;
}

/** Makes the snapshot. */
export function wholeOf(parts: WholeParts): JobDetails {
  const { job, now, worker, trouble, waitsSince, failure, meter, heads, facts } = parts;
  const live = facts.of(parts.live);
  const committed = committedOf(heads, parts.inputs);
  const theirs = committed.map(({ head }) => head);
  const clocks = live.flatMap(({ clocks }) => clocks), bound = boundOf(clocks);
  const { queues } = facts;
  const rest = {
    ...{ job, at: now, worker, workers: parts.workers, trouble, waitsSince, failure, taskCount: parts.tasks.length },
    ...totalsOf({ counters: facts.counters, ...liveTotals(live) }, theirs),
    records_per_second: Math.round(parts.rate),
    lag: lagOf(queues.map(({ queue }) => queue)),
    lagTime: longestLagTime(queues, now),
    waiting: waitingEpochs(parts.live, theirs),
    ...recentOf(meter, parts.elapsed),
    time: parts.time,
    ...{ entered: parts.entered, lastEvent: parts.lastEvent },
    watermarks: watermarksOf(clocks, committed, { now, tasks: parts.tasks.length }),
    stages: facts.stages.map((row) => row.details(bound)),
    lateRecords: shownRecords(newestOf([parts.left.late, facts.late]), now),
    deadLetters: shownDead([...deadOf(live), ...parts.left.dead]),
    hotKeys: hotKeysOf(queues),
    ...mostBehind(parts, { live, queues, committed }),
  };
  const bare = { ...rest, state: parts.state(rest) };
  return { ...bare, sentences: sentencesOf(bare, busiestOf(live, committed)) };
}

/** The task with the most records. */
function busiestOf(live: readonly TaskFacts[], committed: readonly Committed[]): Busiest | undefined {
  let busiest: Busiest | undefined;
  const look = (task: number, records: number): void => {
    if (busiest === undefined || records > busiest.records) busiest = { task, records };
  };
  for (const { owned, records } of live) look(owned.number, records);
  for (const { task, head } of committed) look(task, head.counters.records_in ?? 0);
  return busiest;
}

/** What the tasks of this worker add to the totals, besides their counters. */
function liveTotals(live: readonly TaskFacts[]): { readonly late: number; readonly epochs: number } {
  let late = 0, epochs = 0;
  for (const { owned, uncutLate } of live) {
    late += uncutLate;
    epochs += owned.checkpoint.head.epoch;
  }
  return { late, epochs };
}

function longestLagTime(queues: readonly QueueOfTask[], now: number): number | undefined {
  let longest: number | undefined;
  for (const { queue } of queues) {
    const lagTime = lagTimeOf(queue, now);
    if (lagTime !== undefined && (longest === undefined || lagTime > longest)) longest = lagTime;
  }
  return longest;
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

function deadOf(live: readonly TaskFacts[]): DeadSample[] {
  const dead: DeadSample[] = [];
  for (const { owned, letters } of live) {
    for (const sample of letters?.samples ?? []) dead.push({ ...sample, task: owned.number });
  }
  return dead;
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
  /** How many tasks have a watermark, and the lowest of these. */
  begun: number;
  lowest: number;
  /** The lowest and the highest mark, of those that have begun. */
  low: number;
  high: number;
  readonly disorder: Spans;
  facts: ClockFacts | undefined;
  holder: HoldsTime | undefined;
}

const NO_MARKS = { begun: 0, lowest: Infinity, low: Infinity, high: -Infinity };

function trackWatermark(tracked: Tracked, watermark: number): void {
  if (!(watermark > BEGIN_OF_TIME)) return;
  tracked.begun++;
  if (watermark < tracked.lowest) tracked.lowest = watermark;
}

function trackMark(tracked: Tracked, mark: number): void {
  if (!(mark > BEGIN_OF_TIME)) return;
  if (mark < tracked.low) tracked.low = mark;
  if (mark > tracked.high) tracked.high = mark;
}

/** Whether a partition that is not idle is below the one that holds time back, and so takes its place. */
function holds({ holder }: Tracked, mark = BEGIN_OF_TIME): boolean {
  return holder === undefined || mark < (holder.mark ?? BEGIN_OF_TIME);
}

/** Every `watermark()`, over all tasks that have one. */
function watermarksOf(
  live: readonly ClockFacts[],
  committed: readonly Committed[],
  { now, tasks }: { readonly now: number; readonly tasks: number },
): WatermarkDetails[] {
  const byName = new Map<string, Tracked>();
  const trackedOf = (name: string): Tracked => {
    let tracked = byName.get(name);
    if (tracked === undefined) {
      tracked = { ...NO_MARKS, disorder: new Spans(), facts: undefined, holder: undefined };
      byName.set(name, tracked);
    }
    return tracked;
  };
  for (const facts of live) {
    const tracked = trackedOf(facts.name);
    tracked.facts = facts;
    trackWatermark(tracked, facts.watermark);
    for (const one of facts.partitions) {
      const { mark, disorder } = one;
      trackMark(tracked, mark);
      // What is not needed of most partitions is not read of them.
      if (holds(tracked, mark) && !one.idle) {
        const { topic, partition, raisedBy } = one;
        const known = {
          mark: mark === BEGIN_OF_TIME ? undefined : mark,
          raisedBy: isNaN(raisedBy) ? undefined : raisedBy,
        };
        tracked.holder = { topic, partition, ...known };
      }
      if (disorder !== undefined) tracked.disorder.include(disorder);
    }
  }
  for (const { name, watermark, marks } of committed.flatMap(({ clocks }) => clocks)) {
    const tracked = trackedOf(name);
    trackWatermark(tracked, watermark);
    for (const { topic, partition, mark, raisedBy, idle } of marks) {
      trackMark(tracked, mark ?? BEGIN_OF_TIME);
      if (!idle && holds(tracked, mark)) tracked.holder = { topic, partition, mark, raisedBy };
    }
  }
  return [...byName].map(([name, { begun, low, high, disorder, facts, holder, ...tracked }]) => {
    const lowest = begun === 0 ? undefined : tracked.lowest;
    return {
      ...{ name, tasks, watermark: lowest, without: tasks - begun },
      lag: lowest === undefined ? undefined : now - lowest,
      bound: facts?.bound,
      idleAfter: facts === undefined ? undefined : facts.idleAfter === Infinity ? "never" : facts.idleAfter,
      disorder: disorderOf(disorder, facts?.bound),
      sentence: holdsTime(name, holder, now),
      spread: high < low ? undefined : high - low,
    };
  });
}

/** The bound of the watermarks, where all of them have the same: which of several a stage waits for is not known here. */
function boundOf(clocks: readonly ClockFacts[]): number | undefined {
  const [first] = clocks;
  return clocks.every(({ bound }) => bound === first.bound) ? first?.bound : undefined;
}
