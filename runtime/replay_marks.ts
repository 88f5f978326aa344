/**
 * The marks of dead letters that were sent again, in the job's store. A mark is written before its record or together
 * with it, and one that exists is never overwritten by another replay.
 *
 * @module
 */
import { type Mutation, replayedKey, type Store, type StoreKey } from "../state/mod.ts";
import { type Replayed, ReplayError } from "./records.ts";

/** How many marks are written in one atomic: Deno KV takes 100 checks, and 81,920 bytes of keys. */
const PIECE = 50;

/** Dead letters of one topic. `id` differs between topics of one name, where that is known. */
export interface LetterTopic {
  readonly topic: string;
  readonly id: string | undefined;
}

/** A mark that was read. */
export interface Mark {
  readonly key: readonly (string | number)[];
  readonly replayed: Replayed | undefined;
  readonly versionstamp: string | null;
}

/** A mark as it is to become. */
export interface Marked {
  readonly mark: Mark;
  readonly replayed: Replayed;
}

/** The marks of one job. */
export class ReplayMarks {
  constructor(readonly store: Store, readonly job: string) {}

  /** The mark of one dead letter. */
  async of(topic: LetterTopic, { partition, offset }: { partition: number; offset: number }): Promise<Mark> {
    const key = replayedKey(this.job, topic, partition, offset);
    const entry = await this.store.get<Replayed>(key);
    return { key, replayed: entry?.value, versionstamp: entry?.versionstamp ?? null };
  }

  /** All marks of a partition, by offset. */
  async all(topic: LetterTopic, partition: number): Promise<Map<number, Replayed>> {
    const marks = new Map<number, Replayed>();
    for await (const { key, value } of this.store.list<Replayed>(replayedKey(this.job, topic, partition))) {
      marks.set(key.at(-1) as number, value);
    }
    return marks;
  }

  /**
   * Writes that records are about to be sent.
   *
   * @throws {ReplayError} when another worker has been faster; then nothing is written
   */
  async begin(marked: readonly Marked[]): Promise<void> {
    const begun: Marked[] = [];
    for (const piece of pieces(marked)) {
      const sets = piece.map(({ mark: { key }, replayed }) => setOf(key, { ...replayed, state: "begun" }));
      if ((await this.store.atomic(piece.map(({ mark }) => mark), sets)).ok) begun.push(...piece);
      else {
        await this.remove(begun);
        throw new ReplayError(`Cannot replay to ${piece[0].replayed.to}: another worker of the job is about to do it`);
      }
    }
  }

  /** The records are there. */
  async finish(marked: readonly Marked[]): Promise<void> {
    for (const piece of pieces(marked)) {
      await this.store.atomic([], piece.map(({ mark: { key }, replayed }) => setOf(key, replayed)));
    }
  }

  /** The records are certainly not there. */
  async remove(marked: readonly Marked[]): Promise<void> {
    for (const piece of pieces(marked)) {
      await this.store.atomic([], piece.map(({ mark: { key } }) => ({ type: "delete", key })));
    }
  }
}

function pieces<T>(all: readonly T[]): readonly T[][] {
  return Array.from({ length: Math.ceil(all.length / PIECE) }, (_none, at) => all.slice(at * PIECE, (at + 1) * PIECE));
}

function setOf(key: StoreKey, value: Replayed): Mutation {
  return { type: "set", key, value };
}
