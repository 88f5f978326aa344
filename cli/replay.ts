/**
 * Sends dead letters again: through the page of a running worker, or in this process while the job is stopped.
 *
 * @module
 */
import { countOf } from "../runtime/details_words.ts";
import type { JobRecords, ReplayedOne, ReplayedReason, ReplayedStep } from "../runtime/records.ts";
import { stoppedRecords } from "../runtime/stopped_records.ts";
import type { StoredJob } from "../runtime/stored_job.ts";
import type { Context } from "./command.ts";
import { Failed, WrongUsage } from "./errors.ts";
import { findLetters, type Letter, letterTopics } from "./letters.ts";
import { lookAt } from "./look.ts";
import type { Page } from "./page.ts";
import { isAgreed } from "./question.ts";
import { holdingJob } from "./running.ts";
import type { Topics } from "./topics.ts";
import { type Position, positionOf } from "./values.ts";

/** Who sends dead letters again. */
type Sender = Pick<JobRecords, "replay" | "replayAll">;

/** `dead-letters JOB replay [POSITION]` */
export async function replay(
  context: Context,
  topics: Topics,
  { job, position }: { readonly job: StoredJob; readonly position: string | undefined },
): Promise<void> {
  const { flags, printer, place } = context;
  if (position === undefined && typeof flags.reason !== "string") {
    throw new WrongUsage("replay needs a position, TOPIC/PARTITION@OFFSET, or --reason for all that have it");
  }
  const one = position === undefined ? undefined : positionOf(position);
  const letters = one === undefined ? await wanted(context, topics, job) : [];
  const what = position ?? `${countOf(letters.length, "dead letter")} with this reason`;
  if (flags.dryRun === true || (one === undefined && letters.length === 0)) {
    return printer.document({ job: job.job, would: one === undefined ? letters.length : 1, replayed: 0 }, () => {
      return `would send ${what} again`;
    });
  }
  if (!isAgreed(context, `Send ${what} to where it came from again?`)) {
    printer.say("Nothing was changed.");
    throw new Failed();
  }
  const { page } = await lookAt(context, job.job);
  using _held = page === undefined ? await holdingJob(place, job.job, `Cannot replay for job ${job.job}`) : undefined;
  const sender = page === undefined ? await stoppedSender(context, topics, job) : throughPage(page);
  if (one !== undefined) return printOne(context, await sender.replay(one, { again: flags.again === true }));
  await replayAll(context, sender, letters);
}

/** The dead letters that have the reason, and were not sent again yet. */
async function wanted(context: Context, topics: Topics, job: StoredJob): Promise<readonly Letter[]> {
  const { topic, reason } = context.flags as { topic?: string; reason?: string };
  const letters = await findLetters(context, topics, job, { topic, reason });
  return letters.filter(({ told }) => told.replayed === undefined);
}

function printOne({ printer }: Context, done: ReplayedOne): void {
  printer.document({ replayed: 1, ...done }, () => done.sentence);
}

/** Sends all of each topic and reason, in steps. */
async function replayAll({ printer, world }: Context, sender: Sender, letters: readonly Letter[]): Promise<void> {
  const groups = new Map(
    letters.map(({ told: { topic, reason } }) => [JSON.stringify([topic, reason]), { topic, reason }]),
  );
  let replayed = 0, skipped = 0;
  let died: ReplayedStep["diedAgain"];
  for (const { topic, reason } of groups.values()) {
    let next: string | undefined;
    do {
      const step = await sender.replayAll({ topic, reason, next });
      replayed += step.replayed;
      skipped += step.skipped;
      died ??= step.diedAgain;
      next = step.next;
    } while (next !== undefined && !world.interrupted.aborted);
    if (died !== undefined || world.interrupted.aborted) break;
  }
  printer.document({ replayed, skipped, died_again: died }, () => `${countOf(replayed, "dead letter")} sent again`);
  if (died === undefined) return;
  printer.say(`One has died again, so nothing more was sent: ${died.reason}`);
  throw new Failed();
}

function throughPage(page: Page): Sender {
  return {
    replay: (place: Position, { again } = {}) =>
      page.post<ReplayedOne>("/api/replay", { ...place, ...again && { again } }),
    replayAll: (letters: ReplayedReason) => page.post<ReplayedStep>("/api/replay", letters),
  };
}

async function stoppedSender(context: Context, topics: Topics, job: StoredJob): Promise<Sender> {
  const { place, world: { clock } } = context;
  const { details } = await lookAt(context, job.job);
  const known = (await topics.list()).map(({ topic }) => topic);
  return stoppedRecords({
    ...{ job: job.job, store: await place.store(), clock, topics: known },
    connection: await topics.connection(job.job),
    targets: [...Object.keys(job.inputs), ...Object.keys(details.outputs)],
    letterTopics: await letterTopics(context, topics, job),
  });
}
