/**
 * The records of a job that is stopped: they are read, and dead letters sent again, by whoever keeps the job from being
 * started meanwhile.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Connection } from "../connectors/connector.ts";
import type { Store } from "../state/mod.ts";
import { RunningRecords } from "./job_records.ts";
import { JobTopics } from "./job_topics.ts";
import type { JobRecords } from "./records.ts";
import { ReplayMarks } from "./replay_marks.ts";

/** What the records of a stopped job are taken from. */
export interface StoppedRecordsParts {
  readonly job: string;
  readonly store: Store;
  readonly clock: Clock;
  /** The connection to all topics. */
  readonly connection: Connection;
  /** The topics that may be looked at: those of the job, and those of its dead letters. */
  readonly topics: readonly string[];
  /** The topics that dead letters may be sent to again: the input and the results. */
  readonly targets: readonly string[];
  /** The topics that dead letters go to. */
  readonly letterTopics: readonly string[];
}

/** The records of a stopped job. A replay waits for no task, because none runs. */
export function stoppedRecords(parts: StoppedRecordsParts): JobRecords {
  const { job, store, clock, connection, topics, targets, letterTopics } = parts;
  const connections = new Map(topics.map((topic) => [topic, connection]));
  return new RunningRecords({
    ...{ job, store, clock, letterTopics, now: clock.now, owner: `${job}.${clock.id()}.replay` },
    topics: new JobTopics(job, () => connections),
    marks: new ReplayMarks(store, job),
    targets: new Set(targets),
    tasksOf: () => [],
    owned: () => [],
  });
}
