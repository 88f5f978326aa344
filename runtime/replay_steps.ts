/**
 * Sends the records of many dead letters again, step by step, and stops when one of them dies again.
 *
 * A step sends at most 100, waits a while until the job has processed them, and looks for dead letters that name one of
 * them. What it has to remember between steps is text that the caller keeps.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { InputRecord, OutputRecord } from "../connectors/connector.ts";
import { readHead, type Store } from "../state/mod.ts";
import type { JobTopics } from "./job_topics.ts";
import { letterOf } from "./letter_headers.ts";
import type { OwnedTask } from "./owned_task.ts";
import { type DeadLetterRecord, type ReplayedReason, type ReplayedStep, ReplayError } from "./records.ts";
import type { Mark } from "./replay_marks.ts";

/** The most that one step sends. */
const STEP = 100;
/** How long a step waits for the job to process what it has sent, and how often it looks, in milliseconds. */
const SETTLE_MS = { most: 5_000, every: 50 } as const;

/** What steps need. */
export interface ReplayStepsParts {
  readonly topics: JobTopics;
  /** What is to be sent of a letter. Throws a {@linkcode ReplayError} when nothing may be. */
  readonly prepare: (letter: InputRecord) => Promise<PreparedReplay>;
  /** Sends all of them. */
  readonly send: (prepared: readonly PreparedReplay[]) => Promise<unknown>;
  readonly store: Store;
  readonly job: string;
  readonly clock: Pick<Clock, "elapsed" | "sleep">;
  /** The topics that dead letters go to. */
  readonly letterTopics: readonly string[];
  /** The tasks that read a partition. */
  readonly tasksOf: (topic: string, partition: number) => readonly number[];
  /** The tasks of this worker. */
  readonly owned: () => readonly OwnedTask[];
}

/** What is remembered between two steps: offsets by partition. */
interface Cursor {
  /** Where to look for the next letter. */
  readonly from: number[];
  /** Where the topic ended at the first step. */
  readonly to: readonly number[];
  /** From where on to look for letters that have died again, by topic. */
  readonly watch: Readonly<Record<string, readonly number[]>>;
}

/** What one step has sent. */
interface Sent {
  readonly places: readonly Pick<OutputRecord, "topic" | "partition">[];
  readonly skipped: number;
  /** Whether there are no more letters. */
  readonly done: boolean;
}

/** A record that is to be sent again, and the mark of its letter. */
export interface PreparedReplay {
  readonly record: OutputRecord;
  readonly mark: Mark;
}

/** Sends step by step. */
export class ReplaySteps {
  constructor(readonly parts: ReplayStepsParts) {}

  /** One step, while no other replay runs. */
  async step({ topic, reason, next }: ReplayedReason): Promise<ReplayedStep> {
    const cursor = next === undefined ? await this.#begin(topic) : readCursor(next);
    const before = await this.#diedAgain(cursor, topic);
    if (before !== undefined) return stepOf(0, 0, undefined, before);
    const { places, skipped, done } = await this.#send(cursor, topic, reason);
    await this.#settle(places);
    const died = await this.#diedAgain(cursor, topic);
    return stepOf(places.length, skipped, died !== undefined || done ? undefined : JSON.stringify(cursor), died);
  }

  async #begin(topic: string): Promise<Cursor> {
    const { topics, letterTopics } = this.parts;
    const bounds = await topics.bounds(topic);
    const watch: Record<string, readonly number[]> = {};
    for (const watched of new Set([topic, ...letterTopics])) {
      watch[watched] = (await topics.bounds(watched)).map(({ latest }) => latest);
    }
    return { from: bounds.map(({ earliest }) => earliest), to: bounds.map(({ latest }) => latest), watch };
  }

  /** Sends up to 100, and moves the cursor behind what it has looked at. */
  async #send(cursor: Cursor, topic: string, reason: string): Promise<Sent> {
    const prepared: PreparedReplay[] = [];
    let skipped = 0;
    const done = await this.#look(cursor, topic, async (record) => {
      if (letterOf(record, undefined)?.reason !== reason) return true;
      try {
        prepared.push(await this.parts.prepare(record));
      } catch (error) {
        if (!(error instanceof ReplayError)) throw error;
        skipped++;
      }
      return prepared.length < STEP;
    });
    await this.parts.send(prepared);
    return { places: prepared.map(({ record }) => record), skipped, done };
  }

  /** Gives the records from the cursor on until told to stop. Whether there are no more. */
  async #look(
    { from, to }: Cursor,
    topic: string,
    goesOn: (record: InputRecord) => Promise<boolean>,
  ): Promise<boolean> {
    for (const [partition, end] of to.entries()) {
      for await (const record of this.parts.topics.between(topic, partition, { from: from[partition], to: end })) {
        from[partition] = record.offset + 1;
        if (!await goesOn(record)) return false;
      }
      from[partition] = end;
    }
    return true;
  }

  /** Waits until the job has processed what was sent and the results are visible, or the time is over. */
  async #settle(places: Sent["places"]): Promise<void> {
    const { topics, clock, tasksOf } = this.parts;
    const deadline = clock.elapsed() + SETTLE_MS.most;
    const waiting = new Map<string, () => Promise<boolean>>();
    for (const { topic, partition } of places) {
      const place = `${topic}/${partition}`;
      if (waiting.has(place)) continue;
      const { latest } = (await topics.bounds(topic))[partition];
      const tasks = tasksOf(topic, partition).map((task) => this.#settled(task, { topic, partition, latest }));
      waiting.set(place, async () => (await Promise.all(tasks.map((settled) => settled()))).every(Boolean));
    }
    while (waiting.size > 0 && clock.elapsed() < deadline) {
      for (const [place, isSettled] of waiting) if (await isSettled()) waiting.delete(place);
      if (waiting.size > 0) await clock.sleep(SETTLE_MS.every);
    }
  }

  /** Asks whether a task has processed a partition up to an offset, and the results of that are visible. */
  #settled(
    task: number,
    { topic, partition, latest }: { readonly topic: string; readonly partition: number; readonly latest: number },
  ): () => Promise<boolean> {
    const { store, job, owned } = this.parts;
    let epoch: number | undefined;
    return async () => {
      const own = owned().find(({ number }) => number === task);
      // The store has a commit before this worker knows of it, and so before its topics have the results.
      const head = own?.checkpoint.head ?? (await readHead(store, { job, task }))?.head;
      if (head === undefined || (head.offsets[topic]?.[partition] ?? -1) < latest) return false;
      const since = epoch ??= head.epoch;
      if (own !== undefined) return own.outbox.empty || own.outbox.reached.epoch >= since;
      return head.outbox.every((entry) => entry.epoch > since);
    };
  }

  /** A letter of this topic that was sent again since the first step, and has died again. */
  async #diedAgain({ watch }: Cursor, topic: string): Promise<DeadLetterRecord | undefined> {
    const { topics } = this.parts;
    for (const [watched, starts] of Object.entries(watch)) {
      for (const [partition, { latest: to }] of (await topics.bounds(watched)).entries()) {
        const from = starts[partition] ?? to;
        for await (const record of topics.between(watched, partition, { from, to })) {
          const letter = letterOf(record, undefined);
          if (letter?.replayOf?.startsWith(`${topic}/`)) return letter;
        }
      }
    }
    return undefined;
  }
}

function stepOf(
  replayed: number,
  skipped: number,
  next: string | undefined,
  diedAgain: DeadLetterRecord | undefined,
): ReplayedStep {
  const left = skipped === 0
    ? ""
    : `, and ${skipped} were left out, because they had been sent before or have no record`;
  const end = diedAgain !== undefined
    ? `. One of them has died again, so nothing more is sent: ${diedAgain.reason}`
    : next === undefined
    ? ". There are no more"
    : "";
  return { replayed, skipped, next, diedAgain, sentence: `${replayed} were sent again${left}${end}` };
}

/** @throws {RangeError} when the text is not one that a step has given */
function readCursor(text: string): Cursor {
  const offsets = (value: unknown): value is number[] =>
    Array.isArray(value) && value.every((offset) => Number.isSafeInteger(offset) && offset >= 0);
  try {
    const { from, to, watch } = JSON.parse(text) as Cursor;
    if (offsets(from) && offsets(to) && from.length === to.length && Object.values(watch).every(offsets)) {
      return { from, to, watch };
    }
  } catch {
    // Text that no step has given is refused below, whatever it is.
  }
  throw new RangeError("Cannot replay on: next is not what the last step has given");
}
