/**
 * Pairs of two streams within one window, of windows that are aligned with the clock or a calendar.
 *
 * A value is kept once, in the slice of time that it belongs to, however many windows hold it. When the watermark
 * reaches the end of a window, its rows are emitted, key by key, from all of its slices.
 *
 * Invariants:
 * - a window whose last millisecond is at or before the watermark has fired;
 * - a slice is there until the last window that holds it has fired, and its values are out of the state before the rows
 *   of that window are emitted;
 * - a value is late when the last window that holds it has fired.
 *
 * @module
 */
import type { TwoHandlers } from "./_operate.ts";
import { type Slicer, slicesOf, windowsOf } from "./_slicers.ts";
import type { Stage } from "./_stage.ts";
import { Calendar } from "./_timers.ts";
import { tellUpcoming, upcomingWindows } from "./_upcoming.ts";
import { type WindowJoinRules, WindowJoinValues } from "./_window_join_values.ts";
import type { Key, KeyedList } from "./keyed_state.ts";

/** A slice that values belong to. */
interface Slice {
  readonly start: number;
  /** When its last window fires; NaN if no window holds it. */
  readonly gone: number;
}

/** The stage of one subscription. */
export class WindowJoinStage<L, R, K extends Key, O> implements TwoHandlers<L, R> {
  readonly left: (value: L) => void;
  readonly right: (value: R) => void;
  readonly #values: WindowJoinValues<L, R, K, O>;
  /** The slices whose windows are scheduled, by their starts. */
  readonly #slices = new Map<number, Slice>();
  /** The slice of the last value; the next value mostly belongs to it. */
  #current = NO_SLICE;
  readonly #complete = new Calendar((window) => this.#fire(window));

  constructor(readonly stage: Stage<O>, readonly slicer: Slicer, rules: WindowJoinRules<L, R, K, O>) {
    const values = this.#values = new WindowJoinValues(stage, rules, !slicer.whole);
    this.left = this.#taking(rules.key, values.lefts);
    this.right = this.#taking(rules.rightKey, values.rights);
    stage.due(this.#complete);
    tellUpcoming(stage, upcomingWindows(this.#complete, (window) => slicer.span(window)));
  }

  /** Schedules the windows of the checkpoint. If the slices are other ones now, values are moved to those. */
  open(): void {
    const { slicer } = this;
    const values = this.#values;
    for (const place of values.places()) {
      const start = slicer.whole ? place : slicer.sliceOf(place);
      if (start !== place) values.move(place, start);
      if (Number.isNaN(this.#sliceAt(start, true).gone)) values.drop(start);
    }
  }

  /** Makes the function that takes the values of a side. */
  #taking<V>(key: (value: V) => K, lists: KeyedList<K, V | readonly [number, V]>): (value: V) => void {
    const { stage, slicer } = this;
    const { scope } = stage;
    const values = this.#values;
    return (value) => {
      const by = key(value);
      const start = slicer.sliceOf(stage.eventTime());
      const { gone } = start === this.#current.start ? this.#current : this.#sliceAt(start);
      if (Number.isNaN(gone)) return;
      if (gone <= scope.watermark) return stage.late(value, gone);
      let list = lists.find(by, start);
      if (list === undefined) {
        stage.meet(by);
        list = lists.cell(by, start);
      }
      values.append(list, value);
    };
  }

  /**
   * The slice that begins at a time. When it is new, its windows are scheduled.
   *
   * @param kept whether it has values. Then its last window fires even if the watermark has passed it
   */
  #sliceAt(start: number, kept = false): Slice {
    const found = this.#slices.get(start);
    if (found !== undefined) return this.#current = found;
    const { slicer } = this;
    const { watermark } = this.stage;
    const windows = windowsOf(slicer, start);
    const slice = { start, gone: windows.length === 0 ? NaN : slicer.last(windows.at(-1)!) };
    // A slice that is in no window, or late, is not kept.
    if (Number.isNaN(slice.gone) || (slice.gone <= watermark && !kept)) return slice;
    this.#slices.set(start, slice);
    for (const window of windows) {
      const last = slicer.last(window);
      if (last > watermark || last === slice.gone) this.#complete.set(last, window);
    }
    return this.#current = slice;
  }

  #fire(window: number): void {
    const { slicer, stage } = this;
    const values = this.#values;
    const { lefts, rights } = values;
    const time = slicer.last(window);
    const places = slicesOf(slicer, window).filter((start) => this.#slices.has(start));
    const over = new Set(places.filter((start) => this.#slices.get(start)!.gone === time));
    // A row may cause values of a slice that is over. They are late.
    for (const start of over) this.#slices.delete(start);
    this.#current = NO_SLICE;
    const firing = { places, over, last: values.last };
    // The values of a whole window are removed, so that its keys are met once anyway.
    const met = slicer.whole ? undefined : new Set<K>();
    for (const place of places) {
      for (const list of lefts.cells(place)) {
        const { key } = list;
        if (stage.closed) return;
        if (met?.has(key)) continue;
        met?.add(key);
        const ofLeft = values.take(lefts, key, firing, list);
        values.emit(window, time, key, ofLeft, values.take(rights, key, firing));
      }
    }
    // The keys that are left have values on the right side only.
    for (const place of places) {
      for (const list of rights.cells(place)) {
        const { key } = list;
        if (stage.closed) return;
        if (met?.has(key)) continue;
        met?.add(key);
        values.emit(window, time, key, [], values.take(rights, key, firing, list));
      }
    }
  }
}

const NO_SLICE: Slice = { start: NaN, gone: NaN };
