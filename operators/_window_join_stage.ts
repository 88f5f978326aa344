/**
 * Pairs of two streams within one window.
 *
 * The values of each side are kept in a list by key and window. When the watermark reaches the window's end, all of its
 * rows are emitted, key by key, and the lists are gone.
 *
 * Invariants:
 * - a window whose last millisecond is at or before the watermark has fired, and nothing is kept in it any more;
 * - the values of a key are out of the state before its rows are emitted;
 * - kept values never change: a copy is kept and copies are given away, or the value is frozen and shared.
 *
 * @module
 */
import { copyOf, freeze, notKept } from "./_own.ts";
import type { TwoHandlers } from "./_operate.ts";
import type { Stage } from "./_stage.ts";
import { Calendar } from "./_timers.ts";
import type { Windower } from "./_windower.ts";
import type { Key, KeyedList } from "./keyed_state.ts";

/** What a window join does. */
export interface WindowJoinRules<L, R, K extends Key, O> {
  readonly windower: Windower<unknown>;
  readonly key: (left: L) => K;
  readonly rightKey: (right: R) => K;
  /** Which sides have rows of their own. */
  readonly emits: { readonly left: boolean; readonly right: boolean };
  readonly join: (left: L | undefined, right: R | undefined) => O;
  readonly frozen: boolean;
  readonly version?: number;
  readonly migrate?: (value: unknown, version: number, side: "left" | "right") => unknown;
}

/** In place of the values of a side that has none: one row for each value of the other side. */
const NONE: readonly undefined[] = [undefined];

/** The stage of one subscription. */
export class WindowJoinStage<L, R, K extends Key, O> implements TwoHandlers<L, R> {
  readonly left: (value: L) => void;
  readonly right: (value: R) => void;
  readonly #lefts: KeyedList<K, L>;
  readonly #rights: KeyedList<K, R>;
  /** The window that was scheduled last; the next value mostly belongs to it. NaN if it has fired since. */
  #expected = NaN;
  readonly #complete = new Calendar((window) => this.#fire(window));

  constructor(readonly stage: Stage<O>, readonly rules: WindowJoinRules<L, R, K, O>) {
    this.#lefts = this.#open<L>("left");
    this.#rights = this.#open<R>("right");
    this.left = this.#taking(rules.key, this.#lefts);
    this.right = this.#taking(rules.rightKey, this.#rights);
    stage.side("late");
    stage.due(this.#complete);
  }

  /** Schedules the windows of the checkpoint. */
  open(): void {
    for (const lists of [this.#lefts, this.#rights]) for (const window of lists.namespaces()) this.#expect(window);
  }

  #open<V>(side: "left" | "right"): KeyedList<K, V> {
    const { frozen, version, migrate } = this.rules;
    return this.stage.lists<K, V>({
      part: side,
      namespaced: true,
      frozen: true,
      // A copy is plain data by construction. What the user froze or migrated may not be.
      plain: !frozen && migrate === undefined,
      version,
      migrate: migrate && ((value, from) => migrate(value, from, side)),
    });
  }

  /** Makes the function that takes the values of a side. */
  #taking<V>(key: (value: V) => K, lists: KeyedList<K, V>): (value: V) => void {
    const { stage } = this;
    const { scope } = stage;
    const { windower, frozen } = this.rules;
    const own: (value: V) => V = frozen ? freeze : copyOf;
    return (value) => {
      const by = key(value);
      const time = stage.eventTime();
      const window = windower.first(time, value);
      if (windower.last(window) <= scope.watermark) return stage.late(value);
      let list = lists.find(by, window);
      if (list === undefined) {
        stage.meet(by);
        list = lists.cell(by, window);
        if (window !== this.#expected) this.#expect(window);
      }
      try {
        list.append(own(value));
      } catch (error) {
        throw notKept(error, stage.label, by);
      }
    };
  }

  #expect(window: number): void {
    this.#expected = window;
    this.#complete.set(this.rules.windower.last(window), window);
  }

  #fire(window: number): void {
    this.#expected = NaN;
    const { emits } = this.rules;
    // A row may cause values of this window. They are late.
    for (const lefts of this.#lefts.cells(window)) {
      const { key } = lefts;
      const rights = this.#rights.find(key, window);
      const ofLeft = [...lefts.elements()], ofRight = rights === undefined ? undefined : [...rights.elements()];
      lefts.clear();
      rights?.clear();
      if (ofRight !== undefined || emits.left) this.#emit(window, key, ofLeft, ofRight ?? NONE);
      if (this.stage.closed) return;
    }
    for (const rights of this.#rights.cells(window)) {
      const { key } = rights;
      const ofRight = [...rights.elements()];
      rights.clear();
      if (emits.right) this.#emit(window, key, NONE, ofRight);
      if (this.stage.closed) return;
    }
  }

  /** Emits the rows of one key. Each has values of its own, because each may be changed further down. */
  #emit(window: number, key: K, lefts: readonly (L | undefined)[], rights: readonly (R | undefined)[]): void {
    const { stage } = this;
    const { windower, join, frozen } = this.rules;
    const time = windower.last(window);
    const share: <V>(value: V) => V = frozen ? freeze : copyOf;
    let index = 0;
    for (const left of lefts) {
      for (const right of rights) {
        if (stage.closed) return;
        if (stage.alone) stage.emitAt(join(share(left), share(right)), time);
        else {
          const pane = { state: this.#lefts.name, key, namespace: window, index: index++, result: undefined };
          stage.atTimer(pane, time, () => stage.emit(join(share(left), share(right))));
        }
      }
    }
  }
}
