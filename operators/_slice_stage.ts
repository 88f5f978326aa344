/**
 * Windows that overlap and share slices: a value is added to one slice, however many windows hold it. The value of a
 * window is merged from its slices when it fires.
 *
 * Time is cut where a window begins or ends, so that a window is a row of whole slices. Cutting at both is due to
 * Krishnamurthy, Wu and Franklin, "On-the-fly Sharing for Streamed Aggregation" (2006), "paired windows".
 *
 * A slice's start is the namespace of its cells. The slices of a key are also found by the key, in memory only.
 *
 * Invariants:
 * - a window whose last millisecond is at or before the watermark has fired, and never fires on time again;
 * - a slice is there until the last window that holds it is gone;
 * - a value is late when the last window that holds it is gone.
 *
 * @module
 */
import { accumulateOf } from "./_aggregate.ts";
import { KeySlices, type Slot } from "./_key_slices.ts";
import { PaneOutput } from "./_pane_output.ts";
import { type Slicer, slicesOf, windowsOf } from "./_slicers.ts";
import type { Stage } from "./_stage.ts";
import { Calendar } from "./_timers.ts";
import { tellUpcoming, upcomingWindows } from "./_upcoming.ts";
import { tooMany } from "./_too_many.ts";
import type { WindowPlan } from "./_window_options.ts";
import type { WindowResult } from "./_window_result.ts";
import type { Cell, Key, KeyedState } from "./keyed_state.ts";

/** A slice that some keys have values in. */
class Slice<K extends Key, A> {
  readonly members: KeySlices<K, A>[] = [];

  /** @param gone when the last window that holds it is gone; NaN if no window does */
  constructor(readonly start: number, readonly gone: number) {}
}

/** The windows of one subscription. */
export class SliceStage<T, K extends Key, A, R> {
  readonly #slots: KeyedState<K, Slot<A>>;
  /** How many results each key and window has had. Only for windows that are kept after they have fired. */
  readonly #counts: KeyedState<K, number> | undefined;
  readonly #output: PaneOutput<T, K, A, R>;
  readonly #keys = new Map<K, KeySlices<K, A>>();
  readonly #slices = new Map<number, Slice<K, A>>();
  /** The slice of the last value. */
  #current = new Slice<K, A>(NaN, NaN);
  #firings = 0;
  readonly #complete = new Calendar((window) => this.#fire(window));
  readonly #gone = new Calendar((window) => this.#counts!.drop(window));
  readonly #expired = new Calendar((start) => this.#drop(start));

  constructor(
    readonly stage: Stage<WindowResult<T, K, R>>,
    readonly plan: WindowPlan<T, K, A, R>,
    readonly slicer: Slicer,
  ) {
    const { version, migrate, allowedLateness, onClose } = plan;
    this.#slots = stage.state<K, Slot<A>>({
      part: "slices",
      namespaced: true,
      version,
      migrate: migrate && ((slot, from) => [migrate((slot as Slot<unknown>)[0], from)]),
    });
    if (allowedLateness > 0 && !onClose) {
      this.#counts = stage.state<K, number>({ part: "panes", namespaced: true });
    }
    this.#output = new PaneOutput(stage, this.#slots.name, plan);
    stage.side("late");
    // What fires goes before what expires at the same time.
    stage.due(this.#complete);
    stage.due(this.#gone);
    stage.due(this.#expired);
    tellUpcoming(stage, upcomingWindows(this.#complete, (window) => slicer.span(window)));
  }

  /** How many slices and keys are in memory. */
  get kept(): number {
    return this.#slices.size + this.#keys.size;
  }

  /** Schedules the windows of the checkpoint. */
  open(): void {
    for (const start of this.#slots.namespaces()) {
      const slice = this.#sliceAt(start);
      for (const cell of this.#slots.cells(start)) {
        slice.members.push(this.#link(cell, this.#keys.get(cell.key)));
      }
    }
    for (const window of this.#counts?.namespaces() ?? []) this.#expectGone(window);
  }

  /** Adds a value to its slice. */
  add(value: T, key: K): void {
    const { stage, plan } = this;
    const start = this.slicer.sliceOf(stage.eventTime());
    const slice = start === this.#current.start ? this.#current : this.#sliceAt(start);
    if (Number.isNaN(slice.gone)) return;
    if (slice.gone <= stage.scope.watermark) return stage.late(value, slice.gone);
    const slots = this.#slots;
    const slices = this.#keys.get(key);
    const at = slices === undefined ? -1 : slices.indexOf(start);
    if (at === -1) return this.#begin(value, key, slice, slices);
    const cell = slices!.cells[at];
    const slot = cell.value!;
    slots.touch(cell);
    slot[0] = plan.pure ? plan.aggregate.add(slot[0], value) : this.#added(slot[0], value, key);
    slots.write(cell, slot);
    slices!.changed(at);
    if (this.#counts !== undefined) this.#updateFired(slices!, start);
  }

  /** Adds the first value of a key to a slice. */
  #begin(value: T, key: K, slice: Slice<K, A>, known: KeySlices<K, A> | undefined): void {
    const { stage, plan } = this;
    const { start } = slice;
    if (plan.maxWindows !== Infinity) this.#limit(key, start, known);
    const cell = this.#slots.cell(key, start);
    if (known === undefined) stage.meet(cell.key);
    const { aggregate } = plan;
    const accumulator = plan.pure ? aggregate.add(aggregate.seed(), value) : this.#added(undefined, value, key);
    this.#slots.write(cell, [accumulator]);
    const slices = this.#link(cell, known);
    slice.members.push(slices);
    if (this.#counts !== undefined) this.#updateFired(slices, start);
  }

  /** Lets a cell be found by its key. */
  #link(cell: Cell<K, Slot<A>>, known: KeySlices<K, A> | undefined): KeySlices<K, A> {
    if (known !== undefined) {
      known.add(cell);
      return known;
    }
    const slices = new KeySlices(cell.key, cell);
    this.#keys.set(cell.key, slices);
    return slices;
  }

  #added(before: A | undefined, value: T, key: K): A {
    return accumulateOf(this.plan.aggregate, before, value, this.stage.label, key);
  }

  /** Emits an update of each window that has fired and is kept. */
  #updateFired(slices: KeySlices<K, A>, start: number): void {
    const { stage, slicer } = this;
    const { watermark } = stage.scope;
    for (let at = slicer.first(start, undefined); !Number.isNaN(at); at = slicer.after(at, start, undefined)) {
      const last = slicer.last(at);
      if (last > watermark || stage.closed) return;
      if (last + this.plan.allowedLateness > watermark) this.#emit(slices, at, "late");
    }
  }

  /** The slice that begins at a time. When it is new, its windows are scheduled. */
  #sliceAt(start: number): Slice<K, A> {
    const found = this.#slices.get(start);
    if (found !== undefined) return this.#current = found;
    const { slicer, plan } = this;
    const { watermark } = this.stage;
    const windows = windowsOf(slicer, start);
    const gone = windows.length === 0 ? NaN : slicer.last(windows.at(-1)!) + plan.allowedLateness;
    const slice = new Slice<K, A>(start, gone);
    // A slice that is late or in no window is not kept.
    if (!(gone > watermark)) return slice;
    this.#slices.set(start, slice);
    this.#expired.set(gone, start);
    for (const window of windows) {
      const due = slicer.last(window) + (plan.onClose ? plan.allowedLateness : 0);
      if (due > watermark) this.#complete.set(due, window);
      else if (this.#counts !== undefined) this.#expectGone(window);
    }
    return this.#current = slice;
  }

  #expectGone(window: number): void {
    const gone = this.slicer.last(window) + this.plan.allowedLateness;
    if (gone > this.stage.watermark) this.#gone.set(gone, window);
    else this.#counts!.drop(window);
  }

  /** Fires a window for every key that has a value in it. */
  #fire(window: number): void {
    const { slicer, stage } = this;
    const firing = ++this.#firings;
    if (this.#counts !== undefined) this.#expectGone(window);
    const within: Slice<K, A>[] = [];
    let cells = 0;
    for (const at of slicesOf(slicer, window)) {
      const slice = this.#slices.get(at);
      if (slice === undefined) continue;
      within.push(slice);
      cells += slice.members.length;
    }
    // All keys, or the keys of each slice: whatever is less to look at.
    if (cells >= this.#keys.size) {
      for (const slices of this.#keys.values()) {
        if (stage.closed) return;
        this.#emit(slices, window, "onTime");
      }
      return;
    }
    for (const { members } of within) {
      for (const slices of members) {
        if (slices.seen === firing) continue;
        slices.seen = firing;
        if (stage.closed) return;
        this.#emit(slices, window, "onTime");
      }
    }
  }

  /** Emits a pane of a key, if it has a value in the window. */
  #emit(slices: KeySlices<K, A>, window: number, pane: "onTime" | "late"): void {
    const span = this.slicer.span(window);
    const slot = slices.merge(this.plan.aggregate as never, span.start, span.end);
    if (slot === undefined) return;
    const { key } = slices;
    let index = 0;
    if (this.#counts !== undefined && this.slicer.last(window) + this.plan.allowedLateness > this.stage.watermark) {
      const cell = this.#counts.cell(key, window);
      index = cell.value ?? 0;
      this.#counts.write(cell, index + 1);
    }
    this.#output.emit(key, window, span, slot[0], pane, index);
  }

  #drop(start: number): void {
    const slice = this.#slices.get(start)!;
    for (const slices of slice.members) {
      slices.remove(start);
      if (slices.cells.length === 0) this.#keys.delete(slices.key);
    }
    this.#slices.delete(start);
    this.#slots.drop(start);
    if (this.#current === slice) this.#current = new Slice<K, A>(NaN, NaN);
  }

  /** Refuses a value that would open more windows of its key than are allowed. */
  #limit(key: K, start: number, slices: KeySlices<K, A> | undefined): void {
    const { slicer, plan, stage } = this;
    const open = new Set<number>();
    for (const one of [...slices?.cells.map(({ namespace }) => namespace) ?? [], start]) {
      for (let at = slicer.first(one, undefined); !Number.isNaN(at); at = slicer.after(at, one, undefined)) {
        if (slicer.last(at) + plan.allowedLateness > stage.watermark) open.add(at);
      }
    }
    if (open.size > plan.maxWindows) throw tooMany(stage.label, key, plan.maxWindows);
  }
}
