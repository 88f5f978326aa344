/**
 * Reads the records of a running job's topics, and sends its dead letters again.
 *
 * @module
 */
import { type Connection, type InputRecord, type OutputRecord, RefusedError } from "../connectors/connector.ts";
import { positionOf } from "../connectors/rows.ts";
import { letterOf, ownHeaders, placeOf, replayHeaders } from "./letter_headers.ts";
import {
  type DeadLetterRecord,
  type DeadLetters,
  type JobRecords,
  type RecordPlace,
  type Replayed,
  type ReplayedOne,
  type ReplayedReason,
  type ReplayedStep,
  ReplayError,
  type StoredRecord,
} from "./records.ts";
import { type PreparedReplay, ReplaySteps, type ReplayStepsParts } from "./replay_steps.ts";
import type { Mark, ReplayMarks } from "./replay_marks.ts";

/** How many of the newest records of a topic are looked at for dead letters. */
const MOST_RECORDS = 10_000;

/** What the records of a job are taken from. */
export interface RecordsParts extends Omit<ReplayStepsParts, "prepare" | "send"> {
  readonly marks: ReplayMarks;
  readonly now: () => number;
  /** Who appends: no other process does it under this name. */
  readonly owner: string;
  /** The topics that dead letters may be sent to again. */
  readonly targets: ReadonlySet<string>;
}

/** The records of a running job. */
export class RunningRecords implements JobRecords {
  readonly #steps: ReplaySteps;
  /** One replay after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(readonly parts: RecordsParts) {
    this.#steps = new ReplaySteps({
      ...parts,
      prepare: (letter) => this.#prepare(letter, false),
      send: (prepared) => this.#send(prepared),
    });
  }

  get letterTopics(): readonly string[] {
    return this.parts.letterTopics;
  }

  async read({ topic, partition, offset }: RecordPlace): Promise<StoredRecord | undefined> {
    const record = await this.parts.topics.at(topic, partition, offset);
    if (record === undefined) return undefined;
    const { timestamp, key, value, headers = [] } = record;
    return { topic, partition, offset, timestamp, key, value, headers };
  }

  async letters(topic: string, most: number = MOST_RECORDS): Promise<DeadLetters> {
    const { topics, marks } = this.parts;
    const { id } = await topics.info(topic);
    const bounds = await topics.bounds(topic);
    const share = Math.ceil(most / bounds.length);
    const letters: DeadLetterRecord[] = [];
    let scanned = 0;
    for (const [partition, { earliest, latest: to }] of bounds.entries()) {
      const replayed = await marks.all({ topic, id }, partition);
      for await (const record of topics.between(topic, partition, { from: Math.max(earliest, to - share), to })) {
        scanned++;
        const letter = letterOf(record, replayed.get(record.offset));
        if (letter !== undefined) letters.push(letter);
      }
    }
    letters.sort((a, b) => b.timestamp - a.timestamp || b.offset - a.offset);
    return { letters, scanned, complete: bounds.every(({ earliest, latest }) => latest - earliest <= share) };
  }

  async replayed(place: RecordPlace): Promise<Replayed | undefined> {
    const { id } = await this.parts.topics.info(place.topic);
    return (await this.parts.marks.of({ topic: place.topic, id }, place)).replayed;
  }

  replay(place: RecordPlace, { again = false }: { readonly again?: boolean } = {}): Promise<ReplayedOne> {
    return this.#exclusively(() => this.#replayOne(place, again));
  }

  replayAll(letters: ReplayedReason): Promise<ReplayedStep> {
    return this.#exclusively(() => this.#steps.step(letters));
  }

  /** Runs work while no other replay of this job runs in this process. */
  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  /** Sends one again, while no other replay runs. */
  async #replayOne(place: RecordPlace, again: boolean): Promise<ReplayedOne> {
    const letter = await this.parts.topics.at(place.topic, place.partition, place.offset);
    if (letter === undefined) throw new RangeError(`There is no record at ${positionOf(place)}`);
    const prepared = await this.#prepare(letter, again);
    const once = await this.#send([prepared]);
    const to = placeName(prepared.record);
    return { to, once, sentence: sentenceOf(place, to, once) };
  }

  /** What is to be sent of a letter. Throws a {@linkcode ReplayError} when nothing may be. */
  async #prepare(letter: InputRecord, again: boolean): Promise<PreparedReplay> {
    const { topics, marks } = this.parts;
    const { topic } = letter;
    const { id } = await topics.info(topic);
    const mark = await marks.of({ topic, id }, letter);
    refuseMarked(letter, mark, again);
    return { record: await this.#recordOf(letter), mark };
  }

  /** Writes records and their marks: those of each topic together. */
  async #send(all: readonly PreparedReplay[]): Promise<ReplayedOne["once"]> {
    let once: ReplayedOne["once"] = "always";
    for (const [topic, prepared] of Map.groupBy(all, ({ record }) => record.topic)) {
      if (await this.#sendTo(this.parts.topics.connection(topic), prepared)) continue;
      once = "unless the process dies in between";
    }
    return once;
  }

  /** Whether records and marks became durable together. */
  async #sendTo(connection: Connection, prepared: readonly PreparedReplay[]): Promise<boolean> {
    const { marks, now, owner } = this.parts;
    const at = now();
    const done = prepared.map(({ record, mark }) => ({
      mark,
      replayed: { at, to: placeName(record), state: "done" } as const,
    }));
    const records = prepared.map(({ record }) => record);
    if (connection.appendsWithState) {
      await connection.append(records, { owner, along: done.map(({ mark, replayed }) => [mark.key, replayed]) });
      return true;
    }
    await marks.begin(done);
    try {
      await connection.append(records, { owner, along: [] });
    } catch (error) {
      // What is refused is not written. Of anything else it is not known.
      if (connection.delivery.kind === "inCommit" || error instanceof RefusedError) await marks.remove(done);
      throw error;
    }
    await marks.finish(done);
    return false;
  }

  /** The record that a dead letter was made of, as it is sent again. */
  async #recordOf(letter: InputRecord): Promise<OutputRecord> {
    const at = positionOf(letter);
    const { source } = letterOf(letter, undefined) ?? {};
    if (source === undefined) {
      throw new ReplayError(
        `Cannot replay ${at}: it is no dead letter with a record, because it has no tidemark.source`,
      );
    }
    const place = placeOf(source);
    if (place === undefined || !this.parts.targets.has(place.topic)) {
      throw new ReplayError(`Cannot replay ${at}: it came from ${source}, and the job has no such topic`);
    }
    const original = await this.#original(letter, place);
    const { timestamp, key, value } = original ?? letter;
    const { partitions, partitionOf } = await this.parts.topics.info(place.topic);
    const partition = place.partition < partitions ? place.partition : key === null ? 0 : partitionOf(key);
    const own = original === undefined ? ownHeaders(letter.headers) : original.headers ?? [];
    return { topic: place.topic, partition, timestamp, key, value, headers: replayHeaders(own, letter) };
  }

  /**
   * The record itself, where it is still there. The letter of a value that came through a hop, or of a late one, has
   * other bytes. The timestamp tells it from a record of a later topic of this name.
   */
  async #original(
    { timestamp }: InputRecord,
    { topic, partition, offset }: NonNullable<ReturnType<typeof placeOf>>,
  ): Promise<InputRecord | undefined> {
    const { partitions } = await this.parts.topics.info(topic);
    if (offset === undefined || partition >= partitions) return undefined;
    const found = await this.parts.topics.at(topic, partition, offset);
    return found?.timestamp === timestamp && found.unreadable === undefined ? found : undefined;
  }
}

function refuseMarked(place: RecordPlace, { replayed }: Mark, again: boolean): void {
  if (replayed === undefined || (again && replayed.state === "begun")) return;
  const when = `at ${new Date(replayed.at).toISOString()} to ${replayed.to}`;
  throw new ReplayError(
    replayed.state === "done"
      ? `Cannot replay ${positionOf(place)}: it was sent again ${when}`
      : `Cannot replay ${
        positionOf(place)
      }: it was about to be sent ${when} when the process died, so it may be there. Look for ` +
        `the header tidemark.replayed in that topic, and send it with again: true if it is not`,
  );
}

function placeName({ topic, partition }: OutputRecord): string {
  return `${topic}/${partition}`;
}

function sentenceOf(place: RecordPlace, to: string, once: ReplayedOne["once"]): string {
  const sent = `${positionOf(place)} was sent to ${to} again`;
  return once === "always"
    ? `${sent}. It is there once: the record and its mark were written in one atomic`
    : `${sent}. It is there once, unless the process has died between the record and its mark`;
}
