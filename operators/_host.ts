/**
 * What a task and its job have to say to each other, and what both know of a record, a clock, a pane and a failure.
 *
 * @module
 */
import type { ClockSnapshot } from "./_clock_snapshot.ts";
import type { AnyKeyedState, Key, KeyedStateSpec } from "./keyed_state.ts";
import type { InputSlot } from "./_scope.ts";

/** The record at hand, as it came from its source. */
export interface RecordAtHand {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  /** Its value as bytes, where it is known: `null` is a tombstone. */
  readonly value?: Uint8Array | null;
  readonly headers: readonly (readonly [name: string, value: Uint8Array | null])[] | undefined;
}

/** The value being pushed, as stages see it. */
export interface At {
  /** Its event time, in milliseconds; NaN where none is known yet. */
  readonly time: number;
  /** The record that it came from; `undefined` for what a timer caused. */
  readonly record: RecordAtHand | undefined;
  /** Which of the task's input partitions the record came from; -1 for timers and plain Observables. */
  readonly slot: number;
}

/** A `watermark()`, or a stage that hands event time on, as their task sees them. */
export interface ClockHandle {
  /** Which `watermark()` of the program this is; two stages of one name are a mistake. */
  readonly identity: object;
  /** It belongs to a stage that hands event time on, and not to a `watermark()`. @default false */
  readonly forwards?: boolean;
  /** The topics that it reads. @default none */
  readonly reads?: readonly string[];
  snapshot(): ClockSnapshot;
  /**
   * Time has passed; slots that have been idle too long leave the minimum. What that fires, fires before it returns.
   * Returns whether anything has changed that a checkpoint should know.
   */
  tick(now: number): boolean;
}

/** A `watermark({ maxDrift })`: holds partitions back that are ahead of the others. */
export interface Drift {
  /** Whether the slot is further ahead than that of the slowest that has not ended and is not idle. */
  isAhead(slot: number): boolean;
}

/** Why a task cannot go on. */
export interface TaskFailure {
  readonly error: Error;
  /** The stage that saw it: `keyedReduce "event-count"`. */
  readonly stage: string;
  /**
   * - `user`: a user's function threw while a record was pushed;
   * - `firing`: the same while a window fired, so that no record is to blame;
   * - `result`: a sink could not encode what reached it;
   * - `state`: a state could not be cut;
   * - `misuse`: the pipeline is put together in a way that would lose or double records.
   * - `async`: a value came back after its push was over; offsets beyond it may be committed.
   */
  readonly kind: "user" | "firing" | "result" | "state" | "misuse" | "async";
  /** The pane that was being fired, where one was. */
  readonly pane: PaneAtHand | undefined;
}

/** Identifies one firing of one window, so that it can be passed over when it cannot be delivered. */
export interface PaneAtHand {
  readonly state: string;
  readonly key: Key;
  readonly namespace: number;
  readonly index: number;
  readonly result: unknown;
}

/** What a job does for its tasks. */
export interface TaskHost {
  openState(spec: KeyedStateSpec): AnyKeyedState;
  /** A source was subscribed. The host pushes to it from `start` on, and returns the slots that it will read. */
  bindSource(source: SourceRequest): readonly InputSlot[];
  /** A sink was subscribed. Returns what takes its values. */
  bindSink(spec: unknown, label: string): (value: unknown) => void;
  /** The clock of that name as the checkpoint has it. */
  restoredClock(name: string): ClockSnapshot | undefined;
  /** A record is not what it should be: dead letter, or an error that stops the task. */
  badRecord(reason: string, stage?: string): void;
  /** The event time of the record at hand lies before 1973, which is most likely a mistake. Told once. */
  earlyTime?(time: number): void;
  /** A key that a stage sees for the first time: throws where the topic is not keyed by it. */
  checkKey: ((key: Key, stage: string) => void) | undefined;
  /** Whether this pane was found undeliverable before and is to be passed over. */
  skipPane: ((pane: PaneAtHand) => boolean) | undefined;
  /** A stage has something to do in a push of its own: calls {@linkcode Task.runLater} soon. Or a stage that was full is so no more. */
  wake?(): void;
  /** Milliseconds since 1970, for timers of processing time. */
  now?(): number;
}

/** A source asks to be bound. */
export interface SourceRequest {
  readonly spec: unknown;
  readonly label: string;
  readonly subscriber: {
    next(value: unknown): void;
    error(error: unknown): void;
    complete(): void;
    readonly closed: boolean;
  };
  /** The source's input has ended: completes the stream, once. */
  end(): void;
}
