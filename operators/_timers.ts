/**
 * Timers of a stage: durable timers by key and time, which fire in order.
 *
 * A durable timer is a cell of a keyed state. Its time is the namespace; its value is a sequence number, in the order
 * in which timers were set. In memory a heap holds the times, so a watermark costs only the timers that it fires.
 *
 * Invariants:
 * - timers fire in the order of their times, and those of one time in the order in which they were set;
 * - a timer is removed before it fires;
 * - a timer that is set while others fire, for a time that has been reached, fires with them.
 *
 * @module
 */
import { Heap } from "./_heap.ts";
import type { Stage } from "./_stage.ts";
import type { PaneAtHand } from "./_task.ts";
import type { Cell, Key, KeyedState } from "./keyed_state.ts";

/** Called when a timer fires. The current event time is the timer's. */
export type FireTimer<K extends Key = Key> = (key: K, time: number) => void;

/** Options of a stage's timers. */
export interface TimersOptions {
  /** Whether they fire by the watermark or by the wall clock. @default "event" */
  readonly time?: "event" | "processing";
  /** The name of their state, appended to the stage's. @default "timers" */
  readonly part?: string;
}

/** Timers as an operator sees them. */
export interface Timers<K extends Key = Key> {
  /** How many are set. */
  readonly size: number;
  /** Sets a timer, in milliseconds. Setting the same timer again changes nothing: it fires once. */
  set(key: K, time: number): void;
  /** Deletes a timer, if it is set. */
  delete(key: K, time: number): void;
}

/** A service of a stage that has entries due at certain times. */
export interface Due {
  /** The time of the next due entry; Infinity when there is none. */
  readonly next: number;
  /** Runs the entries that are due at `next`. */
  fire(): void;
  /** The end of time is reached: entries that are set from now on do not fire. */
  seal?(): void;
}

/** Runs all entries that are due up to a time, in order. */
export function fireDue(stage: Stage, services: readonly Due[], limit: number): void {
  while (!stage.closed) {
    let least: Due | undefined;
    for (const service of services) if (least === undefined || service.next < least.next) least = service;
    if (least === undefined || least.next === Infinity || least.next > limit) return;
    least.fire();
  }
}

/** Durable timers. */
export class TimerService<K extends Key = Key> implements Timers<K>, Due {
  readonly #state: KeyedState<K, number>;
  readonly #times = new Heap();
  /** How many timers are set for each time. */
  readonly #counts = new Map<number, number>();
  #sequence = 0;
  #sealed = false;

  private constructor(readonly stage: Stage, readonly fireTimer: FireTimer<K>, readonly options: TimersOptions) {
    const { time = "event", part = "timers" } = options;
    this.#state = stage.state<K, number>({ part, namespaced: true });
    for (const time of this.#state.namespaces()) {
      let count = 0;
      for (const { value } of this.#state.cells(time)) {
        count++;
        if (value! > this.#sequence) this.#sequence = value!;
      }
      this.#counts.set(time, count);
    }
    this.#times.reset(this.#counts.keys());
    if (time === "event") stage.due(this);
    else this.#tickWith(stage);
  }

  static open<K extends Key>(stage: Stage, fire: FireTimer<K>, options: TimersOptions): Timers<K> {
    return new TimerService(stage, fire, options);
  }

  get size(): number {
    return this.#state.size;
  }

  get next(): number {
    for (;;) {
      const least = this.#times.least;
      if (least === undefined) return Infinity;
      if (this.#counts.has(least)) return least;
      this.#times.pop();
    }
  }

  set(key: K, time: number): void {
    if (!Number.isSafeInteger(time)) {
      throw new RangeError(`Cannot set a timer of ${this.stage.label}: its time must be a safe integer, is ${time}`);
    }
    const cell = this.#state.cell(key, time);
    if (cell.value !== undefined) return;
    this.#state.write(cell, ++this.#sequence);
    const count = this.#counts.get(time);
    this.#counts.set(time, (count ?? 0) + 1);
    if (count === undefined && !this.#sealed) this.#times.push(time);
  }

  delete(key: K, time: number): void {
    const cell = this.#state.find(key, time);
    if (cell === undefined) return;
    this.#remove(cell);
    // Times without timers are skipped when they are reached, and removed when there are many of them.
    if (this.#times.size > 2 * this.#counts.size + 64) this.#times.reset(this.#counts.keys());
  }

  fire(): void {
    const { stage } = this;
    const time = this.next;
    const due = [...this.#state.cells(time)].map((cell) => ({ cell, sequence: cell.value! }));
    due.sort((a, b) => a.sequence - b.sequence);
    for (const { cell, sequence } of due) {
      if (stage.closed) return;
      // A timer that fired before may have deleted this one.
      if (cell.value !== sequence) continue;
      this.#remove(cell);
      stage.atTimer(this.#paneOf(cell, sequence), time, () => this.fireTimer(cell.key, time));
    }
  }

  seal(): void {
    this.#sealed = true;
  }

  #paneOf({ key, namespace }: Cell<K, number>, index: number): PaneAtHand {
    return { state: this.#state.name, key, namespace, index, result: undefined };
  }

  #remove(cell: Cell<K, number>): void {
    this.#state.write(cell, undefined);
    const count = this.#counts.get(cell.namespace)! - 1;
    if (count > 0) this.#counts.set(cell.namespace, count);
    else this.#counts.delete(cell.namespace);
  }

  /** Fires timers by the wall clock, which only a job has. */
  #tickWith(stage: Stage): void {
    const { task } = stage;
    const tick = (now: number): boolean => {
      if (this.next > now) return false;
      task.enter(() => fireDue(stage, [this], now));
      return true;
    };
    task.tickers.add(tick);
    stage.onClose(() => task.tickers.delete(tick));
  }
}

/** Due entries in memory only. For a stage that finds its entries again in its own state after a restart. */
export class Calendar implements Due {
  readonly #times = new Heap();
  readonly #entries = new Map<number, number[]>();
  /** A field, because each watermark asks for it. */
  next = Infinity;

  /** @param act called when an entry is due */
  constructor(readonly act: (entry: number, time: number) => void) {}

  /** Enters something at a time, once. */
  set(time: number, entry: number): void {
    const entries = this.#entries.get(time);
    if (entries === undefined) {
      this.#entries.set(time, [entry]);
      this.#times.push(time);
      if (time < this.next) this.next = time;
    } else if (!entries.includes(entry)) entries.push(entry);
  }

  fire(): void {
    const time = this.#times.pop()!;
    this.next = this.#times.least ?? Infinity;
    const entries = this.#entries.get(time)!;
    this.#entries.delete(time);
    for (const entry of entries) this.act(entry, time);
  }
}
