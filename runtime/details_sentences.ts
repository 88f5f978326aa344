/**
 * The answers of a snapshot as sentences: the page and the command line show these very words.
 *
 * @module
 */
import type { JobDetails } from "./details.ts";
import { countOf, shownCount, shownDuration, shownShare, shownSize, shownTime } from "./details_words.ts";
import type { JobSentences } from "./job_sentences.ts";
import { AGES_MS, HOT_TASK } from "./limits.ts";
import type { WorkShares } from "./work_time.ts";

/** The task with the most records since the first start of the job. */
export interface Busiest {
  readonly task: number;
  readonly records: number;
}

/** A snapshot without its sentences. */
export type BareDetails = Omit<JobDetails, "sentences">;

/** The sentences of a snapshot. */
export function sentencesOf(details: BareDetails, busiest: Busiest | undefined): JobSentences {
  return {
    pace: paceOf(details),
    limit: limitOf(details.time),
    skew: skewOf(details, busiest),
    state: stateOf(details),
    visible: visibleOf(details),
  };
}

function paceOf(details: BareDetails): string {
  const { state, failure, waiting, records_in, outputs } = details;
  if (failure !== undefined) return "It has stopped, because of an error.";
  switch (state) {
    case "stopped":
      return waiting.epochs === 0
        ? "Stopped. Everything is committed and visible; nothing waits."
        : `Stopped. ${countOf(waiting.epochs, "epoch")} will be published at the next start.`;
    case "finished": {
      const results = Object.values(outputs).reduce((sum, one) => sum + one, 0);
      return `Finished: ${countOf(records_in, "record")} in, ${countOf(results, "result")} out.`;
    }
    case "waiting":
      return details.waitsSince === undefined
        ? "It waits, and goes on by itself when it can."
        : `It has waited since ${
          shownTime(Math.trunc(details.waitsSince / 1000) * 1000, details.at)
        }, and goes on by itself when it can.`;
    case "catching up":
      return catchingUp(details);
    case "running":
      return keepingUp(details);
  }
}

function catchingUp({ lag = 0, lagTime, records_per_second }: BareDetails): string {
  const records = countOf(lag, "record");
  const behind = lagTime === undefined ? records : `${records}, or ${shownDuration(lagTime)},`;
  return `Catching up: ${behind} behind. It reads ${shownCount(records_per_second)} a second.`;
}

function keepingUp({ records_per_second, latency_ms, records_in, lag, partitions, tasks }: BareDetails): string {
  if (!tasks.some(({ source }) => source === "live")) {
    return "It runs elsewhere. How it keeps up is known to the workers that have its tasks.";
  }
  if (records_per_second > 0) {
    const visible = latency_ms.max > 0
      ? ` Half of the results are visible within ${shownDuration(latency_ms.p50)}.`
      : "";
    return `Keeping up with ${shownCount(records_per_second)} records a second.${visible}`;
  }
  if (lag === undefined) return "It has just begun to read.";
  if (records_in === 0) return "It waits for its first record.";
  const quiet = Math.min(...partitions.map(({ quietFor = Infinity }) => quietFor));
  return Number.isFinite(quiet)
    ? `All is read. There has been nothing new for ${shownDuration(quiet)}.`
    : "All is read, and nothing new comes.";
}

/** What an activity is when it limits the job. */
const LIMITS: Readonly<Record<Exclude<keyof WorkShares, "input">, string>> = {
  push: "its own code",
  commit: "the commit",
  publish: "publishing",
  other: "other work of the process",
};

function limitOf(time: WorkShares | undefined): string | undefined {
  if (time === undefined) return undefined;
  let most: keyof WorkShares = "input";
  for (const activity of ["push", "commit", "publish", "other"] as const) {
    if (time[activity] > time[most]) most = activity;
  }
  return most === "input"
    ? "Nothing limits it: it waits for input."
    : `It is limited by ${LIMITS[most]} (${shownShare(time[most] / 100)}).`;
}

function skewOf({ taskCount, records_in }: BareDetails, busiest: Busiest | undefined): string | undefined {
  if (busiest === undefined || taskCount === 1 || records_in === 0) return undefined;
  const { task, records } = busiest;
  const share = records / records_in, fair = 1 / taskCount;
  const has = `${shownShare(share)} of all records; a fair share is ${shownShare(fair)}.`;
  return share > HOT_TASK * fair
    ? `Task ${task} is hot: it has had ${has}`
    : `No task is hot: the busiest, task ${task}, has had ${has}`;
}

function stateOf({ stages }: BareDetails): string | undefined {
  if (stages.length === 0) return undefined;
  let values = 0, bytes = 0;
  for (const { keys, state_bytes } of stages) [values, bytes] = [values + keys, bytes + state_bytes];
  return `The stages keep ${countOf(values, "value")} of about ${shownSize(bytes)} in the tasks of this worker.`;
}

function visibleOf({ waiting: { epochs, bytes }, state, failure }: BareDetails): string {
  const visible = epochs === 0
    ? "Everything that is committed is visible."
    : `${countOf(epochs, "epoch")} (${shownSize(bytes)}) ${epochs === 1 ? "is" : "are"} committed and not visible yet.`;
  if (failure !== undefined || state === "stopped" || state === "finished") return visible;
  return `${visible} Stopping loses nothing: what is not read yet is read at the next start.`;
}

/** The partition that holds a watermark back in the whole job. */
export interface HoldsTime {
  readonly topic: string;
  readonly partition: number;
  /** `undefined` before its first event. */
  readonly mark: number | undefined;
  readonly raisedBy: number | undefined;
}

/** What holds a watermark where it is, in a sentence. */
export function holdsTime(name: string, holder: HoldsTime | undefined, now: number): string {
  if (holder === undefined) return `${name}: no partition holds event time back`;
  const { topic, partition, mark, raisedBy } = holder;
  const place = `${topic}/${partition}`;
  if (mark === undefined) return `${name}: ${place} holds event time back, because it has had no event yet`;
  const brought = raisedBy === undefined ? "" : `, to which its record at offset ${raisedBy} has brought it`;
  return `${name}: ${place} holds event time at ${shownTime(mark, now)}${brought}`;
}

/** Which bound would have kept the late values of a stage, in a sentence. */
export function keptByWords(stage: string, { most, all }: { readonly most: number; readonly all: number }): string {
  if (all > AGES_MS) {
    const kept = most > AGES_MS ? "" : `a bound of ${shownDuration(most)} would have kept 99.9 % of all records; `;
    return `${stage}: ${kept}one was late by ${
      shownDuration(all)
    }, so its time is most likely in seconds: event times are ` +
      `milliseconds since 1970`;
  }
  return `${stage}: a bound of ${shownDuration(most)} would have kept 99.9 % of all records, and one of ${
    shownDuration(all)
  } all of them`;
}

/** How often a key comes, in a sentence. */
export function hotKeyWords(
  { key, topic, partition, share }: {
    readonly key: string;
    readonly topic: string;
    readonly partition: number;
    readonly share: number;
  },
): string {
  return `${topic}/${partition}: at least ${shownShare(share)} of its records have the key ${key}`;
}
