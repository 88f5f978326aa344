/**
 * Windows with triggers: accumulate by key and window, emit panes as the triggers say, keep windows for the allowed
 * lateness.
 *
 * The windower assigns values to windows, the triggers decide when a pane is emitted, the aggregate computes the value
 * of a pane. A window's number is the namespace of its cells. Windows that need none of this are in `_window_stage.ts`,
 * whose stored panes this stage reads.
 *
 * Invariants:
 * - a window whose last millisecond is at or before the watermark has fired, and never fires on time again;
 * - state is changed before anything is emitted;
 * - a value is late when all of its windows are removed; it is counted once, and sent to the side output `late`.
 *
 * @module
 */
import { accumulateOf } from "./_aggregate.ts";
import { Firing } from "./_firing.ts";
import { copyOf } from "./_own.ts";
import { PaneOutput, type Shown } from "./_pane_output.ts";
import type { Stage } from "./_stage.ts";
import { Calendar } from "./_timers.ts";
import { lateFor, tellUpcoming, upcomingWindows } from "./_upcoming.ts";
import { tooMany } from "./_too_many.ts";
import type { WindowPlan } from "./_window_options.ts";
import type { PaneKind, WindowResult } from "./_window_result.ts";
import type { Windower } from "./_windower.ts";
import type { Cell, Key, KeyedState } from "./keyed_state.ts";

/**
 * One key and window. A tuple, because a checkpoint stores it unchanged; a window without triggers stores the first two
 * elements only.
 */
type Pane<A> = [
  accumulator: A,
  /** How many results it has emitted. */
  fired: number,
  /** How many records have come since the last pane. */
  since?: number,
  /** What it has emitted and may have to take back. */
  shown?: Shown[],
  /** The largest event time of its records, where its end says nothing. */
  time?: number,
];

/** A pane that waits for a time, before its window's firing on time or after it. */
interface Waiting<K extends Key, A> {
  readonly cell: Cell<K, Pane<A>>;
  readonly late: boolean;
}

/** The windows of one subscription. */
export class TriggeredStage<T, K extends Key, A, R> {
  readonly #state: KeyedState<K, Pane<A>>;
  readonly #output: PaneOutput<T, K, A, R>;
  readonly #firing: Firing<Waiting<K, A>>;
  /** The windows that have fired on time and are kept. */
  readonly #done = new Set<number>();
  /** The window that was scheduled last; the next new cell mostly belongs to it. NaN if it has fired since. */
  #expected = NaN;
  readonly #complete = new Calendar((window) => this.#fire(window));
  readonly #gone = new Calendar((window) => this.#drop(window));

  /** @param endless whether the windows have no end, so that results have the time of their latest record */
  constructor(
    readonly stage: Stage<WindowResult<T, K, R>>,
    readonly plan: WindowPlan<T, K, A, R>,
    readonly windower: Windower<T>,
    readonly endless: boolean = false,
  ) {
    const { version, migrate } = plan;
    this.#state = stage.state<K, Pane<A>>({
      namespaced: true,
      version,
      migrate: migrate && ((pane, from) => {
        const [accumulator, ...rest] = pane as Pane<unknown>;
        return [migrate(accumulator, from), ...rest];
      }),
    });
    this.#output = new PaneOutput(stage, this.#state.name, plan, endless);
    stage.side("late");
    stage.due(this.#complete);
    this.#firing = new Firing(stage, plan, (waiting) => this.#fireWaiting(waiting));
    stage.due(this.#gone);
    tellUpcoming(stage, upcomingWindows(this.#complete, (window) => windower.span(window)));
  }

  /** How many panes wait for a time, and how many windows have fired and are kept. */
  get kept(): number {
    return this.#firing.waiting + this.#done.size;
  }

  /** Schedules the windows of the checkpoint: open ones to fire, fired ones to be removed. */
  open(): void {
    for (const window of this.#state.namespaces()) {
      this.#expect(window);
      const late = this.#done.has(window);
      if (!this.#firing.waits(late)) continue;
      const { start } = this.windower.span(window);
      for (const cell of this.#state.cells(window)) {
        if ((cell.value![2] ?? 0) > 0) this.#firing.schedule({ cell, late }, late, start);
      }
    }
  }

  /** Adds a value to its windows. */
  add(value: T, key: K): void {
    const { windower, stage, plan } = this;
    const { watermark } = stage.scope;
    const time = this.endless ? stage.at.time : stage.eventTime();
    if (plan.maxWindows !== Infinity) this.#limit(key, time, value);
    const first = windower.first(time, value);
    let refused = !Number.isNaN(first);
    for (let at = first; !Number.isNaN(at); at = windower.after(at, time, value)) {
      const last = windower.last(at);
      if (last + plan.allowedLateness <= watermark) continue;
      refused = false;
      this.#addTo(at, last <= watermark, value, key, time);
    }
    if (refused) lateFor(stage, value, { windower, time, allowedLateness: plan.allowedLateness });
  }

  #addTo(window: number, late: boolean, value: T, key: K, time: number): void {
    const { stage } = this;
    const state = this.#state;
    const cell = state.cell(key, window);
    let pane = cell.value;
    if (pane === undefined) {
      stage.meet(cell.key);
      pane = [this.#added(undefined, value, key), 0, 1];
      this.#expect(window);
    } else {
      state.touch(cell);
      pane[0] = this.#added(pane[0], value, key);
      pane[2] = (pane[2] ?? 0) + 1;
    }
    if (this.endless) {
      pane[3] ??= undefined;
      if (!(time <= pane[4]!)) pane[4] = time;
    }
    state.write(cell, pane);
    if (this.plan.onClose || stage.closed) return;
    const firing = this.#firing;
    if (firing.atOnce(pane[2]!, late)) this.#emit(cell, pane, late ? "late" : "early", true);
    else if (pane[2] === 1 && firing.waits(late)) {
      firing.schedule({ cell, late }, late, this.windower.span(window).start);
    }
  }

  #added(before: A | undefined, value: T, key: K): A {
    const { aggregate, pure } = this.plan;
    if (pure) return aggregate.add(before === undefined ? aggregate.seed() : before, value);
    return accumulateOf(aggregate, before, value, this.stage.label, key);
  }

  /**
   * Schedules the window of a new cell, if it is not scheduled yet. A window behind the watermark had nothing to fire
   * at its end, so only its removal is scheduled.
   */
  #expect(window: number): void {
    if (window === this.#expected) return;
    this.#expected = window;
    const { windower, plan, stage } = this;
    const last = windower.last(window);
    const gone = last + plan.allowedLateness;
    if (plan.onClose) this.#complete.set(gone, window);
    else if (last > stage.watermark) this.#complete.set(last, window);
    else {
      this.#done.add(window);
      this.#gone.set(gone, window);
    }
  }

  #fire(window: number): void {
    this.#expected = NaN;
    const { windower, plan, stage } = this;
    const gone = windower.last(window) + plan.allowedLateness;
    const kept = !plan.onClose && gone > stage.watermark;
    if (kept) this.#done.add(window);
    // A pane may cause values with new keys in this window. They are late and are not in this list.
    for (const cell of this.#state.cells(window)) {
      if (stage.closed) return;
      this.#emit(cell, cell.value!, "onTime", kept);
    }
    if (kept) this.#gone.set(gone, window);
    else this.#state.drop(window);
  }

  /** A pane that waited for a time is due. */
  #fireWaiting({ cell, late }: Waiting<K, A>): void {
    const pane = cell.value;
    if (pane === undefined || (pane[2] ?? 0) === 0 || late !== this.#done.has(cell.namespace)) return;
    this.#emit(cell, pane, late ? "late" : "early", true);
  }

  /** Removes a window. What came since the last pane is emitted in a last one. */
  #drop(window: number): void {
    this.#expected = NaN;
    this.#done.delete(window);
    const { stage } = this;
    for (const cell of this.#state.cells(window)) {
      if (stage.closed) return;
      if ((cell.value![2] ?? 0) > 0) this.#emit(cell, cell.value!, "late", false);
    }
    this.#state.drop(window);
  }

  /** @param kept whether the window is kept after this pane */
  #emit(cell: Cell<K, Pane<A>>, pane: Pane<A>, kind: PaneKind, kept: boolean): void {
    const { panes, aggregate } = this.plan;
    const [accumulator, index, since = 0, shown = [], time] = pane;
    const { key, namespace } = cell;
    const discards = panes === "discard";
    if (discards && since === 0) return;
    if (kept) {
      this.#state.touch(cell);
      pane[1] = index + 1;
      pane[2] = 0;
      if (discards) pane[0] = copyOf(aggregate.seed());
      this.#state.write(cell, pane);
    }
    const window = this.windower.span(namespace);
    if (panes !== "retract") return this.#output.emit(key, namespace, window, accumulator, kind, index, time);
    this.#output.replace(key, namespace, window, accumulator, kind, index, shown, (now) => {
      // A window that goes stays as it is, because an undo returns to it.
      if (!kept) return;
      pane[3] = [now];
      this.#state.write(cell, pane);
    }, time);
  }

  /** Refuses a value that would open more windows of its key than are allowed. */
  #limit(key: K, time: number, value: T): void {
    const { windower, plan, stage } = this;
    let open = 0;
    for (const window of this.#state.namespaces()) if (this.#state.find(key, window) !== undefined) open++;
    for (let at = windower.first(time, value); !Number.isNaN(at); at = windower.after(at, time, value)) {
      const kept = windower.last(at) + plan.allowedLateness > stage.watermark;
      if (kept && this.#state.find(key, at) === undefined) open++;
    }
    if (open > plan.maxWindows) throw tooMany(stage.label, key, plan.maxWindows);
  }
}
