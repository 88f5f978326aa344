/**
 * Entries due at certain times, in memory only. For a stage that finds its entries again in its own state after a
 * restart, as {@linkcode Calendar}, but for entries of any kind and for many different times.
 *
 * @module
 */
import type { Due } from "./_timers.ts";

/** A binary heap of entries by time. Setting an entry or taking one costs the logarithm of their number. */
export class Agenda<E> implements Due {
  readonly #times: number[] = [];
  readonly #entries: E[] = [];
  /** A field and not a getter, because each watermark reads it. */
  next = Infinity;

  /** @param act called when an entry is due */
  constructor(readonly act: (entry: E, time: number) => void) {}

  /** How many entries it holds. */
  get size(): number {
    return this.#times.length;
  }

  /** Adds an entry at a time. An entry that was added twice is due twice. */
  set(time: number, entry: E): void {
    const times = this.#times;
    const entries = this.#entries;
    let at = times.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (times[above] <= time) break;
      times[at] = times[above];
      entries[at] = entries[above];
      at = above;
    }
    times[at] = time;
    entries[at] = entry;
    this.next = times[0];
  }

  /** Acts on one entry, the earliest. */
  fire(): void {
    const times = this.#times;
    const entries = this.#entries;
    const time = times[0];
    const entry = entries[0];
    const last = times.pop()!;
    const moved = entries.pop()!;
    const { length } = times;
    if (length > 0) {
      let at = 0;
      for (;;) {
        let child = 2 * at + 1;
        if (child >= length) break;
        if (child + 1 < length && times[child + 1] < times[child]) child++;
        if (times[child] >= last) break;
        times[at] = times[child];
        entries[at] = entries[child];
        at = child;
      }
      times[at] = last;
      entries[at] = moved;
    }
    this.next = length > 0 ? times[0] : Infinity;
    this.act(entry, time);
  }
}
