/**
 * The interface between a task and its job, and the types of record, clock, pane and failure that both use.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { ClockSnapshot } from "./_clock_snapshot.ts";
import type { EntryCounts, PipelineGraph } from "./_graph.ts";
import type { AnyKeyedState, Key, KeyedStateSpec } from "./keyed_state.ts";
import type { AttachedSource, InputSlot, Scope } from "./_scope.ts";
import type { ClockFacts, RaisedBy } from "./_time_facts.ts";
import type { TimeWindow } from "./_window_result.ts";

/** The record that is being pushed, as its source read it. */
export interface RecordAtHand {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  /** Its value as bytes, if known; `null` is a tombstone. */
  readonly value?: Uint8Array | null;
  readonly headers: readonly (readonly [name: string, value: Uint8Array | null])[] | undefined;
  /** The position of the input record behind it, where it came through a hop from one. */
  readonly origin?: { readonly topic: string; readonly partition: number; readonly offset: number };
}

/** The value being pushed, as stages see it. */
export interface At {
  /** Its event time, in milliseconds; NaN while none is known. */
  readonly time: number;
  /** The record that it came from; `undefined` for a value that a timer caused. */
  readonly record: RecordAtHand | undefined;
  /** Which of the task's input partitions the record came from; -1 for timers and plain Observables. */
  readonly slot: number;
}

/** The task's view of a `watermark()`, or of a stage that forwards event time. */
export interface ClockHandle {
  /** Identifies the `watermark()` of the program. Two different stages with one name are an error. */
  readonly identity: object;
  /** Whether it belongs to a stage that forwards event time, and not to a `watermark()`. @default false */
  readonly forwards?: boolean;
  /** The topics that it reads. @default none */
  readonly reads?: readonly string[];
  snapshot(): ClockSnapshot;
  /** The offsets of the records that raised its marks, where they are known. Absent as `explain` is. */
  raised?(): RaisedBy[];
  /** What it reads, and how far. Absent for a stage that forwards event time. */
  explain?(): ClockFacts;
  /**
   * Takes slots that have been idle for too long out of the minimum. Panes and timers that this makes due fire before
   * it returns. Returns whether anything changed that belongs in a checkpoint.
   */
  tick(now: number): boolean;
}

/** A `watermark({ maxDrift })`, which holds back partitions that are too far ahead of the others. */
export interface Drift {
  /** Whether the slot is more than `maxDrift` ahead of the slowest slot that has not ended and is not idle. */
  isAhead(slot: number): boolean;
}

/** The failure that stopped a task. */
export interface TaskFailure {
  readonly error: Error;
  /** The stage in which it failed: `keyedReduce "event-count"`. */
  readonly stage: string;
  /**
   * - `user`: a user's function threw while a record was pushed;
   * - `firing`: a user's function threw while a window fired, so no record is to blame;
   * - `result`: a sink could not encode a value;
   * - `state`: a state could not be cut for a checkpoint;
   * - `misuse`: the pipeline is built in a way that would lose or duplicate records;
   * - `call`: a call of an `asyncMap` failed, and the job must not go on without its result;
   * - `async`: a value came back after its push was over; offsets beyond it may be committed.
   */
  readonly kind: "user" | "firing" | "result" | "state" | "misuse" | "call" | "async";
  /** The pane that was being fired, if any. */
  readonly pane: PaneAtHand | undefined;
}

/**
 * Identifies one firing of one window or timer, or one result of a call, so that it can be skipped when it cannot be
 * delivered.
 */
export interface PaneAtHand {
  readonly state: string;
  readonly key: Key;
  readonly namespace: number;
  readonly index: number;
  readonly result: unknown;
  /** Set for a timer; its time is the namespace. */
  readonly timer?: "event" | "processing";
  /** Set for the result of a call: `result` is the value that it was called with, and `index` its number. */
  readonly call?: CallAtHand;
}

/** What caused the value of a call. */
export interface CallAtHand {
  /** The record that the value came from, if one did. */
  readonly record: RecordAtHand | undefined;
  /** Whether a window or timer caused it, whose key the pane then has. */
  readonly keyed: boolean;
}

/** The state of one sender of a hop, as its control records tell it. */
export type HopStatus = "active" | "idle" | "ended";

/** A hop that a task has to bind. */
export interface HopRequest {
  /** Identifies the `repartition()` of the program, which is the same object in every task. */
  readonly identity: object;
  readonly name: string;
  /** How many partitions its topic gets; `undefined`: as many as the inputs. */
  readonly partitions: number | undefined;
  /** Whether every value goes to all tasks. Its topic then has a partition for each of them. */
  readonly broadcast: boolean;
  /** What it reads: topics, those of other hops included. */
  readonly above: readonly string[];
  /** Whether the part above is still open, although its input may have ended. */
  readonly open: () => boolean;
  /** The senders that hold all time behind the hop back, because no watermark has come from them yet. */
  silent(): readonly number[];
  /** Takes a control record. */
  hear(sender: number, watermark: number, status: HopStatus): void;
  /** The sequence of the record of this sender that the task has had last; 0: it has had none. */
  reached(sender: number): number;
  /** A record of this sender comes. Returns `false` when the task has had it already. Sequence 0: it cannot be told. */
  takes(sender: number, sequence: number): boolean;
}

/** A hop as its job has opened it for one task. */
export interface HopPort {
  /** The topic between the two parts. */
  readonly topic: string;
  /** Appended to the names of its clocks: one that has come back to the pipeline begins with new ones. Mostly empty. */
  readonly life: string;
  /** The tasks that send into the hop. */
  readonly senders: readonly number[];
  /** Whether this task is one of them. */
  readonly sends: boolean;
  /** How often a risen watermark is sent while values come, in milliseconds. */
  readonly interval: number;
  /** Elapsed time, in milliseconds. */
  elapsed(): number;
  /**
   * Sends a value to the task of its key; `undefined`: to every task. The sequence tells it from the sender's other records,
   * and rises with each. Throws when the value cannot be stored or is too large.
   */
  send(value: unknown, key: Key | undefined, sequence: number): void;
  /** Sends this task's watermark and status to every partition. */
  tell(watermark: number, status: HopStatus, sequence: number): void;
  /** Binds what reads the hop. Returns the slots that it will read. */
  listen(reader: Pick<SourceRequest, "subscriber" | "end">): readonly InputSlot[];
  /** Every sender has ended: ends what reads the hop. */
  over(): void;
}

/** A stage as a watcher sees it. What is not `readonly`, and `late`, it may wrap. */
export interface WatchedStage {
  readonly label: string;
  readonly at: At;
  readonly below: Scope;
  readonly parts: {
    readonly options: {
      readonly operator: string;
      readonly name?: string;
      readonly time: "passes" | "own";
      readonly keeps: boolean;
      readonly makesWatermarks?: boolean;
    };
  };
  out: { next(value: unknown): void; readonly closed: boolean };
  handlers: { open?(): void };
  late(value: unknown, until?: number, window?: TimeWindow): void;
}

/** Watches the stages above the one that has set it, for a picture of what happens in them. */
export interface StageWatcher {
  /**
   * A stage is built, and one of its inputs has this handler. Returns the handler to use in its place. Called once for
   * each input when the pipeline is bound, so a pipeline that nobody watches has no work with it.
   */
  watch<T>(stage: WatchedStage, handle: (value: T) => void): (value: T) => void;
}

/** The services of a job for its tasks. */
export interface TaskHost {
  /** Records the stages. Set while the job is planned. */
  readonly graph?: PipelineGraph;
  /** Counts the values that enter each stage. */
  readonly entries?: EntryCounts;
  openState(spec: KeyedStateSpec): AnyKeyedState;
  /** A source was subscribed. The host pushes to it from `start` on, and returns the slots that it will read. */
  bindSource(source: SourceRequest): readonly InputSlot[];
  /** A hop was subscribed. Absent where one task has all keys: values then pass on. */
  bindHop?(hop: HopRequest): HopPort;
  /** A sink was subscribed. Returns the function that takes its values. */
  bindSink(spec: unknown, label: string): (value: unknown) => void;
  /** The state of the clock with that name in the checkpoint. */
  restoredClock(name: string): ClockSnapshot | undefined;
  /** Handles a bad record: writes a dead letter, or throws an error that stops the task. */
  badRecord(reason: string, stage?: string): void;
  /** A stage joins values with a table. Called while the job is planned. */
  joins?(join: TableAndValues): void;
  /** Reports once that an event time is before 1973, which is most likely a mistake. */
  earlyTime?(time: number): void;
  /** Checks a key that a stage sees for the first time. Throws when the topic is not keyed by it. */
  checkKey: ((key: Key, stage: string) => void) | undefined;
  /** Whether this pane was found undeliverable before and must be skipped. */
  skipPane: ((pane: PaneAtHand) => boolean) | undefined;
  /**
   * Asks the job to call {@linkcode Task.runLater} soon, because a stage needs a push of its own or can take records
   * again.
   */
  wake?(): void;
  /** Milliseconds since 1970, for timers of processing time. */
  now?(): number;
  /** Timers, which run outside of a push, and randomness. Those of RxJS are used when it is missing. */
  readonly clock?: Pick<Clock, "after" | "random">;
  /** Called after each result of a call, in its push, while the job looks for the one that makes a cut fail. */
  afterCall?: (() => void) | undefined;
  /** Writes a dead letter for a call that has failed. Returns `false` when the job has no sink for them. */
  giveUp?(pane: PaneAtHand, stage: string, reason: string): boolean;
}

/** A stage that joins values with a table. */
export interface TableAndValues {
  /** The stage's name. */
  readonly name: string | undefined;
  /** The stage in messages. */
  readonly label: string;
  readonly tables: readonly AttachedSource[];
  readonly values: readonly AttachedSource[];
  /** Whether a task that is new reads the tables before the values. */
  readonly bootstrap: boolean;
  /** Whether every task has the whole table. */
  readonly whole: boolean;
  /** The source of which a task reads its own partitions only, where the stage needs the whole table. */
  readonly partial: AttachedSource | undefined;
}

/** A source that the job has to bind. */
export interface SourceRequest {
  readonly spec: unknown;
  readonly label: string;
  readonly subscriber: {
    next(value: unknown): void;
    error(error: unknown): void;
    complete(): void;
    readonly closed: boolean;
  };
  /** Completes the stream, because the source's input has ended. Only the first call counts. */
  end(): void;
}
