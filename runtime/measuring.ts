/**
 * Takes the measurements of a worker from its meter and its tasks.
 *
 * @module
 */
import { BEGIN_OF_TIME, END_OF_TIME } from "../operators/_limits.ts";
import type { ClockFacts } from "../operators/_time_facts.ts";
import { clocksOf, known, livePartitions } from "./details_live.ts";
import type { Loop } from "./loop.ts";
import type { Measurements, PartitionMeasurement, StateMeasurement, WatermarkMeasurement } from "./measurements.ts";
import type { Meter, Moment } from "./metrics.ts";
import { policySinks, type Settings } from "./options.ts";
import type { OwnedTask } from "./owned_task.ts";
import type { Plan } from "./plan.ts";
import { rowsOf, StageRow } from "./stage_rows.ts";
import type { Troubles } from "./troubles.ts";

/** What measurements are taken from. */
export interface MeasuringParts {
  readonly settings: Settings;
  readonly plan: Plan;
  readonly meter: Meter;
  readonly troubles: Troubles;
  readonly worker: string | undefined;
  readonly owned: readonly OwnedTask[];
  readonly loop: Loop;
  readonly ended: Measurements["ended"];
}

/** Measures a worker. */
export function measure(parts: MeasuringParts): Measurements {
  const { settings, plan, meter, troubles, worker, owned, loop, ended } = parts;
  const { clock } = settings;
  const moment = { now: clock.now(), elapsed: clock.elapsed() };
  const { durations: { commit, publish, latency } } = meter;
  const { push, commit: committing, publish: publishing, input, other } = loop.time;
  const waits = troubles.open;
  const states = statesOf(owned);
  return {
    ...{ job: settings.name, worker, at: moment.now, ended, waits, states },
    counts: meter.counts.totals({
      source: plan.topics,
      sink: plan.topology.sinks.map(({ topic }) => topic),
      late: states.map(({ state }) => state),
      deadLetter: policySinks(settings).map(({ topic }) => topic),
      missing: plan.topics,
    }),
    epochs: meter.epochs,
    ...{ commit: commit.snapshot(), publish: publish.snapshot(), latency: latency.snapshot() },
    time: { push, commit: committing, publish: publishing, input, other },
    loopAge: loop.age,
    partitions: partitionsOf(owned, moment),
    watermarks: owned.flatMap((task) => watermarksOf(task, moment.now)),
    outbox: owned.reduce((sum, { outbox }) => outbox.waiting.reduce((bytes, epoch) => bytes + epoch.bytes, sum), 0),
    tasks: tasksOf(owned, ended === "failed" || waits.some(({ blocks }) => blocks)),
  };
}

/** The input partitions. Of one that several tasks read it tells what the task that is furthest behind has. */
function partitionsOf(owned: readonly OwnedTask[], moment: Moment): PartitionMeasurement[] {
  const byPlace = new Map<string, PartitionMeasurement>();
  for (const task of owned) {
    const latest = new Map(task.runner.queues.map((queue) => [`${queue.topic}/${queue.partition}`, queue]));
    for (const { topic, partition, lagTime } of livePartitions(task, [], moment)) {
      const place = `${topic}/${partition}`;
      const queue = latest.get(place)!;
      const lag = known(Math.max(0, queue.latest - queue.position));
      const before = byPlace.get(place);
      if (before !== undefined && (before.lag === undefined || (lag !== undefined && before.lag >= lag))) continue;
      byPlace.set(place, { topic, partition, lag, lagTime: lagTime === undefined ? undefined : Math.max(0, lagTime) });
    }
  }
  return [...byPlace.values()];
}

/** The watermarks of a task. One that two pipelines have under the same name tells the lower of them. */
function watermarksOf(task: OwnedTask, now: number): WatermarkMeasurement[] {
  const lowest = new Map<string, ClockFacts>();
  for (const facts of clocksOf(task)) {
    const before = lowest.get(facts.name);
    if (before === undefined || facts.watermark < before.watermark) lowest.set(facts.name, facts);
  }
  return [...lowest.values()].map(({ name, watermark, bound, partitions }) => {
    const isKnown = watermark > BEGIN_OF_TIME && watermark < END_OF_TIME;
    const marks = partitions.map(({ mark }) => mark).filter((mark) => mark > BEGIN_OF_TIME && mark < END_OF_TIME);
    return {
      ...{ watermark: name, task: task.number, bound },
      lag: isKnown ? now - watermark : undefined,
      spread: marks.length === 0 ? undefined : Math.max(...marks) - Math.min(...marks),
    };
  });
}

function statesOf(owned: readonly OwnedTask[]): StateMeasurement[] {
  return rowsOf(owned, (stage, operator) => new StageRow(stage, operator)).map(({ stage, keys, state_bytes }) => {
    return { state: stage, cells: keys, bytes: state_bytes };
  });
}

function tasksOf(owned: readonly OwnedTask[], wait: boolean): Measurements["tasks"] {
  const tasks = { owned: 0, waiting: 0, finished: 0 };
  for (const { finished, lost, runner } of owned) {
    if (lost) continue;
    const waits = wait || runner.parts.tablesFirst?.waitsFor !== undefined;
    tasks[finished ? "finished" : waits ? "waiting" : "owned"]++;
  }
  return tasks;
}
