/**
 * The part of a job's details that is about dead letters: the newest of each task, as samples.
 *
 * @module
 */
import type { InputRecord, Refusal } from "../connectors/connector.ts";
import { positionOf } from "../connectors/rows.ts";
import type { DeadLetterSample } from "./details.ts";
import type { Events } from "./events.ts";
import { DEAD_LETTERS } from "./limits.ts";

/** A dead letter as its task remembers it. */
export interface DeadFacts extends Omit<DeadLetterSample, "task" | "sentence"> {}

/** A dead letter of a task. */
export interface DeadSample extends DeadFacts {
  readonly task: number;
}

/** What was refused, and where its copy goes. */
export interface WrittenLetter extends Refusal {
  /** `undefined` for a window's result, and for a timer. */
  readonly record: Pick<InputRecord, "topic" | "partition" | "offset"> | undefined;
  /** The topic of the copy. */
  readonly to: string;
}

/** The newest dead letters of one task. */
export class DeadLetters {
  /** The oldest first. */
  readonly samples: DeadFacts[] = [];
  #second = NaN;
  #inSecond = 0;

  /** @param told called with each dead letter that no epoch has had before */
  constructor(readonly told: (letter: WrittenLetter) => void = () => {}) {}

  /** A dead letter was written. One that is written again, because its epoch is processed again, is known. */
  add(letter: WrittenLetter, now: number): void {
    const { record, stage, reason, to } = letter;
    const { topic, partition, offset } = record ?? {};
    const known = record !== undefined &&
      this.samples.some((one) => one.offset === offset && one.partition === partition && one.topic === topic);
    if (known) return;
    this.told(letter);
    const second = Math.floor(now / 1000);
    if (second !== this.#second) [this.#second, this.#inSecond] = [second, 0];
    if (++this.#inSecond > DEAD_LETTERS.inSecond) return;
    if (this.samples.length === DEAD_LETTERS.most) this.samples.shift();
    this.samples.push({ topic, partition, offset, at: now, stage, reason: shortened(reason), to });
  }
}

/** The reason with its stage before it. */
function whole(stage: string, reason: string): string {
  return stage === "" || reason.startsWith(`${stage}: `) ? reason : `${stage}: ${reason}`;
}

function shortened(reason: string): string {
  const { reason: most } = DEAD_LETTERS;
  return reason.length <= most ? reason : `${reason.slice(0, most - 4)} ...`;
}

/** The newest dead letters of these tasks, the newest first. They are cut to a size that a snapshot can hold. */
export function shownDead(samples: readonly DeadSample[]): DeadLetterSample[] {
  const shown: DeadLetterSample[] = [];
  let left = DEAD_LETTERS.bytes;
  for (const sample of samples.toReversed().sort((a, b) => b.at - a.at)) {
    const letter = { ...sample, sentence: sentenceOf(sample) };
    left -= JSON.stringify(letter).length;
    if (left < 0 || shown.length === DEAD_LETTERS.most) break;
    shown.push(letter);
  }
  return shown;
}

/** `orders/0@17 went to "dead": keyedReduce "totals": it is too much` */
function sentenceOf({ topic, partition, offset, stage, reason, to }: DeadFacts): string {
  const what = topic === undefined ? "a result" : positionOf({ topic, partition: partition!, offset: offset! });
  return `${what} went to "${to}": ${whole(stage, reason)}`;
}

/** Tells of a dead letter, at most of one in ten seconds. */
export function tellLetter(events: Events, task: number, { record, stage, reason, to }: WrittenLetter): void {
  events.noteSeldom("dead letter", (letters) => {
    const { topic, partition, offset } = record ?? {};
    const others = letters > 1 ? `, the last of ${letters}` : "";
    const what = record === undefined ? `a result of task ${task}` : positionOf(record);
    return [
      { kind: "dead letter", letters, task, stage, topic, partition, offset },
      `${what}${others} went to "${to}": ${reason}`,
    ];
  });
}
