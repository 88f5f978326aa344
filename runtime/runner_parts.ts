/**
 * What a task at work is made of.
 *
 * @module
 */
import type { Observable } from "rxjs";
import type { SourceSpec } from "../connectors/connector.ts";
import type { AnyKeyedState, KeyedStateSpec } from "../operators/keyed_state.ts";
import type { ClockSnapshot } from "../operators/_clock_snapshot.ts";
import type { RecordAtHand, Task } from "../operators/_task.ts";
import type { KeyAtHand } from "./key_guard.ts";
import type { InputQueue } from "./input_queue.ts";
import type { Outputs } from "./outputs.ts";

/** What was counted since the job was born; part of the checkpoint. */
export type Counters = Record<string, number>;

/** What a runner is made of. */
export interface RunnerParts {
  /** The task's number: its partition, or 0. */
  readonly number: number;
  readonly pipelines: readonly Observable<unknown>[];
  readonly planned: ReadonlySet<SourceSpec>;
  readonly queues: readonly InputQueue[];
  readonly outputs: Outputs;
  /** Opens a durable state; once for each subscription of the pipelines. */
  readonly openState: (spec: KeyedStateSpec) => AnyKeyedState;
  readonly clocks: Readonly<Record<string, ClockSnapshot>>;
  readonly counters: Readonly<Counters>;
  /** Looks at each key that a stage meets, where it may be somewhere else. */
  readonly guardKey?: (task: Task, at: KeyAtHand) => void;
  /** Whether the records of an epoch are kept until it is cut, so that it can be made again. */
  readonly keepsJournal: boolean;
  readonly badRecords: "stop" | "deadLetter";
  /** An event time lies before 1973. */
  readonly earlyTime?: (time: number, record: RecordAtHand | undefined) => void;
  /** Is shown what a source has decoded, in tests. */
  readonly decoded?: (value: unknown) => void;
}
