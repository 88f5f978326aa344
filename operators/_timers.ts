/**
 * Timers of a stage: durable timers by key and time, which fire in order.
 *
 * A durable timer is a cell of a keyed state. Its time is the namespace; its value is a sequence number, in the order
 * in which timers were set. In memory a heap holds the cells, so a watermark costs only the timers that it fires.
 *
 * Invariants:
 * - timers fire in the order of their times, and those of one time in the order in which they were set;
 * - a timer is removed before it fires;
 * - a timer that is set while others fire, for a time that has been reached, fires with them.
 *
 * @module
 */
import { type Due, fireByWallClock, fireDue } from "./_due.ts";
import { Heap } from "./_heap.ts";
import { WAIT_NEXT, WAIT_SIZE } from "./_limits.ts";
import type { Stage } from "./_stage.ts";
import type { PaneAtHand } from "./_task.ts";
import { TimerQueue } from "./_timer_queue.ts";
import { tellUpcoming } from "./_upcoming.ts";
import type { TimeWindow } from "./_window_result.ts";
import type { Cell, Key, KeyedState } from "./keyed_state.ts";

export { type Due, fireDue };

/**
 * Called when a timer fires. The current event time is the timer's; one of processing time has none. `memo` is what was
 * given when the timer was set, or `undefined` after a restart.
 */
export type FireTimer<K extends Key = Key> = (key: K, time: number, memo: unknown) => void;

/** Options of a stage's timers. */
export interface TimersOptions {
  /** Whether they fire by the watermark or by the wall clock. @default "event" */
  readonly time?: "event" | "processing";
  /** The name of their state, appended to the stage's. @default "timers" */
  readonly part?: string;
}

/** The timers of a stage, for its operator. */
export interface Timers<K extends Key = Key> {
  /** How many are set. */
  readonly size: number;
  /**
   * Sets a timer, in milliseconds. Setting the same timer again changes nothing: it fires once.
   *
   * @param memo given to the function that fires it, to save a look-up. It is in memory only
   */
  set(key: K, time: number, memo?: unknown): void;
  /** Deletes a timer, if it is set. */
  delete(key: K, time: number): void;
}

/** Durable timers. */
export class TimerService<K extends Key = Key> implements Timers<K>, Due {
  readonly #state: KeyedState<K, number>;
  readonly #queue = new TimerQueue<Cell<K, number>>(isSet);
  readonly #processing: boolean;
  /** Called when the next time may have changed, where the wall clock fires them. */
  readonly #changed: (() => void) | undefined;
  #sequence = 0;
  #sealed = false;

  private constructor(readonly stage: Stage, readonly fireTimer: FireTimer<K>, readonly options: TimersOptions) {
    const { time = "event", part = "timers" } = options;
    this.#state = stage.state<K, number>({ part, namespaced: true });
    for (const time of this.#state.namespaces()) {
      for (const cell of this.#state.cells(time)) {
        this.#queue.push(time, cell.value!, cell);
        if (cell.value! > this.#sequence) this.#sequence = cell.value!;
      }
    }
    this.#processing = time === "processing";
    if (time === "event") {
      stage.due(this);
      tellUpcoming(stage, this);
    } else this.#changed = fireByWallClock(stage, this);
  }

  static open<K extends Key>(stage: Stage, fire: FireTimer<K>, options: TimersOptions): Timers<K> {
    const timers = new TimerService(stage, fire, options);
    stage.tally.timers.push(timers);
    return timers;
  }

  get size(): number {
    return this.#state.size;
  }

  get next(): number {
    return this.#queue.next;
  }

  set(key: K, time: number, memo?: unknown): void {
    if (!Number.isSafeInteger(time)) {
      throw new RangeError(`Cannot set a timer of ${this.stage.label}: its time must be a safe integer, is ${time}`);
    }
    const cell = this.#state.cell(key, time);
    if (cell.value !== undefined) return;
    const sequence = ++this.#sequence;
    this.#state.write(cell, sequence);
    if (this.#sealed) return;
    this.#queue.push(time, sequence, cell, memo);
    this.#changed?.();
  }

  delete(key: K, time: number): void {
    const cell = this.#state.find(key, time);
    if (cell === undefined) return;
    this.#state.write(cell, undefined);
    this.#queue.forget();
    this.#changed?.();
  }

  fire(): void {
    const { stage } = this;
    const time = this.next;
    const cell = this.#queue.take(), { memo } = this.#queue;
    const sequence = cell.value!;
    this.#state.write(cell, undefined);
    const eventTime = this.#processing ? NaN : time;
    if (stage.alone) stage.atTimerAlone(eventTime, cell.key, time, this.fireTimer, memo);
    else stage.atTimer(this.#paneOf(cell, sequence), eventTime, () => this.fireTimer(cell.key, time, memo));
  }

  seal(): void {
    this.#sealed = true;
  }

  #paneOf({ key, namespace }: Cell<K, number>, index: number): PaneAtHand {
    const timer = this.#processing ? "processing" : "event";
    return { state: this.#state.name, key, namespace, index, result: undefined, timer };
  }
}

/** Whether a timer is still set, and not deleted, or deleted and set anew. */
function isSet({ value }: Cell<Key, number>, sequence: number): boolean {
  return value === sequence;
}

/** Due entries in memory only. For a stage that finds its entries again in its own state after a restart. */
export class Calendar implements Due {
  readonly #times = new Heap();
  readonly #entries = new Map<number, number[]>();
  /** A field and not a getter, because each watermark reads it. */
  next = Infinity;
  #size = 0;
  /** Where the job reads both, if it does. */
  #told: Float64Array | undefined;
  #at = 0;
  /** The window of the next entry, where entries are windows that the job tells of. */
  window: (() => TimeWindow) | undefined = undefined;

  /** @param act called when an entry is due */
  constructor(readonly act: (entry: number, time: number) => void) {}

  /** How many entries it has. */
  get size(): number {
    return this.#size;
  }

  tellTo(numbers: Float64Array, at: number): void {
    this.#told = numbers;
    this.#at = at;
    this.#tell();
  }

  #tell(): void {
    if (this.#told === undefined) return;
    this.#told[this.#at + WAIT_NEXT] = this.next;
    this.#told[this.#at + WAIT_SIZE] = this.#size;
  }

  /** An entry that is due next; `undefined` when there is none. */
  get first(): number | undefined {
    return this.#entries.get(this.next)?.[0];
  }

  /** Adds an entry at a time. Adding it again changes nothing. */
  set(time: number, entry: number): void {
    const entries = this.#entries.get(time);
    if (entries === undefined) {
      this.#entries.set(time, [entry]);
      this.#times.push(time);
      if (time < this.next) this.next = time;
    } else if (entries.includes(entry)) return;
    else entries.push(entry);
    this.#size++;
    this.#tell();
  }

  fire(): void {
    const time = this.#times.pop()!;
    this.next = this.#times.least ?? Infinity;
    const entries = this.#entries.get(time)!;
    this.#entries.delete(time);
    this.#size -= entries.length;
    this.#tell();
    for (const entry of entries) this.act(entry, time);
  }
}
