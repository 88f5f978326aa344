/**
 * A value in flight: one whose call is not over. What a checkpoint keeps of it, and the push in which its result comes.
 *
 * The checkpoint keeps the record as it was read: its bytes, headers and position. So after a restart a dead letter has
 * the original record, and `recordInfo()` tells what it told before.
 *
 * @module
 */
import { copyOf, notKept } from "./_own.ts";
import type { Hold } from "./_holds.ts";
import type { PaneAtHand, RecordAtHand } from "./_host.ts";
import type { Stage } from "./_stage.ts";
import type { Call } from "./_async_call.ts";
import type { Cell, Key } from "./keyed_state.ts";

/** The window or timer that caused a value. */
type Origin = Pick<PaneAtHand, "state" | "key" | "namespace" | "index">;

/** What the state keeps of a value in flight. */
export interface Kept<T = unknown> {
  /** A copy, which never changes. */
  readonly value: T;
  /** Its event time, in milliseconds; NaN: none. */
  readonly time: number;
  /** The record that it came from, as it was read. */
  readonly record?: RecordAtHand;
  /** The window or timer that caused it, when no record did. */
  readonly origin?: Origin;
}

/** Makes what the state keeps of the value at hand. Throws when the value is not plain data. */
export function keep<T>({ task, label }: Stage, value: T): Kept<T> {
  const { record, pane, timestamp: time } = task;
  let own: T;
  try {
    own = copyOf(value);
  } catch (error) {
    throw notKept(error, label, record === undefined ? undefined : positionOf(record));
  }
  if (record !== undefined) return { value: own, time, record: asRead(record) };
  if (pane === undefined) return { value: own, time };
  const { state, key, namespace, index } = pane;
  return { value: own, time, origin: { state, key, namespace, index } };
}

/** A value in flight. */
export class Flight<T, R> {
  call: Call<T, R> | undefined;
  /** How its call has ended; `undefined` while it has not. */
  outcome: Outcome<R> | undefined;
  /** The next one of its line. */
  next: Flight<T, R> | undefined;
  /** The line in which its result has a place; `undefined` where results come in any order. */
  line: Line<T, R> | undefined;
  #pane: PaneAtHand | undefined;

  constructor(readonly cell: Cell<number, Kept<T>>, readonly kept: Kept<T>, readonly hold: Hold) {}

  /** Identifies it, so that a failure of its result is blamed on it alone. */
  paneIn(state: string): PaneAtHand {
    if (this.#pane !== undefined) return this.#pane;
    const { value, time, record, origin } = this.kept;
    return this.#pane = {
      state,
      key: record === undefined ? origin?.key ?? "" : positionOf(record),
      namespace: Number.isNaN(time) ? 0 : time,
      index: this.cell.key,
      result: value,
      call: { record, keyed: origin !== undefined },
    };
  }
}

/** How a call has ended. Without result and error it is left out. */
export interface Outcome<R> {
  readonly result?: R;
  readonly error?: Error;
  readonly leftOut?: boolean;
}

/** Values in flight whose results keep the order of the values. */
export class Line<T, R> {
  first: Flight<T, R> | undefined;
  #last: Flight<T, R> | undefined;

  constructor(readonly key: Key) {}

  append(flight: Flight<T, R>): void {
    flight.line = this;
    if (this.first === undefined) this.first = flight;
    else this.#last!.next = flight;
    this.#last = flight;
  }

  /** Takes the first one out, if its call is over. */
  shift(): Flight<T, R> | undefined {
    const { first } = this;
    if (first?.outcome === undefined) return undefined;
    this.first = first.next;
    return first;
  }
}

/**
 * Runs a function with the event time and the record of a value in flight. A failure meanwhile is blamed on the value.
 */
export function pushFor<T, R>({ task }: Stage, { kept }: Flight<T, R>, pane: PaneAtHand, run: () => void): void {
  const { timestamp, record, slot, pane: before } = task;
  task.timestamp = kept.time;
  task.record = kept.record;
  task.slot = -1;
  if (task.host !== undefined) task.pane = pane;
  run();
  // After a throw, and after a failure of a stage below, the pane tells which value it was.
  if (task.failure !== undefined) return;
  task.pane = before;
  task.slot = slot;
  task.record = record;
  task.timestamp = timestamp;
}

function positionOf({ topic, partition, offset }: RecordAtHand): string {
  return `${topic}/${partition}@${offset}`;
}

/** A record as plain data. The one of a source may be an object of another kind. */
function asRead(
  { topic, partition, offset, timestamp, key, value = null, headers, origin }: RecordAtHand,
): RecordAtHand {
  const read = { topic, partition, offset, timestamp, key, value };
  const own = headers?.map(([name, bytes]) => [name, bytes] as const);
  return origin === undefined ? { ...read, headers: own } : { ...read, headers: own, origin };
}
