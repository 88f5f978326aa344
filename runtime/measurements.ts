/**
 * The measurements of a worker, as systems for metrics take them: counts of this process that never fall, durations in
 * fixed buckets, and what its tasks hold at this moment.
 *
 * Times are milliseconds since 1970, durations and ages are milliseconds. What is not known is `undefined`, never NaN
 * or Infinity.
 *
 * @module
 */
import type { DurationCounts } from "../base/durations.ts";
import type { ProcessTotals } from "./process_counts.ts";
import type { TroubleKind } from "./troubles.ts";
import type { Activity } from "./work_time.ts";

export type { Activity, DurationCounts, ProcessTotals, TroubleKind };

/** A worker at one moment. Everything in it is of this process and of the tasks that it has. */
export interface Measurements {
  /** The job's name. */
  readonly job: string;
  /** The name of the worker, if it has one. */
  readonly worker: string | undefined;
  /** When they were taken. */
  readonly at: number;
  /** How the job of this process has ended; `undefined` while it runs. */
  readonly ended: "finished" | "stopped" | "failed" | undefined;
  /** What its committed epochs have read, written and left out. */
  readonly counts: ProcessTotals;
  /** How many epochs of its tasks are committed. */
  readonly epochs: number;
  /** How long its commits took. */
  readonly commit: DurationCounts;
  /** How long its transactions with results took. */
  readonly publish: DurationCounts;
  /** From the timestamps of some of the records until their results were visible. */
  readonly latency: DurationCounts;
  /** What the time of its loop went to, in milliseconds. */
  readonly time: Readonly<Record<Activity | "other", number>>;
  /** For how long its loop has not turned. What the loop asks of a store or a broker does not count. */
  readonly loopAge: number;
  /** The input partitions. */
  readonly partitions: readonly PartitionMeasurement[];
  /** The watermarks of its tasks. */
  readonly watermarks: readonly WatermarkMeasurement[];
  /** The states of its stages. */
  readonly states: readonly StateMeasurement[];
  /** Bytes of committed results that are not visible yet. */
  readonly outbox: number;
  /** How many of its tasks take records, wait for something that is away or not there yet, and are finished. */
  readonly tasks: Readonly<Record<"owned" | "waiting" | "finished", number>>;
  /** What it waits for, and for how long it is known. */
  readonly waits: readonly WaitMeasurement[];
}

/** An input partition. */
export interface PartitionMeasurement {
  /** The topic. */
  readonly topic: string;
  /** The partition. */
  readonly partition: number;
  /** Records that wait to be read; `undefined` until the first fetch. */
  readonly lag: number | undefined;
  /** How long the record at the head of the queue has waited since its own timestamp; 0 where nothing waits. */
  readonly lagTime: number | undefined;
}

/** A `watermark()` of one task. */
export interface WatermarkMeasurement {
  /** The name of the `watermark()`. */
  readonly watermark: string;
  /** The number of the task. */
  readonly task: number;
  /** How far the wall clock is ahead of it; `undefined` before it is known, and at the end of the input. */
  readonly lag: number | undefined;
  /** The part of `lag` that is by design; `undefined` where the watermarks are read from the data. */
  readonly bound: number | undefined;
  /** The highest less the lowest mark of its partitions in this task; `undefined` while none has a mark. */
  readonly spread: number | undefined;
}

/** The state of one stage, over the tasks of this worker. */
export interface StateMeasurement {
  /** The stage's name. */
  readonly state: string;
  /** Values in it. Each entry of a map and each element of a list counts. */
  readonly cells: number;
  /** About how many bytes they take where they are stored, without their keys. */
  readonly bytes: number;
}

/** Something that a worker waits for. */
export interface WaitMeasurement {
  /** Which part of the job waits. */
  readonly kind: TroubleKind;
  /** For how long it is known, in milliseconds. */
  readonly since: number;
  /** Whether the tasks of the worker wait because of it; otherwise it goes on with a part of them. */
  readonly blocks: boolean;
}
