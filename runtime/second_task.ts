/**
 * Detects a key that comes to a second task. It happens when two programs write to one topic and choose partitions
 * differently, as Java's clients and those of librdkafka do by default. No task can detect it alone, and each counts
 * its own part.
 *
 * The check is cheap: it runs when a task meets a key that is new to it, and only after a record was found where
 * Kafka's default partitioner would not have put it. It covers the tasks of this worker only.
 *
 * @module
 */
import { keyPartition } from "../connectors/partitioner.ts";
import type { AnyKeyedState, Key } from "../operators/keyed_state.ts";
import type { RecordAtHand } from "../operators/_task.ts";
import type { Events } from "./events.ts";
import { HopRecord } from "./hop_records.ts";
import { shownKey } from "./key_guard.ts";
import { positionOf } from "../connectors/rows.ts";

/** The part of a task that is searched for keys. */
export interface KeyHolder {
  readonly number: number;
  state(name: string): AnyKeyedState | undefined;
}

/** What the check needs. */
export interface SecondTaskParts {
  readonly events: Events;
  /** How many tasks the job has: one for each partition. */
  readonly tasks: number;
  /** The tasks of this worker. */
  readonly holders: () => Iterable<KeyHolder>;
}

/** Reports each topic once. */
export class SecondTask {
  /** Whether a record lay where Kafka's default partitioner would not have put it. */
  #otherwise = false;
  readonly #told = new Set<string>();

  constructor(readonly parts: SecondTaskParts) {}

  /** Called when a task meets a key that is new to one of its stages. */
  meet(task: number, { key, stage, record }: { key: Key; stage: string; record: RecordAtHand }): void {
    // Only the job itself writes to a hop's topic.
    if (record.key === null || this.#told.has(record.topic) || record instanceof HopRecord) return;
    if (keyPartition(record.key, this.parts.tasks) !== record.partition) this.#otherwise = true;
    if (!this.#otherwise) return;
    const name = /"(.*)"$/s.exec(stage)?.[1];
    if (name === undefined) return;
    for (const holder of this.parts.holders()) {
      if (holder.number === task || holder.state(name)?.find(key)?.value === undefined) continue;
      this.#told.add(record.topic);
      this.parts.events.tell(
        { kind: "second task", topic: record.topic, task, other: holder.number },
        `${stage} has the key ${shownKey(key)} in task ${holder.number}, and the record ${positionOf(record)} brings ` +
          `it to task ${task}: the topic ${record.topic} is written by programs that choose partitions differently (Java's clients and ` +
          `librdkafka's do by default), so each task knows a part of it. Give them one partitioner, or put repartition({ name, key }) above the stage, or run the job with tasks: "single"`,
      );
      return;
    }
  }
}
