/**
 * Why a result has not come: the decision, as a pure function over what is known of a task.
 *
 * @module
 */
import { BEFORE_1973, BEGIN_OF_TIME } from "../operators/_limits.ts";
import type { ClockFacts, Holder, PartitionFacts, WaitingFacts } from "../operators/_time_facts.ts";
import type { Explanation, HolderDetails, Reason } from "./details.ts";
import { countOf, shownCount, shownDuration, shownTime, shownWindow } from "./details_words.ts";

/** What is known of the partition that holds a result back. */
export interface QueueFacts {
  readonly position: number;
  /** Where the partition ends as of the last fetch; NaN before the first. */
  readonly end: number;
  /** For how long there has been nothing to read; `undefined` when this is not known, or there is something. */
  readonly quietFor: number | undefined;
  /** Records that its task processes per second. */
  readonly rate: number;
}

/** A result that waits. */
export interface WaitingResult {
  readonly now: number;
  readonly task: number;
  readonly facts: WaitingFacts;
  /** What holds the watermark where it is. */
  readonly holder: Holder | undefined;
  /** Where the holder is a partition of a task that sends into a hop: that task. */
  readonly sender: SenderFacts | undefined;
  /** In how many tasks the result has come, and how many there are. */
  readonly fired: number;
  readonly tasks: number;
  readonly queue: QueueFacts | undefined;
  /** What reading waits for: `publishing`, `the commit`, or a stage. */
  readonly held: string | undefined;
}

/** A task that sends into a hop. */
export interface SenderFacts {
  readonly task: number;
  readonly hop: string;
}

/** The part of an explanation that depends on the reason. */
interface Because extends Pick<Explanation, "reason" | "cure" | "moment"> {
  /** The end of the sentence. */
  readonly why: string;
}

const IDLE_CURE =
  "Give watermark() an idleAfter, such as idleAfter: minutes(1), so that a quiet partition stops holding time back";
const EARLY_CURE = "Event times are milliseconds since 1970: where the data counts in seconds, give " +
  "eventTime((value) => value.at * 1000), and start the job with reset to process its input anew";
const NOTHING_TO_DO = undefined;

/** Explains a result that waits. */
export function explainWaiting(result: WaitingResult): Explanation {
  const { facts, holder, sender, task, now } = result;
  const { name, operator, window, next } = facts;
  const because = becauseOf(result, holder);
  const side = holder?.side === true && "clock" in holder;
  const why = side
    ? `its input ${topicsOf(holder.clock)} is behind the others: ${because.why}`
    : sender === undefined
    ? because.why
    : `task ${sender.task}, whose values go through ${sender.hop}, holds time: ${because.why}`;
  const stage = name ?? operator;
  return {
    ...{ stage, operator, task, window, waiting: facts.waiting },
    ...{ reason: side ? "other side" : because.reason, sideReason: side ? because.reason : undefined },
    watermark: facts.watermark === BEGIN_OF_TIME ? undefined : facts.watermark,
    needs: holder !== undefined && "clock" in holder ? neededBy(next, holder.clock) : undefined,
    holder: holder?.kind === "partition" ? holderOf(holder) : undefined,
    ...{ moment: because.moment, cure: because.cure },
    sentence: `${stage}: ${subjectOf(result, now)}: ${why}`,
  };
}

/** `window [12:01:00, 12:02:00) has fired in 7 of 8 tasks; task 2 waits` */
function subjectOf({ facts: { window, next }, fired, tasks, task }: WaitingResult, now: number): string {
  const what = window === undefined ? `the timer at ${shownTime(next, now)}` : `window ${shownWindow(window, now)}`;
  if (tasks === 1) return `${what} waits`;
  return fired > 0
    ? `${what} has fired in ${fired} of ${tasks} tasks; task ${task} waits`
    : `${what} of task ${task} waits`;
}

function becauseOf(result: WaitingResult, holder: Holder | undefined): Because {
  const { now } = result;
  switch (holder?.kind) {
    case "partition":
      return becauseOfPartition(result, holder);
    case "idle":
      return becauseOfIdle(result, holder.clock);
    case "stage":
      return {
        reason: "held back",
        why: `${holder.stage} has values in flight, and holds time at ${
          shownTime(holder.mark, now)
        } until they are through`,
        cure: "Let the calls answer sooner, or give them a timeout",
        moment: undefined,
      };
    case "sender": {
      const at = holder.mark === BEGIN_OF_TIME ? "has sent no watermark yet" : `is at ${shownTime(holder.mark, now)}`;
      return {
        reason: "elsewhere",
        why: `task ${holder.task}, which sends into ${holder.hop}, ${at}`,
        cure: `Look at what holds the watermark of task ${holder.task}`,
        moment: undefined,
      };
    }
    default:
      return { reason: "nothing read yet", why: "no partition is read", cure: NOTHING_TO_DO, moment: undefined };
  }
}

function becauseOfPartition(
  result: WaitingResult,
  { clock, partition: held }: Extract<Holder, { kind: "partition" }>,
): Because {
  const { now, queue, facts: { next } } = result;
  const place = `${held.topic}/${held.partition}`;
  const unread = held.mark === BEGIN_OF_TIME;
  const behind = queue === undefined || Number.isNaN(queue.end) ? 0 : Math.max(0, queue.end - queue.position);
  if (behind > 0) return becauseBehind(result, place, behind);
  if (unread) return becauseUnread(result, clock, place);
  const due = neededBy(next, clock);
  const last = lastEvent(held, clock, now);
  if (held.mark < BEFORE_1973 && now >= BEFORE_1973) {
    return {
      reason: "early time",
      why: `${place}: ${last}; an event time before 1973 is most likely one in seconds`,
      cure: EARLY_CURE,
      moment: undefined,
    };
  }
  if (due !== undefined && now < due) {
    return {
      reason: "not its time",
      why: `not due: the bound is ${shownDuration(clock.bound!)}, so it fires at about ${shownTime(due, now)}`,
      cure: "A smaller maxOutOfOrderness fires sooner, and makes more records late",
      moment: due,
    };
  }
  const quiet = queue?.quietFor === undefined ? "" : `, quiet for ${shownDuration(queue.quietFor)}`;
  if (clock.idleAfter < Infinity) return becauseSoonIdle(result, clock, `${place}: ${last}${quiet}`);
  const with_ = due === undefined
    ? `a watermark at or after ${shownTime(next, now)}`
    : `an event at or after ${shownTime(due, now)}`;
  return {
    reason: "quiet",
    why: `${place}: ${last}${quiet}; no idleAfter is set, so it fires with ${with_}`,
    cure: IDLE_CURE,
    moment: undefined,
  };
}

/** Records wait, and are read, or are not. */
function becauseBehind({ now, held, queue }: WaitingResult, place: string, behind: number): Because {
  const wait = `${countOf(behind, "record")} of ${place} ${behind === 1 ? "waits" : "wait"}`;
  if (held !== undefined) {
    return {
      reason: "held back",
      why: `${wait}: reading waits for ${held}`,
      cure: "Look at how long commits, publishing and calls take",
      moment: undefined,
    };
  }
  const { rate } = queue!;
  if (rate <= 0) return { reason: "behind", why: wait, cure: NOTHING_TO_DO, moment: undefined };
  const left = behind / rate * 1000;
  return {
    reason: "behind",
    why: `${wait}; at ${shownCount(Math.max(1, rate))}/s it gets there in ${shownDuration(left)}`,
    cure: "Wait, or start more workers where the job has several tasks",
    moment: now + left,
  };
}

/** A partition has had no record. */
function becauseUnread(result: WaitingResult, clock: ClockFacts, place: string): Because {
  const { queue } = result;
  const none = queue === undefined || Number.isNaN(queue.end)
    ? "has not been read yet"
    : queue.end === 0
    ? "has no record at all"
    : "has had no record since the job began to read it";
  if (clock.idleAfter < Infinity) return becauseSoonIdle(result, clock, `${place} ${none}`);
  return {
    reason: "nothing read yet",
    why: `${place} ${none}; no idleAfter is set, so it holds time for ever`,
    cure: `${IDLE_CURE}; or give the topic fewer partitions`,
    moment: undefined,
  };
}

/** A quiet partition leaves the minimum when `idleAfter` is over. */
function becauseSoonIdle({ now, queue }: WaitingResult, { idleAfter }: ClockFacts, what: string): Because {
  const left = queue?.quietFor === undefined ? undefined : Math.max(0, idleAfter - queue.quietFor);
  const leaves = left === undefined
    ? `leaves the minimum after ${shownDuration(idleAfter)} without a record`
    : `leaves the minimum in ${shownDuration(left)}`;
  return {
    reason: "soon idle",
    why: `${what}; ${leaves}`,
    cure: "Wait; a smaller idleAfter fires sooner",
    moment: left === undefined ? undefined : now + left,
  };
}

/** Every partition is idle. */
function becauseOfIdle({ now, facts: { next, watermark } }: WaitingResult, { advances }: ClockFacts): Because {
  if (!advances) {
    return {
      reason: "quiet",
      why: `every partition is idle, and whenIdle: "hold" keeps time at ${shownTime(watermark, now)}`,
      cure: 'With whenIdle: "advance" time goes on with the wall clock while every partition is idle',
      moment: undefined,
    };
  }
  const moment = watermark === BEGIN_OF_TIME ? undefined : now + next - watermark;
  const when = moment === undefined ? "with the first record" : `at about ${shownTime(moment, now)}`;
  return {
    reason: "soon idle",
    why: `every partition is idle, so time goes on with the wall clock; it fires ${when}`,
    cure: NOTHING_TO_DO,
    moment,
  };
}

/** The event time that lets a result come; `undefined` where watermarks are read from the data. */
function neededBy(next: number, { bound }: ClockFacts): number | undefined {
  return bound === undefined ? undefined : next + bound + 1;
}

/** `last event 12:06:37 (offset 4812)` */
function lastEvent(held: PartitionFacts, clock: ClockFacts, now: number): string {
  const { lastEvent, raisedBy } = holderOf({ clock, partition: held });
  const at = lastEvent === undefined
    ? `last watermark ${shownTime(held.mark, now)}`
    : `last event ${shownTime(lastEvent, now)}`;
  return raisedBy === undefined ? at : `${at} (offset ${raisedBy})`;
}

function holderOf(
  { clock: { bound }, partition }: { readonly clock: ClockFacts; readonly partition: PartitionFacts },
): HolderDetails {
  const { topic, mark, raisedBy } = partition;
  const known = mark !== BEGIN_OF_TIME && bound !== undefined;
  return {
    topic,
    partition: partition.partition,
    lastEvent: known ? mark + bound + 1 : undefined,
    raisedBy: Number.isNaN(raisedBy) ? undefined : raisedBy,
  };
}

function topicsOf({ partitions }: ClockFacts): string {
  return [...new Set(partitions.map(({ topic }) => topic))].join(" and ");
}

/** Reasons from the most to the least urgent. */
export const URGENCY: readonly Reason[] = [
  ...[
    "stopped",
    "too far ahead",
    "early time",
    "elsewhere",
    "held back",
    "nothing read yet",
    "other side",
    "quiet",
  ] as const,
  ...["behind", "soon idle", "not its time"] as const,
];
