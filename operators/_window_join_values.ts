/**
 * The values of both sides of a window join, in lists by key and place, and the rows of those that are in one window.
 *
 * A place is a slice of time or a session. Where the values of a window come from several places, each has a number, so
 * that they are put in the order in which they came. In a place that is a whole window they are in that order already.
 *
 * Kept values never change: a copy is kept and copies are given away, or the value is frozen and shared.
 *
 * @module
 */
import { copyOf, freeze, notKept } from "./_own.ts";
import type { Stage } from "./_stage.ts";
import type { Key, KeyedElements, KeyedList } from "./keyed_state.ts";

/** What a window join does with the values of a window. */
export interface WindowJoinRules<L, R, K extends Key, O> {
  readonly key: (left: L) => K;
  readonly rightKey: (right: R) => K;
  /** Which sides have rows of their own. */
  readonly emits: { readonly left: boolean; readonly right: boolean };
  readonly join: (left: L | undefined, right: R | undefined) => O;
  readonly frozen: boolean;
  readonly version?: number;
  readonly migrate?: (value: unknown, version: number, side: "left" | "right") => unknown;
}

/** A value with its number. */
type Numbered<V> = readonly [number: number, value: V];
/** A value as it is kept. */
type Element<V> = V | Numbered<V>;
/** The values of one side, key and place. */
export type Values<K extends Key, V> = KeyedElements<K, Element<V>>;

/** A window that fires. */
export interface WindowAtHand {
  /** Where its values are. */
  readonly places: readonly number[];
  /** The places that no other window needs. */
  readonly over: { has(place: number): boolean };
  /** The number of the last value before it fires. A row may cause values at its places, which are late for it. */
  readonly last: number;
}

const NOTHING: readonly never[] = [];
/** In place of the values of a side that has none: one row for each value of the other side. */
const NONE: readonly undefined[] = [undefined];

/** The values of one subscription. */
export class WindowJoinValues<L, R, K extends Key, O> {
  readonly lefts: KeyedList<K, Element<L>>;
  readonly rights: KeyedList<K, Element<R>>;
  /** The number of the value that came last. */
  last = 0;
  readonly #sides: readonly KeyedList<K, Element<unknown>>[];
  readonly #own: <V>(value: V) => V;

  /** @param numbered whether the values of a window come from several places */
  constructor(
    readonly stage: Stage<O>,
    readonly rules: WindowJoinRules<L, R, K, O>,
    readonly numbered: boolean,
  ) {
    this.#own = rules.frozen ? freeze : copyOf;
    this.lefts = this.#open<L>("left");
    this.rights = this.#open<R>("right");
    this.#sides = [this.lefts, this.rights] as KeyedList<K, Element<unknown>>[];
    stage.side("late");
  }

  #open<V>(side: "left" | "right"): KeyedList<K, Element<V>> {
    const { numbered } = this;
    const { frozen, version, migrate } = this.rules;
    return this.stage.lists<K, Element<V>>({
      // Values with numbers are stored under a name of their own, so that they are not taken for values without.
      part: numbered ? `${side}/numbered` : side,
      namespaced: true,
      frozen: true,
      // A copy is plain data by construction. What the user froze or migrated may not be.
      plain: !frozen && migrate === undefined,
      version,
      migrate: migrate && ((element, from) => {
        if (!numbered) return migrate(element, from, side);
        const [number, value] = element as Numbered<unknown>;
        return [number, migrate(value, from, side)];
      }),
    });
  }

  /** Keeps a value. */
  append<V>(list: Values<K, V>, value: V): void {
    try {
      const own = this.#own(value);
      list.append(this.numbered ? [++this.last, own] : own);
    } catch (error) {
      throw notKept(error, this.stage.label, list.key);
    }
  }

  /** The places of the checkpoint. In each list the last value has the highest number. */
  places(): Set<number> {
    const places = new Set<number>();
    for (const lists of this.#sides) {
      for (const place of lists.namespaces()) {
        places.add(place);
        if (!this.numbered) continue;
        for (const list of lists.cells(place)) {
          this.last = Math.max(this.last, (list.at(list.size - 1) as Numbered<unknown>)[0]);
        }
      }
    }
    return places;
  }

  /** Brings the values of a key at two places together, and moves the fewer ones. Returns where they are then. */
  merge(key: K, one: number, other: number): number {
    const sizeOf = (place: number) =>
      (this.lefts.find(key, place)?.size ?? 0) + (this.rights.find(key, place)?.size ?? 0);
    const [from, to] = sizeOf(one) < sizeOf(other) ? [one, other] : [other, one];
    for (const lists of this.#sides) {
      const list = lists.find(key, from);
      if (list === undefined) continue;
      const target = lists.cell(key, to);
      for (const element of list.elements()) target.append(element);
      list.clear();
    }
    return to;
  }

  /** Moves the values of all keys from one place to another, where they are in the order of their numbers. */
  move(from: number, to: number): void {
    for (const lists of this.#sides as KeyedList<K, Numbered<unknown>>[]) {
      for (const list of lists.cells(from)) {
        const target = lists.cell(list.key, to);
        const elements = [...target.elements(), ...list.elements()].sort(byNumber);
        target.clear();
        list.clear();
        for (const element of elements) target.append(element);
      }
    }
  }

  /** Removes the values of all keys at a place. */
  drop(place: number): void {
    for (const lists of this.#sides) lists.drop(place);
  }

  /**
   * The values of a key in a window, in the order in which they came. Those at places that are over are removed.
   *
   * @param lists those of one side
   * @param found the list at one of the places, if it is at hand
   */
  take<V>(
    lists: KeyedList<K, Element<V>>,
    key: K,
    { places, over, last }: WindowAtHand,
    found?: Values<K, V>,
  ): readonly V[] {
    let elements: Element<V>[] | undefined;
    for (const place of places) {
      const list = place === found?.namespace ? found : lists.find(key, place);
      if (list === undefined) continue;
      if (elements === undefined) elements = [...list.elements()];
      else for (const element of list.elements()) elements.push(element);
      if (over.has(place)) list.clear();
    }
    if (elements === undefined) return NOTHING;
    if (!this.numbered) return elements as V[];
    const came = (elements as Numbered<V>[]).filter(([number]) => number <= last);
    return came.sort(byNumber).map(([, value]) => value);
  }

  /**
   * Emits the rows of a key and a window at a time. Each has values of its own, because each may be changed further down.
   *
   * @param window the number by which a failure names the window
   */
  emit(window: number, time: number, key: K, lefts: readonly L[], rights: readonly R[]): void {
    const { stage } = this;
    const { join, emits } = this.rules;
    if (lefts.length === 0 ? !emits.right : rights.length === 0 && !emits.left) return;
    const own = this.#own;
    let index = 0;
    for (const left of lefts.length === 0 ? NONE : lefts) {
      for (const right of rights.length === 0 ? NONE : rights) {
        if (stage.closed) return;
        if (stage.alone) stage.emitAt(join(own(left), own(right)), time);
        else {
          const pane = { state: this.lefts.name, key, namespace: window, index: index++, result: undefined };
          stage.atTimer(pane, time, () => stage.emit(join(own(left), own(right))));
        }
      }
    }
  }
}

function byNumber(a: Numbered<unknown>, b: Numbered<unknown>): number {
  return a[0] - b[0];
}
