/**
 * What every stage of fixed windows does: accumulate by key and window, fire at the watermark, keep for the allowed lateness.
 *
 * Invariants:
 * - a window whose last millisecond is at or before the watermark has fired; it is never fired on time twice;
 * - state is changed before anything is emitted;
 * - what is refused as late is counted, and offered to the late slot.
 *
 * @module
 */
import type { Aggregate } from "./_aggregate.ts";
import { Forwarder } from "./_forward.ts";
import { END_OF_TIME } from "./_limits.ts";
import * as misuse from "./_misuse.ts";
import type { Stage } from "./_operate.ts";
import type { LateSlot } from "./_scope.ts";
import type { WindowResult } from "./_window_result.ts";
import type { Cell, Key, KeyedState } from "./keyed_state.ts";

/** The accumulator of one key and window, and how many results it has had. A tuple, because it is stored as it is. */
type Pane<A> = [accumulator: A, fired: number];

interface WindowStageOptions<T, A, R> {
  readonly name?: string;
  readonly operator: string;
  readonly size: number;
  readonly allowedLateness: number;
  readonly aggregate: Aggregate<T, A, R>;
  readonly version?: number;
  readonly migrate?: (value: unknown, version: number) => A;
}

/** The windows of one subscription. A window is known by its start, which is its cells' namespace. */
export class WindowStage<T, K extends Key, A, R> {
  readonly #state: KeyedState<K, Pane<A>>;
  readonly #forwarder: Forwarder;
  readonly #lateSlot: LateSlot | undefined;
  /** Starts of windows that have not fired, ascending. */
  readonly #waiting: number[] = [];
  /** Starts of windows that have fired and still take late records, ascending. */
  readonly #retained: number[] = [];

  constructor(readonly stage: Stage<WindowResult<T, K, R>>, readonly options: WindowStageOptions<T, A, R>) {
    const { name, operator, version, migrate } = options;
    this.#state = stage.task.openState<K, Pane<A>>({
      name,
      operator,
      namespaced: true,
      version,
      migrate: migrate && ((pane, from) => [migrate((pane as Pane<unknown>)[0], from), (pane as Pane<unknown>)[1]]),
    });
    this.#forwarder = new Forwarder(stage as unknown as Stage<never>, (watermark) => this.#advance(watermark));
    this.#lateSlot = stage.below.findLateSlot();
    if (this.#lateSlot !== undefined) this.#lateSlot.taken = true;
  }

  /** Open windows of the checkpoint wait again; those that had fired are only kept. */
  bound(): void {
    this.#forwarder.bound();
    const { watermark } = this.stage.scope;
    for (const start of this.#state.namespaces()) {
      insert(start + this.options.size - 1 <= watermark ? this.#retained : this.#waiting, start);
    }
  }

  /** The input has really ended: every open window fires, whether or not a `watermark()` has seen the end. */
  complete(): void {
    this.stage.scope.end();
  }

  teardown(): void {
    this.#forwarder.teardown();
  }

  /** Event time of the value at hand. */
  timeOf(): number {
    const { timestamp } = this.stage.task;
    if (Number.isNaN(timestamp)) throw misuse.noEventTime(this.stage.label);
    return timestamp;
  }

  /** Adds a value to the window that begins there. */
  add(value: T, key: K, start: number): void {
    const { size, allowedLateness, aggregate } = this.options;
    const { task, scope, label } = this.stage;
    const last = start + size - 1;
    if (last + allowedLateness <= scope.watermark) return this.#refuse(value);
    const state = this.#state;
    const cell = state.cell(key, start);
    let pane = cell.value;
    if (pane === undefined) {
      task.meet(key, label);
      pane = [aggregate.add(aggregate.seed(), value), 0];
      this.#expect(start, last);
    } else {
      state.touch(cell);
      pane[0] = aggregate.add(pane[0], value);
    }
    state.write(cell, pane);
    if (last <= scope.watermark) this.#late(cell, pane, last);
  }

  #refuse(value: T): void {
    const { task, label } = this.stage;
    task.late++;
    if (this.#lateSlot === undefined) return;
    const before = task.refusal;
    task.refusal = `late for ${label}`;
    try {
      this.#lateSlot.push(value);
    } finally {
      task.refusal = before;
    }
  }

  /** A window has got its first cell. One that has fired and was empty then is only kept. */
  #expect(start: number, last: number): void {
    insert(last <= this.stage.scope.watermark ? this.#retained : this.#waiting, start);
  }

  #late(cell: Cell<K, Pane<A>>, pane: Pane<A>, last: number): void {
    const { task } = this.stage;
    const before = task.timestamp;
    task.timestamp = last;
    try {
      this.#emit(cell, pane, "late", true);
    } finally {
      task.timestamp = before;
    }
  }

  /** The watermark has come this far: fires, drops, and only then forwards it. */
  #advance(watermark: number): void {
    const { size, allowedLateness } = this.options;
    // At the end of time nothing is left open, not even a window that ends beyond it.
    const ended = watermark === END_OF_TIME;
    const due = ended ? this.#waiting.length : count(this.#waiting, watermark - size + 1);
    if (due > 0) this.#fireAll(this.#waiting.splice(0, due), watermark);
    const over = ended ? this.#retained.length : count(this.#retained, watermark - size + 1 - allowedLateness);
    if (over > 0) { for (const start of this.#retained.splice(0, over)) this.#state.drop(start); }
    this.#forwarder.forward();
  }

  #fireAll(starts: readonly number[], watermark: number): void {
    const { size, allowedLateness } = this.options;
    const { task, out } = this.stage;
    const { record, slot, timestamp } = task;
    task.record = undefined;
    task.slot = -1;
    try {
      for (const start of starts) {
        const last = start + size - 1;
        const kept = last + allowedLateness > watermark;
        task.timestamp = last;
        for (const cell of this.#state.cells(start)) {
          if (out.closed) return;
          this.#emit(cell, cell.value!, "onTime", kept);
        }
        if (kept) insert(this.#retained, start);
        else this.#state.drop(start);
      }
    } finally {
      task.record = record;
      task.slot = slot;
      task.timestamp = timestamp;
    }
  }

  #emit(cell: Cell<K, Pane<A>>, pane: Pane<A>, kind: "onTime" | "late", kept: boolean): void {
    const { task, out } = this.stage;
    const { aggregate, size } = this.options;
    const index = pane[1];
    const { key, namespace: start } = cell;
    if (kept) {
      this.#state.touch(cell);
      pane[1] = index + 1;
      this.#state.write(cell, pane);
    }
    const before = task.pane;
    if (task.host !== undefined) {
      const at = { state: this.#state.name, key, namespace: start, index, result: pane[0] };
      if (task.host.skipPane?.(at)) return;
      task.pane = at;
    }
    const value = aggregate.result === undefined ? pane[0] as unknown as R : aggregate.result(pane[0]);
    out.next({ key, window: { start, end: start + size }, value, pane: kind, index });
    // The pane of a failure stays at hand: it is what is to blame.
    if (task.failure === undefined) task.pane = before;
  }
}

/** Puts a start into an ascending list, once. New windows usually come last. */
function insert(starts: number[], start: number): void {
  let at = starts.length;
  while (at > 0 && starts[at - 1] > start) at--;
  if (at > 0 && starts[at - 1] === start) return;
  starts.splice(at, 0, start);
}

/** How many of an ascending list are at or below a bound. */
function count(starts: readonly number[], bound: number): number {
  let n = 0;
  while (n < starts.length && starts[n] <= bound) n++;
  return n;
}
