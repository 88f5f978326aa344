/**
 * Rows: the results of a job, in the form of the delivery that makes them visible. The delivery gives the encoder that
 * makes them, so only it knows what a row is. A row of a topic is a record with a partition; a row of a table has none.
 *
 * @module
 */
import type { InputRecord, TopicInfo } from "./records.ts";

/** What is known of a value that reached a sink. */
export interface ResultAt {
  /** Its event time, in milliseconds; NaN when none is known. */
  readonly timestamp: number;
  /** The record that it came from; `undefined` when a timer caused it. */
  readonly record: Omit<InputRecord, "value" | "unreadable"> | undefined;
  /** Why a stage above refused it (`late for tumblingWindow "activity"`), or `undefined`. */
  readonly refusal: string | undefined;
}

/** Why something goes to a dead-letter sink. */
export interface Refusal {
  /** The stage that refused it: `keyedReduce "counts"`; "": none. */
  readonly stage: string;
  /** The reason, in words. */
  readonly reason: string;
}

/** A window's result, a timer, or the result of a call, that could not be delivered. */
export interface UndeliveredPane {
  /** The name of the window's stage, or of the timers' state. */
  readonly state: string;
  /** The key of the window or timer. */
  readonly key: string | number | bigint | boolean;
  /** The start of the window, or the time of the timer, in milliseconds. */
  readonly namespace: number;
  /** Which of the window's results it is. */
  readonly index: number;
  /** What the window has accumulated. */
  readonly result: unknown;
  /** Set for a timer: which clock it was set by. */
  readonly timer?: "event" | "processing";
  /** Set for a call: no record has caused its value, which is the result. */
  readonly call?: unknown;
}

/** What a sink writes. */
export interface SinkTarget {
  /** The name of the topic, or of the table. */
  readonly topic: string;
  /** A topic has partitions and must exist; a table has no partitions. @default "topic" */
  readonly target?: "topic" | "table";
}

/** What an encoder is made for: one sink of one task. */
export interface RowContext {
  /** The sink, as its connector has described it. */
  readonly spec: SinkTarget;
  /** The sink's topic; `undefined` when it writes a table. */
  readonly info: TopicInfo | undefined;
  /** The task's number. */
  readonly taskNumber: number;
  /** The wall clock, in milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Makes the rows of one sink of one task. A row is complete: it is checked against everything that its target could
 * refuse for good. This happens before the commit, so that nothing can fail after it.
 */
export interface RowEncoder<R = unknown> {
  /** Makes the row of a value. Throws when the value cannot become a row, or its target does not take the row. */
  result(value: unknown, at: ResultAt): R;
  /** Makes the dead letter of a record that was refused. Throws when the target does not take it. */
  refused(record: InputRecord, refusal: Refusal): R;
  /** Makes the dead letter of a window's result, or a timer, that could not be delivered. Throws when the target does not take it. */
  undelivered(pane: UndeliveredPane, refusal: Refusal): R;
  /** How much a row adds to the size of its epoch, in bytes. */
  bytes(row: R): number;
}

/** The position of a record, as messages and dead letters write it. */
export function positionOf({ topic, partition, offset }: Pick<InputRecord, "topic" | "partition" | "offset">): string {
  return `${topic}/${partition}@${offset}`;
}
