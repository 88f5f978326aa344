/**
 * Entries by time. Those of one time come in the order of their sequence numbers.
 *
 * Most timers are set in the order of their times, so long after each record. Those that come in order form a line, in
 * which an entry costs the same however many there are. All others go into a heap.
 *
 * An entry that is not wanted any more stays until it is reached, or until most entries are of this kind.
 *
 * @module
 */
import { TimerHeap } from "./_timer_heap.ts";
import { TimerLine } from "./_timer_line.ts";

/** Entries in the order of their times. */
export class TimerQueue<E> {
  readonly #line = new TimerLine<E>();
  readonly #heap = new TimerHeap<E>();
  /** The time of the first wanted entry, or NaN while it is not known, and whether that entry is in the line. */
  #next = NaN;
  #inLine = false;
  /** How many entries are not wanted any more. */
  #dead = 0;
  /** What was remembered with the entry that was taken last. */
  memo: unknown;

  /** @param isWanted whether an entry with this sequence number is still wanted */
  constructor(readonly isWanted: (entry: E, sequence: number) => boolean) {}

  /** How many entries it holds, with those that are not wanted any more. */
  get size(): number {
    return this.#line.size + this.#heap.size;
  }

  /** The time of the first wanted entry; Infinity when there is none. */
  get next(): number {
    return Number.isNaN(this.#next) ? this.#next = this.#find() : this.#next;
  }

  /** Adds an entry, and what may be remembered with it. In the heap that is forgotten. */
  push(time: number, sequence: number, entry: E, memo?: unknown): void {
    if (!(time > this.#next)) this.#next = NaN;
    if (!this.#line.push(time, sequence, entry, memo)) this.#heap.push(time, sequence, entry);
  }

  /** Removes and returns the first entry. `next` must have been read before. */
  take(): E {
    const entry = this.#inLine ? this.#line.entry : this.#heap.entry;
    this.memo = this.#inLine ? this.#line.memo : undefined;
    this.#remove();
    return entry;
  }

  /** An entry of the queue is not wanted any more. */
  forget(): void {
    this.#next = NaN;
    if (++this.#dead <= 64 || 2 * this.#dead <= this.size) return;
    this.#line.keep(this.isWanted);
    this.#heap.keep(this.isWanted);
    this.#dead = 0;
  }

  #find(): number {
    const line = this.#line, heap = this.#heap;
    for (;;) {
      const ahead = line.time, { time } = heap;
      this.#inLine = ahead < time || (ahead === time && line.sequence < heap.sequence);
      const first = this.#inLine ? line : heap;
      if (first.size === 0) return Infinity;
      if (this.isWanted(first.entry, first.sequence)) return first.time;
      this.#dead--;
      this.#remove();
    }
  }

  /** Removes the first entry. */
  #remove(): void {
    this.#next = NaN;
    if (this.#inLine) this.#line.remove();
    else this.#heap.remove();
  }
}
