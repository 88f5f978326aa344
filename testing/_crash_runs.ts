/**
 * Runs one pipeline over one input, each time with new topics and a new store: without a crash, or with crashes at
 * epoch boundaries.
 *
 * @module
 */
import type { InputRecord } from "../connectors/connector.ts";
import { JOB_KV } from "../connectors/kv_table.ts";
import type { EpochCut } from "./_cuts.ts";
import { type JobOptions, Life, type Pipelines } from "./_life.ts";
import { recordsOf } from "./_tables.ts";
import { layOut } from "../runtime/task_layout.ts";
import { type Partitions, type PushedRecord, World } from "./_world.ts";

/**
 * When a process crashes. `before`: after all records of an epoch were processed but before its commit, so that they
 * are processed again. `after`: right after the commit.
 */
export type Moment = "before" | "after";

/** The boundaries at which a run crashes. Epochs count from 0, and the last one is the end of the input. */
export type Crashes = (epoch: number, moment: Moment) => boolean;

/** A run without any crash. */
export const calm: Crashes = (): boolean => false;

/** The pipeline, input and options of a crash test. */
export interface Subject {
  /** Returns the pipelines for a new process. */
  readonly pipelines: () => Pipelines;
  /** Each record with its topic. */
  readonly input: readonly (PushedRecord & { readonly topic?: string })[];
  readonly job: JobOptions;
  readonly partitions: Partitions;
  /** Whether the input ends, so that open windows fire. */
  readonly ends: boolean;
  /** The wall-clock time of the run, in milliseconds since 1970. */
  readonly start: number;
}

/** The outcome of a run. */
export interface Outcome {
  /** The records of the topics that the pipeline writes, and the rows of its tables at the end. */
  readonly results: ReadonlyMap<string, readonly InputRecord[]>;
  /** The error that stopped the job before its end, if any. */
  readonly failure: Error | undefined;
  /** How many processes have crashed. */
  readonly crashes: number;
  /** How many tasks there were. */
  readonly tasks: number;
}

/** Runs the subject once. Rejects as `run()` does when the pipeline is built wrongly. */
export async function runOnce(subject: Subject, { lengths }: EpochCut, crashes: Crashes): Promise<Outcome> {
  const world = new World(subject.partitions, () => subject.start);
  const begin = async () => {
    const life = await Life.begin(world, subject.pipelines(), subject.job, subject.start);
    life.moving = true;
    return life;
  };
  const first = await begin();
  const { sources, sinks } = first.job.topology;
  const read = [...new Set(sources.map(({ topic }) => topic))];
  const isTable = (connector: string) => connector === JOB_KV.id;
  const topics = new Set(sinks.filter(({ connector }) => !isTable(connector)).map(({ topic }) => topic));
  const tables = new Set(sinks.filter(({ connector }) => isTable(connector)).map(({ topic }) => topic));
  let life = first, died = 0, next = 0, failure: Error | undefined;
  const die = async () => {
    died++;
    life = await begin();
  };
  try {
    for (let epoch = 0; epoch < lengths.length + Number(subject.ends) && life.failure === undefined; epoch++) {
      if (epoch < lengths.length) appendAll(world, read, subject.input.slice(next, next += lengths[epoch]));
      else world.ended = true;
      if (crashes(epoch, "before")) {
        await life.process();
        if (life.failure === undefined) await die();
      }
      await life.commit();
      if (crashes(epoch, "after") && life.failure === undefined) await die();
    }
    await finish(life);
    failure = life.failure;
    if (life.running) await life.job.stop();
  } catch (error) {
    failure = error as Error;
  }
  const partitions = new Map(read.map((topic) => [topic, world.endsOf(topic).length]));
  const tasks = layOut(subject.job.tasks ?? "perPartition", partitions).tasks.length;
  const results = new Map([
    ...[...topics].map((topic) => [topic, world.records(topic)] as const),
    ...recordsOf(await world.entries(), tables),
  ]);
  return { results, failure, crashes: died, tasks };
}

/** Waits for the answers that an asynchronous stage waits for, and commits their results. */
async function finish(life: Life): Promise<void> {
  while (life.held > 0) {
    await life.released();
    await life.commit();
  }
}

/** Appends records to their topics. A record without a topic goes to the topic of the only source. */
function appendAll(world: World, read: readonly string[], records: Subject["input"]): void {
  for (const { topic = read[0], ...record } of records) world.append(topic, [record]);
}

/** Throws when the topic of a record is missing or is not read, before anything is run. */
export function checkInput(read: readonly string[], input: Subject["input"]): void {
  for (const [index, { topic }] of input.entries()) {
    if (topic === undefined ? read.length === 1 : read.includes(topic)) continue;
    throw new RangeError(
      `Cannot run the crash test: record ${index} of the input ${
        topic === undefined ? "names no topic" : `is for the topic "${topic}"`
      }, and the pipeline reads ${read.map((name) => JSON.stringify(name)).join(", ")}`,
    );
  }
}
