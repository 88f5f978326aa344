/**
 * A look back from each record of a key: over the records of the last so many milliseconds, or over the last so many
 * records.
 *
 * Records are kept in a map for each key, by their number in the order in which they came. In memory each record that
 * counts is a slice of its own (`_key_slices.ts`), so that the value of a look back costs a constant number of merges.
 * Records at the same time are one slice where time counts: each of them sees the others.
 *
 * Invariants:
 * - a record is late when the watermark has reached its time;
 * - where results are ordered, a record has been emitted when the watermark has reached its time, and not before;
 * - a record is removed when no record to come can look back at it.
 *
 * @module
 */
import { accumulate, type Aggregate } from "./_aggregate.ts";
import { Agenda } from "./_agenda.ts";
import { KeySlices, type Slot } from "./_key_slices.ts";
import { copyOf, copyWherePlain, notKept } from "./_own.ts";
import type { Stage } from "./_stage.ts";
import type { WindowPlan } from "./_window_options.ts";
import type { WindowResult } from "./_window_result.ts";
import type { Cell, Key, KeyedEntries, KeyedMap } from "./keyed_state.ts";

/** A result of a look back: the record, and the aggregate of what it looks back at. */
export interface OverResult<T, K extends Key, R> extends WindowResult<T, K, R> {
  /** The record. */
  readonly record: T;
}

/** How far a record looks back. */
export interface Reach {
  /** Milliseconds, or `undefined` when records are counted. */
  readonly range: number | undefined;
  /** Records, the record itself included. */
  readonly rows: number;
  /** Whether results come in the order of event time. */
  readonly ordered: boolean;
}

/** A kept record in the state. */
type Kept<T> = [time: number, value: T];

/** A kept record in memory, with its number. */
interface Numbered<T> {
  readonly number: number;
  readonly time: number;
  readonly value: T;
}

/** The records of one slice. Its namespace is their time, or how many records had counted before it. */
interface Looked<K extends Key, A> extends Cell<K, Slot<A>> {
  readonly time: number;
  readonly numbers: number[];
}

/** What is in memory of one key. */
interface Past<T, K extends Key, A> {
  readonly key: K;
  readonly kept: KeyedEntries<K, number, Kept<T>>;
  /** Records that wait for the watermark, by time and then by number. */
  readonly waiting: Numbered<T>[];
  slices: KeySlices<K, A> | undefined;
  /** The number of the next record. */
  next: number;
  /** How many records have counted. */
  counted: number;
}

/** The look backs of one subscription. */
export class OverStage<T, K extends Key, A, R> {
  readonly #records: KeyedMap<K, number, Kept<T>>;
  readonly #pasts = new Map<K, Past<T, K, A>>();
  readonly #aggregate: Aggregate<T, A, unknown>;
  readonly #due = new Agenda<Past<T, K, A>>((past, time) => this.#reach(past, time));
  readonly #gone = new Agenda<Past<T, K, A>>((past, time) => this.#forget(past, time));

  constructor(
    readonly stage: Stage<OverResult<T, K, R>>,
    readonly plan: WindowPlan<T, K, A, R>,
    readonly reach: Reach,
  ) {
    this.#records = stage.maps<K, number, Kept<T>>();
    this.#aggregate = plan.aggregate as Aggregate<T, A, unknown>;
    stage.side("late");
    // What is emitted goes before what is removed at the same time.
    stage.due(this.#due);
    stage.due(this.#gone);
  }

  /** How many keys and records are in memory. */
  get kept(): number {
    return this.#pasts.size + this.#due.size + this.#gone.size;
  }

  /** Builds what is in memory from the records of the checkpoint. */
  open(): void {
    const { watermark } = this.stage;
    const { range, ordered } = this.reach;
    for (const kept of this.#records.cells(0)) {
      const past = this.#pastOf(kept.key);
      const records = [...kept.entries()].map(([number, [time, value]]) => ({ number, time, value }));
      records.sort((a, b) => ordered && a.time !== b.time ? a.time - b.time : a.number - b.number);
      for (const record of records) {
        const { number, time } = record;
        past.next = Math.max(past.next, number + 1);
        if (ordered && time > watermark) {
          past.waiting.push(record);
          this.#due.set(time, past);
        } else {
          this.#count(past, record);
          if (range !== undefined) this.#gone.set(time + range, past);
        }
      }
    }
  }

  /** Takes a record. */
  add(value: T, key: K): void {
    const { stage } = this;
    const { range, ordered } = this.reach;
    // The last records by arrival need no time.
    const time = ordered || range !== undefined ? stage.eventTime() : stage.at.time;
    if (time <= stage.scope.watermark) return stage.late(value);
    const own = this.#own(value, key);
    if (!this.#pasts.has(key)) stage.meet(key);
    const past = this.#pastOf(key);
    const record = { number: past.next++, time, value: own };
    past.kept.set(record.number, [time, own]);
    if (ordered) {
      const { waiting } = past;
      let at = waiting.length;
      while (at > 0 && waiting[at - 1].time > time) at--;
      waiting.splice(at, 0, record);
      return this.#due.set(time, past);
    }
    const slice = this.#count(past, record);
    const [accumulator, start] = this.#look(past, slice);
    if (range === undefined) this.#trim(past);
    else this.#gone.set(time + range, past);
    this.#emit(past.key, value, time, accumulator, start);
  }

  #own(value: T, key: K): T {
    try {
      return copyOf(value);
    } catch (error) {
      throw notKept(error, this.stage.label, key);
    }
  }

  #pastOf(key: K): Past<T, K, A> {
    const found = this.#pasts.get(key);
    if (found !== undefined) return found;
    const kept = this.#records.cell(key);
    const past: Past<T, K, A> = { key: kept.key, kept, waiting: [], slices: undefined, next: 0, counted: 0 };
    this.#pasts.set(kept.key, past);
    return past;
  }

  /** Lets a record count, and returns its slice. */
  #count(past: Past<T, K, A>, { number, time, value }: Numbered<T>): Looked<K, A> {
    const { pure } = this.plan;
    const aggregate = this.#aggregate;
    const place = this.reach.range === undefined ? past.counted : time;
    past.counted++;
    const at = past.slices?.indexOf(place) ?? -1;
    if (at !== -1) {
      const slice = past.slices!.cells[at] as Looked<K, A>;
      const slot = slice.value!;
      slot[0] = pure ? aggregate.add(slot[0], value) : accumulate(aggregate, slot[0], value);
      slice.numbers.push(number);
      past.slices!.changed(at);
      return slice;
    }
    const accumulator = pure ? aggregate.add(aggregate.seed(), value) : accumulate(aggregate, undefined, value);
    const slice: Looked<K, A> = { key: past.key, namespace: place, value: [accumulator], time, numbers: [number] };
    if (past.slices === undefined) past.slices = new KeySlices(past.key, slice);
    else past.slices.add(slice);
    return slice;
  }

  /** The accumulator of a look back from a slice, and the beginning of its window. */
  #look({ slices }: Past<T, K, A>, { namespace, time }: Looked<K, A>): [A, number] {
    const { range, rows } = this.reach;
    const start = range === undefined ? namespace - rows + 1 : time - range;
    const [accumulator] = slices!.merge(this.#aggregate as never, start, namespace + 1)!;
    if (range !== undefined) return [accumulator, start];
    const { cells } = slices!;
    return [accumulator, (cells[Math.max(0, cells.length - rows)] as Looked<K, A>).time];
  }

  /** The watermark has reached a time: its records count, and are emitted. */
  #reach(past: Past<T, K, A>, time: number): void {
    const { range } = this.reach;
    const { waiting } = past;
    let n = 0;
    while (n < waiting.length && waiting[n].time <= time) n++;
    // The records of one time have an entry each, and the first one is for all of them.
    if (n === 0) return;
    const records = waiting.splice(0, n);
    if (range !== undefined) {
      let slice: Looked<K, A> | undefined;
      for (const record of records) slice = this.#count(past, record);
      this.#gone.set(time + range, past);
      const [accumulator, start] = this.#look(past, slice!);
      records.forEach(({ value }, index) => this.#fire(past.key, value, time, accumulator, start, index));
      return;
    }
    for (const [index, record] of records.entries()) {
      const slice = this.#count(past, record);
      const [accumulator, start] = this.#look(past, slice);
      this.#trim(past);
      this.#fire(past.key, record.value, time, accumulator, start, index);
    }
  }

  #fire(key: K, value: T, time: number, accumulator: A, start: number, index: number): void {
    const { stage } = this;
    if (stage.closed) return;
    const at = { state: this.#records.name, key, namespace: time, index, result: accumulator };
    stage.atTimer(at, time, () => this.#emit(key, copyWherePlain(value), time, accumulator, start));
  }

  #emit(key: K, record: T, time: number, accumulator: A, start: number): void {
    const window = { start, end: time + 1 };
    const value = this.plan.valueOf(accumulator, window, key);
    this.stage.emitAt({ key, window, value, pane: "onTime", index: 0, record }, time);
  }

  /** Removes what no record to come looks back at, because it is too old. */
  #forget(past: Past<T, K, A>, time: number): void {
    const oldest = time - this.reach.range!;
    while (past.slices!.cells.length > 0 && past.slices!.cells[0].namespace <= oldest) this.#removeOldest(past);
    this.#leave(past);
  }

  /** Removes what no record to come looks back at, because enough records have come since. */
  #trim(past: Past<T, K, A>): void {
    while (past.slices!.cells.length > this.reach.rows - 1) this.#removeOldest(past);
    this.#leave(past);
  }

  #removeOldest({ slices, kept }: Past<T, K, A>): void {
    const slice = slices!.cells[0] as Looked<K, A>;
    for (const number of slice.numbers) kept.set(number, undefined);
    slices!.remove(slice.namespace);
  }

  /** Forgets a key without records. */
  #leave({ key, kept }: Past<T, K, A>): void {
    if (kept.size === 0) this.#pasts.delete(key);
  }
}
