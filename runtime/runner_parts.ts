/**
 * What a task runner needs.
 *
 * @module
 */
import type { Observable } from "rxjs";
import type { Clock } from "../base/clock.ts";
import type { InputRecord, SourceSpec } from "../connectors/connector.ts";
import type { EntryCounts } from "../operators/_graph.ts";
import type { AnyKeyedState, KeyedStateSpec } from "../operators/keyed_state.ts";
import type { ClockSnapshot } from "../operators/_clock_snapshot.ts";
import type { RecordAtHand, Task, TaskFailure } from "../operators/_task.ts";
import type { KeyAtHand } from "./key_guard.ts";
import type { InputQueue } from "./input_queue.ts";
import type { Outputs } from "./outputs.ts";
import type { TablesFirst } from "./tables_first.ts";
import type { JobHops } from "./task_hops.ts";

/** Counts since the job was created; part of the checkpoint. */
export type Counters = Record<string, number>;

/** What a runner needs. */
export interface RunnerParts {
  /** The task's number: its partition, or 0. */
  readonly number: number;
  readonly pipelines: readonly Observable<unknown>[];
  readonly planned: ReadonlySet<SourceSpec>;
  readonly queues: readonly InputQueue[];
  /** Where the values that enter each stage are counted. @default nowhere */
  readonly entered?: EntryCounts;
  /** The tables that are read before other inputs. */
  readonly tablesFirst?: TablesFirst;
  readonly outputs: Outputs;
  /** Timers and randomness for the calls of its stages. The clock of RxJS is used when it is missing. */
  readonly clock?: Pick<Clock, "after" | "random">;
  /** Opens a durable state. Called once for each subscription of the pipelines. */
  readonly openState: (spec: KeyedStateSpec) => AnyKeyedState;
  readonly clocks: Readonly<Record<string, ClockSnapshot>>;
  readonly counters: Readonly<Counters>;
  /** The job's hops; `undefined` where one task has all keys. */
  readonly hops?: JobHops;
  /** The topics whose input had ended at the last cut. @default none */
  readonly ended?: readonly string[];
  /** Checks each key that is new to a stage, when keys must match the partition. */
  readonly guardKey?: (task: Task, at: KeyAtHand) => void;
  /** Whether the records of an epoch are kept until the cut, so that the epoch can be processed again. */
  readonly keepsJournal: boolean;
  readonly badRecords: "stop" | "deadLetter";
  /** Called when an event time lies before 1973. */
  readonly earlyTime?: (time: number, record: RecordAtHand | undefined) => void;
  /** Called with each decoded value, in tests. */
  readonly decoded?: (value: unknown) => void;
}

/** Handles the failure of a task. Returns whether the task goes on. */
export type OnFailure = (failure: TaskFailure, record: InputRecord | undefined) => boolean;

/** Snapshots of clocks, by their names. */
export function snapshotsOf(
  clocks: Iterable<readonly [name: string, clock: { snapshot(): ClockSnapshot }]>,
): Record<string, ClockSnapshot> {
  // The object has no prototype: a clock may be named `constructor`.
  const snapshots: Record<string, ClockSnapshot> = Object.create(null);
  for (const [name, clock] of clocks) snapshots[name] = clock.snapshot();
  return snapshots;
}
