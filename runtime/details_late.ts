/**
 * The part of a job's details that is about values that came too late.
 *
 * @module
 */
import type { LateFacts } from "../operators/_late_facts.ts";
import { BEFORE_1973 } from "../operators/_limits.ts";
import type { Tally } from "../operators/_tally.ts";
import type { ClockFacts, WaitingFacts } from "../operators/_time_facts.ts";
import { positionOf } from "../connectors/rows.ts";
import type { ClosedBy, Explanation, LateRecord } from "./details.ts";
import { countOf, shownDuration, shownTime, shownWindow } from "./details_words.ts";
import { LATE_RECORDS, TOO_FAR } from "./limits.ts";

/** What a stage of one task has. */
export interface StageOfTask {
  readonly task: number;
  readonly facts: WaitingFacts;
}

/** Late values are shown again in each snapshot, and do not change. */
const SHOWN = new WeakMap<LateFacts, LateRecord>();

/** The stages of one task. */
export interface StagesOfTask {
  readonly task: number;
  readonly tallies: Iterable<Pick<Tally, "name" | "operator" | "lates">>;
}

/** A late value, with its stage and task. */
export interface LateSample {
  readonly task: number;
  readonly stage: string;
  readonly late: LateFacts;
}

/** The newest late values of a task. */
export function newestLate({ task, tallies }: StagesOfTask): LateSample[] {
  const all: LateSample[] = [];
  for (const { lates, name, operator } of tallies) {
    if (lates === undefined) continue;
    for (const late of lates.samples) all.push({ task, stage: name ?? operator, late });
  }
  return all.sort((a, b) => b.late.timestamp - a.late.timestamp).slice(0, LATE_RECORDS);
}

/** The newest of the late values in these lists, in each of which the newest comes first. */
export function newestOf(lists: Iterable<readonly LateSample[]>): LateSample[] {
  const newest: LateSample[] = [];
  for (const list of lists) {
    for (const sample of list) {
      const { timestamp } = sample.late;
      if (newest.length === LATE_RECORDS && timestamp <= newest.at(-1)!.late.timestamp) break;
      const at = newest.findIndex(({ late }) => late.timestamp < timestamp);
      newest.splice(at < 0 ? newest.length : at, 0, sample);
      if (newest.length > LATE_RECORDS) newest.pop();
    }
  }
  return newest;
}

/** Late values as they are shown. */
export function shownRecords(samples: readonly LateSample[], now: number): LateRecord[] {
  return samples.map(({ task, stage, late }) => {
    const known = SHOWN.get(late);
    if (known !== undefined) return known;
    const { timestamp: _timestamp, closedBy: _closer, ...rest } = late;
    const record = { stage, task, ...rest, closedBy: closerOf(late), sentence: shownLate(late, now) };
    SHOWN.set(late, record);
    return record;
  });
}

function closerOf({ closedBy, timestamp }: LateFacts): ClosedBy | undefined {
  if (closedBy === undefined) return undefined;
  const { timestamp: at, ...rest } = closedBy;
  return { ...rest, before: Math.max(0, timestamp - at) };
}

/** `orders/0@17 (12:01:10) was late by 2 min 20 s for [12:01:00, 12:02:00): orders/0@11 (12:09:31) had closed it 340 ms before` */
function shownLate(late: LateFacts, now: number): string {
  const { eventTime, lateness, window } = late;
  const closer = closerOf(late);
  const whose = window === undefined ? "" : ` for ${shownWindow(window, now)}`;
  const by = closer === undefined
    ? ""
    : `: ${positionOf(closer)} (${shownTime(closer.eventTime, now)}) had closed it ${
      shownDuration(closer.before)
    } before`;
  const unit = eventTime < BEFORE_1973 && now >= BEFORE_1973 ? "; its time is most likely in seconds" : "";
  // A value is late from the very watermark on, so the least lateness is 0 ms.
  return `${positionOf(late)} (${shownTime(eventTime, now)}) was late by ${
    shownDuration(lateness)
  }${whose}${by}${unit}`;
}

/** A partition that is further ahead than any other, and than the wall clock, while values are late. */
export interface FarAhead {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number | undefined;
  readonly eventTime: number;
  /** By how much. */
  readonly by: number;
}

/**
 * The partition of a clock whose last event is too far ahead: more than ten times the bound beyond the lowest mark of the
 * job, or beyond now.
 *
 * @param lowest the lowest mark of this watermark() in the job
 */
export function farAhead({ partitions, bound }: ClockFacts, lowest: number, now: number): FarAhead | undefined {
  if (bound === undefined || partitions.length === 0) return undefined;
  const { topic, partition, mark, raisedBy } = partitions.reduce((high, one) => one.mark > high.mark ? one : high);
  const eventTime = mark + bound + 1;
  const by = Math.max(mark - lowest, eventTime - now);
  if (!(by > TOO_FAR.bounds * Math.max(bound, TOO_FAR.least))) return undefined;
  return { topic, partition, offset: Number.isNaN(raisedBy) ? undefined : raisedBy, eventTime, by };
}

/** Explains a stage whose values are late because one record has moved time too far. */
export function explainTooFar({ task, facts }: StageOfTask, far: FarAhead, now: number): Explanation {
  const { topic, partition, offset, eventTime, by } = far;
  const place = offset === undefined ? `${topic}/${partition}` : positionOf({ topic, partition, offset });
  const stage = facts.name ?? facts.operator;
  const many = facts.late === 1 ? "1 value is" : `${countOf(facts.late, "value")} are`;
  return {
    ...{ stage, operator: facts.operator, task, reason: "too far ahead", sideReason: undefined },
    ...{ window: facts.window, waiting: facts.waiting, watermark: facts.watermark, needs: undefined },
    holder: { topic, partition, lastEvent: eventTime, raisedBy: offset },
    moment: eventTime > now ? eventTime : undefined,
    cure:
      "Let the source's schema refuse such times, and give onBadRecord a deadLetter(sink); start the job with reset to " +
      "process its input anew",
    sentence:
      `${stage}: ${place} said ${shownTime(eventTime, now)} and moved time on by ${shownDuration(by)}; since then ` +
      `${many} late`,
  };
}
