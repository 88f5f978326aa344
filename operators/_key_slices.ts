/**
 * The slices of one key, and the values of windows over them.
 *
 * Windows that overlap share slices, so that a value is added once. The value of a window is merged from its slices
 * with two stacks: the merged tails of older slices, which are made once for many windows, and one running total of the
 * slices after them. So a window costs a constant number of merges, however many slices it has. The method is that of
 * Tangwongsan, Hirzel and Schneider, "Low-Latency Sliding-Window Aggregation in Worst-Case Constant Time" (2017), where
 * it is called Two-Stacks.
 *
 * @module
 */
import { type Aggregate, merged } from "./_aggregate.ts";
import { copyOf } from "./_own.ts";
import type { Cell, Key } from "./keyed_state.ts";

/** A slice's accumulator in the state: a tuple, because an accumulator may be `undefined`. */
export type Slot<A> = [accumulator: A];

/** With fewer slices in a window, merging them anew costs no more than the stacks. */
const FEW = 3;

/** What is merged already, for windows over many slices. Slices are known by their index. */
interface Stacks<A> {
  /** `tails[i]` is merged from slice `from + i` to slice `middle`, which is left out. */
  tails: A[];
  from: number;
  middle: number;
  /** Merged from slice `middle` to slice `to`, which is left out. */
  total: A | undefined;
  to: number;
}

/** The slices of one key, in the order of their starts. A cell's namespace is the start of its slice. */
export class KeySlices<K extends Key, A> {
  readonly cells: Cell<K, Slot<A>>[];
  /** Which firing has seen this key last. */
  seen = 0;
  #stacks: Stacks<A> | undefined = undefined;

  constructor(readonly key: K, first: Cell<K, Slot<A>>) {
    this.cells = [first];
  }

  /** The index of a slice, or -1. Values mostly come to the latest slices. */
  indexOf(start: number): number {
    const { cells } = this;
    for (let at = cells.length - 1; at >= 0; at--) {
      const { namespace } = cells[at];
      if (namespace === start) return at;
      if (namespace < start) return -1;
    }
    return -1;
  }

  /** Adds a slice. */
  add(cell: Cell<K, Slot<A>>): void {
    const { cells } = this;
    let at = cells.length;
    while (at > 0 && cells[at - 1].namespace > cell.namespace) at--;
    if (at === cells.length) cells.push(cell);
    else cells.splice(at, 0, cell);
    this.changed(at);
  }

  /** A slice has changed: what was merged from it is void. */
  changed(at: number): void {
    if (this.#stacks !== undefined && at < this.#stacks.to) this.#stacks = undefined;
  }

  /** Removes a slice. */
  remove(start: number): void {
    const at = this.cells[0]?.namespace === start ? 0 : this.indexOf(start);
    if (at === -1) return;
    if (at === 0) this.cells.shift();
    else this.cells.splice(at, 1);
    const stacks = this.#stacks;
    if (stacks === undefined || at >= stacks.to) return;
    // The oldest slice goes first, and what was merged from those after it stays as it is.
    if (at === 0 && stacks.from === 0) stacks.tails.shift();
    else if (at < stacks.from) stacks.from--;
    else return void (this.#stacks = undefined);
    stacks.middle--;
    stacks.to--;
    if (stacks.tails.length === 0) this.#stacks = undefined;
  }

  /**
   * The accumulator of the window from `start` to `end`, or `undefined` when it has no slice. It may be that of a slice,
   * so it must not be changed.
   */
  merge(aggregate: Aggregate<unknown, A, unknown>, start: number, end: number): Slot<A> | undefined {
    const { cells } = this;
    let last = cells.length;
    while (last > 0 && cells[last - 1].namespace >= end) last--;
    let first = this.#stacks?.from ?? 0;
    if (first > 0 && (first >= last || cells[first - 1].namespace >= start)) first = 0;
    while (first < last && cells[first].namespace < start) first++;
    if (first === last) return undefined;
    if (last - first === 1) return cells[first].value;
    if (last - first < FEW) return [this.#fold(aggregate, first, last)];
    return [this.#stacked(aggregate, first, last)];
  }

  #fold(aggregate: Aggregate<unknown, A, unknown>, first: number, last: number): A {
    let accumulator = this.#copyAt(first);
    for (let at = first + 1; at < last; at++) accumulator = merged(aggregate, accumulator, this.#copyAt(at));
    return accumulator;
  }

  #stacked(aggregate: Aggregate<unknown, A, unknown>, first: number, last: number): A {
    let stacks = this.#stacks;
    if (stacks === undefined || first < stacks.from || first >= stacks.middle || last < stacks.to) {
      this.#stacks = stacks = this.#stack(aggregate, first, last);
    }
    for (let at = stacks.to; at < last; at++) {
      const next = this.#copyAt(at);
      stacks.total = at === stacks.middle ? next : merged(aggregate, stacks.total!, next);
    }
    stacks.to = last;
    const tail = copyOf(stacks.tails[first - stacks.from]);
    return last === stacks.middle ? tail : merged(aggregate, tail, copyOf(stacks.total!));
  }

  /** Merges the tails, from the last slice of a window to its first one. */
  #stack(aggregate: Aggregate<unknown, A, unknown>, first: number, last: number): Stacks<A> {
    const tails = new Array<A>(last - first);
    let tail = tails[last - first - 1] = this.#copyAt(last - 1);
    for (let at = last - 2; at >= first; at--) {
      tail = tails[at - first] = merged(aggregate, this.#copyAt(at), copyOf(tail));
    }
    return { tails, from: first, middle: last, total: undefined, to: last };
  }

  #copyAt(at: number): A {
    return copyOf(this.cells[at].value![0]);
  }
}
