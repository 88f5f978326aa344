/**
 * Finds the dead letters of a job, and what became of them.
 *
 * @module
 */
import type { InputRecord } from "../connectors/connector.ts";
import { letterOf } from "../runtime/letter_headers.ts";
import type { DeadLetterRecord } from "../runtime/records.ts";
import { ReplayMarks } from "../runtime/replay_marks.ts";
import type { StoredJob } from "../runtime/stored_job.ts";
import type { Context } from "./command.ts";
import { lastRecords } from "./last.ts";
import { lookAt } from "./look.ts";
import type { Topics } from "./topics.ts";

/** A dead letter with its record. */
export interface Letter {
  readonly record: InputRecord;
  readonly told: DeadLetterRecord;
}

/** Which dead letters to find. */
export interface LettersWanted {
  /** Their topic. @default those that have some */
  readonly topic: string | undefined;
  /** Only those whose reason has this text. @default all */
  readonly reason: string | undefined;
  /** At most so many, the newest. @default all */
  readonly count?: number;
}

/** The dead letters of a job, by their own timestamps. */
export async function findLetters(
  context: Context,
  topics: Topics,
  job: StoredJob,
  { topic, reason, count }: LettersWanted,
): Promise<readonly Letter[]> {
  const signal = context.world.interrupted;
  const marks = new ReplayMarks(await context.place.store(), job.job);
  const letters: Letter[] = [];
  for (const name of topic === undefined ? await letterTopics(context, topics, job) : [topic]) {
    const bounds = await topics.bounds(name);
    const ends = new Map(bounds.map(({ latest }, partition) => [partition, latest]));
    const id = await topics.id(name);
    const replayed = await Promise.all(bounds.map((_bound, partition) => marks.all({ topic: name, id }, partition)));
    const look = (record: InputRecord): void => {
      const told = letterOf(record, replayed[record.partition].get(record.offset));
      if (told !== undefined && told.reason.includes(reason ?? "")) letters.push({ record, told });
    };
    if (reason === undefined && count !== undefined) {
      (await lastRecords(topics, name, { count, ends, signal })).forEach(look);
    } else {
      // Where only some are wanted, all have to be looked at.
      const starts = new Map(bounds.map(({ earliest }, partition) => [partition, earliest]));
      await topics.read(name, { starts, ends, signal }, look);
    }
  }
  letters.sort((one, other) => one.record.timestamp - other.record.timestamp);
  return count === undefined ? letters : letters.slice(-count);
}

/**
 * The topics that have dead letters: those that the job has told lately, and those that are neither input nor results and
 * whose last record says that it came from the input.
 */
export async function letterTopics(
  context: Context,
  topics: Topics,
  { job, inputs, hops }: StoredJob,
): Promise<readonly string[]> {
  const { details } = await lookAt(context, job);
  const others = new Set([...Object.keys(inputs), ...Object.keys(details.outputs), ...hops]);
  const told = new Set(details.deadLetters.map(({ to }) => to));
  const found: string[] = [];
  for (const { topic, records } of await topics.list()) {
    if (told.has(topic)) found.push(topic);
    if (told.has(topic) || others.has(topic) || records === 0) continue;
    const bounds = await topics.bounds(topic);
    const ends = new Map(bounds.map(({ latest }, partition) => [partition, latest]));
    const last = await lastRecords(topics, topic, { count: 1, ends, signal: context.world.interrupted });
    const isOurs = last.some((record) => {
      const { source } = letterOf(record, undefined) ?? {};
      return source !== undefined && Object.keys(inputs).some((input) => source.startsWith(`${input}/`));
    });
    if (isOurs) found.push(topic);
  }
  return found;
}
