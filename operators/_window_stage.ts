/**
 * Windows without a trigger of their own: accumulate by key and window, emit a pane when the watermark reaches a
 * window's end and one for each late record after that, keep windows for the allowed lateness.
 *
 * The windower assigns values to windows, the aggregate computes the value of a pane.
 *
 * Invariants:
 * - a window whose last millisecond is at or before the watermark has fired, and never fires on time again;
 * - state is changed before anything is emitted;
 * - a value is late when all of its windows are removed; it is counted once, and sent to the side output `late`.
 *
 * @module
 */
import { accumulateOf, type Aggregate, keepsNothing, resultOf } from "./_aggregate.ts";
import type { Stage } from "./_stage.ts";
import { Calendar } from "./_timers.ts";
import { lateFor, tellUpcoming, upcomingWindows } from "./_upcoming.ts";
import type { WindowResult } from "./_window_result.ts";
import type { Windower } from "./_windower.ts";
import type { Cell, Key, KeyedState } from "./keyed_state.ts";

/**
 * The accumulator of one key and window, and how many results it has emitted. A tuple, because a checkpoint stores it
 * unchanged.
 */
type Pane<A> = [accumulator: A, fired: number];

interface WindowStageOptions<T, A, R> {
  readonly windower: Windower<T>;
  readonly aggregate: Aggregate<T, A, R>;
  readonly allowedLateness: number;
  readonly version?: number;
  readonly migrate?: (value: unknown, version: number) => A;
}

/** The windows of one subscription. A window's number is the namespace of its cells. */
export class WindowStage<T, K extends Key, A, R> {
  readonly #state: KeyedState<K, Pane<A>>;
  /** Whether the aggregate keeps no reference to values, so that they need no copy. */
  readonly #pure: boolean;
  /** The window that was scheduled last; the next new cell mostly belongs to it. NaN if it has fired since. */
  #expected = NaN;
  /** When each waiting window is complete. It is rebuilt from the cells after a restart. */
  readonly #complete = new Calendar((window) => this.#fire(window));
  /** When each fired window is removed. */
  readonly #gone = new Calendar((window) => this.#drop(window));

  constructor(readonly stage: Stage<WindowResult<T, K, R>>, readonly options: WindowStageOptions<T, A, R>) {
    const { version, migrate, aggregate } = options;
    this.#pure = keepsNothing(aggregate);
    this.#state = stage.state<K, Pane<A>>({
      namespaced: true,
      plain: this.#pure && migrate === undefined,
      version,
      migrate: migrate && ((pane, from) => [migrate((pane as Pane<unknown>)[0], from), (pane as Pane<unknown>)[1]]),
    });
    stage.side("late");
    stage.due(this.#complete);
    stage.due(this.#gone);
    tellUpcoming(stage, upcomingWindows(this.#complete, (window) => options.windower.span(window)));
  }

  /** Schedules the windows of the checkpoint: open ones to fire, fired ones to be removed. */
  open(): void {
    for (const start of this.#state.namespaces()) {
      this.#expect(start);
    }
  }

  /** Adds a value to its windows. */
  add(value: T, key: K): void {
    const { windower, aggregate, allowedLateness } = this.options;
    const { stage } = this;
    const { scope } = stage;
    const state = this.#state;
    const time = stage.eventTime();
    let refused = true;
    for (let at = windower.first(time, value); !Number.isNaN(at); at = windower.after(at, time, value)) {
      const last = windower.last(at);
      if (last + allowedLateness <= scope.watermark) continue;
      refused = false;
      const cell = state.cell(key, at);
      let pane = cell.value;
      if (pane === undefined) {
        stage.meet(cell.key);
        pane = [this.#pure ? aggregate.add(aggregate.seed(), value) : this.#addCopied(undefined, value, key), 0];
        this.#expect(at);
      } else {
        state.touch(cell);
        pane[0] = this.#pure ? aggregate.add(pane[0], value) : this.#addCopied(pane[0], value, key);
      }
      state.write(cell, pane);
      if (last <= scope.watermark) this.#emit(cell, pane, "late", true);
    }
    if (refused) lateFor(stage, value, { windower, time, allowedLateness });
  }

  #addCopied(before: A | undefined, value: T, key: K): A {
    return accumulateOf(this.options.aggregate, before, value, this.stage.label, key);
  }

  /**
   * Schedules the window of a new cell, if it is not scheduled yet. A window behind the watermark had nothing to fire
   * at its end, so only its removal is scheduled.
   */
  #expect(window: number): void {
    if (window === this.#expected) return;
    this.#expected = window;
    const { windower, allowedLateness } = this.options;
    const last = windower.last(window);
    if (last > this.stage.watermark) this.#complete.set(last, window);
    else this.#gone.set(last + allowedLateness, window);
  }

  #fire(window: number): void {
    this.#expected = NaN;
    const { windower, allowedLateness } = this.options;
    const { stage } = this;
    const last = windower.last(window);
    const kept = last + allowedLateness > stage.watermark;
    // A pane may cause values with new keys in this window. They are late and are not in this list.
    for (const cell of this.#state.cells(window)) {
      if (stage.closed) return;
      this.#emit(cell, cell.value!, "onTime", kept);
    }
    if (kept) this.#gone.set(last + allowedLateness, window);
    else this.#drop(window);
  }

  #drop(window: number): void {
    this.#expected = NaN;
    this.#state.drop(window);
  }

  #emit(cell: Cell<K, Pane<A>>, pane: Pane<A>, kind: WindowResult<T, K, R>["pane"], kept: boolean): void {
    const { stage } = this;
    const { aggregate, windower } = this.options;
    const index = pane[1];
    const { key, namespace } = cell;
    if (kept) {
      this.#state.touch(cell);
      pane[1] = index + 1;
      this.#state.write(cell, pane);
    }
    const window = windower.span(namespace);
    if (stage.alone) {
      return stage.emit({ key, window, value: resultOf(aggregate, pane[0]), pane: kind, index }, window.end - 1);
    }
    const at = { state: this.#state.name, key, namespace, index, result: pane[0] };
    stage.atTimer(at, window.end - 1, () => {
      stage.emit({ key, window, value: resultOf(aggregate, pane[0]), pane: kind, index });
    });
  }
}
