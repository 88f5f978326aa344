/**
 * A key that comes to a second task: two programs write to one topic and choose partitions differently, as Java's clients and those of
 * librdkafka do by default. No task can see that alone, and each counts on its own.
 *
 * It is looked for where it costs next to nothing: when a task meets a key that is new to it, and only once a record was found where
 * Kafka's default partitioner would not have put it; and among the tasks of this worker.
 *
 * @module
 */
import { keyPartition } from "../connectors/partitioner.ts";
import type { AnyKeyedState, Key } from "../operators/keyed_state.ts";
import type { RecordAtHand } from "../operators/_task.ts";
import { shownKey } from "./key_guard.ts";
import { positionOf } from "./results.ts";

/** A task, as far as it is asked for its keys. */
export interface KeyHolder {
  readonly number: number;
  state(name: string): AnyKeyedState | undefined;
}

/** What is needed to find it and to tell it. */
export interface SecondTaskParts {
  /** The job's name. */
  readonly name: string;
  readonly log: (line: string) => void;
  /** How many tasks the job has: one for each partition. */
  readonly tasks: number;
  /** The tasks of this worker. */
  readonly holders: () => Iterable<KeyHolder>;
}

/** Tells each topic once. */
export class SecondTask {
  /** Somebody chooses partitions otherwise than Kafka's default partitioner. */
  #otherwise = false;
  readonly #told = new Set<string>();

  constructor(readonly parts: SecondTaskParts) {}

  /** A task meets a key that is new to one of its stages. */
  meet(task: number, { key, stage, record }: { key: Key; stage: string; record: RecordAtHand }): void {
    if (record.key === null || this.#told.has(record.topic)) return;
    if (keyPartition(record.key, this.parts.tasks) !== record.partition) this.#otherwise = true;
    if (!this.#otherwise) return;
    const name = /"(.*)"$/s.exec(stage)?.[1];
    if (name === undefined) return;
    for (const holder of this.parts.holders()) {
      if (holder.number === task || holder.state(name)?.find(key)?.value === undefined) continue;
      this.#told.add(record.topic);
      this.parts.log(
        `Job ${this.parts.name}: ${stage} has the key ${shownKey(key)} in task ${holder.number}, and the record ${
          positionOf(record)
        } brings ` +
          `it to task ${task}: the topic ${record.topic} is written by programs that choose partitions differently (Java's clients and ` +
          `librdkafka's do by default), so each task knows a part of it. Give them one partitioner, or run the job with tasks: "single"`,
      );
      return;
    }
  }
}
