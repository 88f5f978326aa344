/**
 * Runs of one pipeline over one input, each in a world of its own: without a crash, or with crashes at boundaries of epochs.
 *
 * @module
 */
import type { InputRecord } from "../connectors/connector.ts";
import type { EpochCut } from "./_cuts.ts";
import { type JobOptions, Life, type Pipelines } from "./_life.ts";
import { layOut } from "../runtime/task_layout.ts";
import { type Partitions, type PushedRecord, World } from "./_world.ts";

/**
 * When a process dies: `before` the commit of an epoch, all of whose records have been processed and will be again; or `after` it,
 * before anything else.
 */
export type Moment = "before" | "after";

/** Which boundaries a run crashes at; epochs count from 0, and the last one is the end of the input. */
export type Crashes = (epoch: number, moment: Moment) => boolean;

/** A run without any crash. */
export const calm: Crashes = (): boolean => false;

/** What is run. */
export interface Subject {
  /** Gives the pipelines of one more process. */
  readonly pipelines: () => Pipelines;
  /** Each record with its topic. */
  readonly input: readonly (PushedRecord & { readonly topic?: string })[];
  readonly job: JobOptions;
  readonly partitions: Partitions;
  /** Whether the input ends, so that open windows fire. */
  readonly ends: boolean;
  /** What the time is, in milliseconds since 1970. */
  readonly start: number;
}

/** What a run has come to. */
export interface Outcome {
  /** What lies in the topics that the pipeline writes. */
  readonly results: ReadonlyMap<string, readonly InputRecord[]>;
  /** What stopped the job before its end, where something did. */
  readonly failure: Error | undefined;
  /** How many processes have died. */
  readonly crashes: number;
  /** How many tasks there were. */
  readonly tasks: number;
}

/** Runs the subject once. Rejects as `run()` does where the pipeline is put together wrongly. */
export async function runOnce(subject: Subject, { lengths }: EpochCut, crashes: Crashes): Promise<Outcome> {
  const world = new World(subject.partitions, () => subject.start);
  const begin = () => Life.begin(world, subject.pipelines(), subject.job, subject.start);
  const first = await begin();
  const { sources, sinks } = first.job.topology;
  const read = [...new Set(sources.map(({ topic }) => topic))];
  const topics = new Set(sinks.map(({ topic }) => topic));
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
    failure = life.failure;
    if (life.running) await life.job.stop();
  } catch (error) {
    failure = error as Error;
  }
  const partitions = new Map(read.map((topic) => [topic, world.endsOf(topic).length]));
  const tasks = layOut(subject.job.tasks ?? "perPartition", partitions).tasks.length;
  const results = new Map([...topics].map((topic) => [topic, world.records(topic)]));
  return { results, failure, crashes: died, tasks };
}

/** Appends records to their topics; one that names none belongs to the only source. */
function appendAll(world: World, read: readonly string[], records: Subject["input"]): void {
  for (const { topic = read[0], ...record } of records) world.append(topic, [record]);
}

/** Throws where a record's topic is not clear, before anything is run. */
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
