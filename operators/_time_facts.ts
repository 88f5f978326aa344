/**
 * What a task knows about its event time, as plain data: what holds a watermark back, and which result waits for it.
 * A job reads it on demand, to explain why a result has not come.
 *
 * @module
 */
import type { LateSummary } from "./_late_facts.ts";
import type { Spans } from "./_spans.ts";
import type { TimeWindow } from "./_window_result.ts";

/** One input partition of a `watermark()`. Its fields are as they are at the moment when they are read. */
export interface PartitionFacts {
  /** The task's slot of the partition; -1 for values that came from no partition. */
  readonly slot: number;
  readonly topic: string;
  readonly partition: number;
  /** Its watermark, in milliseconds; the beginning of time before its first record. */
  readonly mark: number;
  /** Whether it is idle, and so does not hold the minimum back. */
  readonly idle: boolean;
  /** The offset of the record that raised the mark last; NaN when it is not known. */
  readonly raisedBy: number;
  /** How far its events were behind the latest one, of one in sixteen; `undefined` before the first sample. */
  readonly disorder: Spans | undefined;
}

/** The record that raised the mark of a partition last. */
export type RaisedBy = readonly [topic: string, partition: number, offset: number];

/** A `watermark()` of a task. Its fields are as they are at the moment when they are read. */
export interface ClockFacts {
  readonly name: string;
  readonly watermark: number;
  /** How far a watermark is behind its record's event time, in milliseconds; `undefined` when it is read from the data. */
  readonly bound: number | undefined;
  /** Infinity when a quiet partition never becomes idle. */
  readonly idleAfter: number;
  /** Whether the watermark advances with the wall clock while all partitions are idle. */
  readonly advances: boolean;
  readonly partitions: readonly PartitionFacts[];
}

/** What holds a watermark where it is. `side` is set where it is one of several inputs of a stage. */
export type Holder = HeldBy & { readonly side?: boolean };

type HeldBy =
  /** The partition with the lowest mark that is not idle. */
  | { readonly kind: "partition"; readonly clock: ClockFacts; readonly partition: PartitionFacts }
  /** Every partition is idle. */
  | { readonly kind: "idle"; readonly clock: ClockFacts }
  /** A stage that holds a value in flight, such as one that waits for an answer. */
  | { readonly kind: "stage"; readonly stage: string; readonly mark: number }
  /** A task that sends into a hop. */
  | { readonly kind: "sender"; readonly hop: string; readonly task: number; readonly mark: number };

/** What has results that wait for the watermark. */
export interface Upcoming {
  /** The watermark at which the next result comes, in milliseconds; Infinity when none waits. */
  readonly next: number;
  /** How many windows or timers wait. */
  readonly size: number;
  /** Finds the window of the next result; absent when it has none. */
  readonly window?: (() => TimeWindow | undefined) | undefined;
  /**
   * Tells `next` and `size` there from now on, besides. Whoever reads many gives them places that lie together. Only the
   * reader that asked last is told. Absent where they must be asked for.
   */
  tellTo?(numbers: Float64Array, at: number): void;
}

/** A stage whose results wait for the watermark. Its fields are as they are at the moment when they are read. */
export interface WaitingFacts {
  readonly operator: string;
  /** The stage's name; `undefined` when it has none. */
  readonly name: string | undefined;
  /** The stage's watermark, in milliseconds. */
  readonly watermark: number;
  /** The watermark at which the next result comes, in milliseconds; Infinity when none waits. */
  readonly next: number;
  readonly window: TimeWindow | undefined;
  /** How many windows or timers wait. */
  readonly waiting: number;
  /** Values that came too late, and those that came at all, since the task was taken over. */
  readonly late: number;
  readonly values: number;
  readonly lates: LateSummary | undefined;
  /** What holds the watermark where it is. It costs more than the other facts, so it is found on demand. */
  holder(): Holder | undefined;
}
