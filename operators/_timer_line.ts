/**
 * Entries in the order of their times, for those that come in this order: a ring in parallel arrays.
 *
 * @module
 */

const SMALLEST = 64;

/** A row of entries. Each comes after all before it. */
export class TimerLine<E> {
  #times = new Float64Array(SMALLEST);
  #sequences = new Float64Array(SMALLEST);
  #entries: (E | undefined)[] = new Array(SMALLEST).fill(undefined);
  #memos: unknown[] = new Array(SMALLEST).fill(undefined);
  #first = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The time of the first entry; Infinity when there is none. */
  get time(): number {
    return this.#size > 0 ? this.#times[this.#first] : Infinity;
  }

  /** The sequence number of the first entry. */
  get sequence(): number {
    return this.#sequences[this.#first];
  }

  get entry(): E {
    return this.#entries[this.#first]!;
  }

  /** What is remembered with the first entry. */
  get memo(): unknown {
    return this.#memos[this.#first];
  }

  /** Adds an entry and what is remembered with it, if it comes after the last one. Returns whether it does. */
  push(time: number, sequence: number, entry: E, memo: unknown): boolean {
    const mask = this.#times.length - 1;
    if (this.#size > 0) {
      const last = (this.#first + this.#size - 1) & mask;
      const latest = this.#times[last];
      if (latest > time || (latest === time && this.#sequences[last] > sequence)) return false;
      if (this.#size > mask) this.#resize(2 * this.#times.length);
    }
    this.#put((this.#first + this.#size++) & (this.#times.length - 1), time, sequence, entry, memo);
    return true;
  }

  /** Removes the first entry. */
  remove(): void {
    const { length } = this.#times;
    this.#entries[this.#first] = this.#memos[this.#first] = undefined;
    this.#first = (this.#first + 1) & (length - 1);
    if (--this.#size < length >> 3 && length > SMALLEST) this.#resize(length >> 1);
  }

  /** Removes the entries that are not wanted any more. */
  keep(isWanted: (entry: E, sequence: number) => boolean): void {
    const { length } = this.#times;
    const size = this.#size;
    this.#size = 0;
    for (let n = 0; n < size; n++) {
      const at = (this.#first + n) & (length - 1);
      const entry = this.#entries[at]!, memo = this.#memos[at], sequence = this.#sequences[at];
      this.#entries[at] = this.#memos[at] = undefined;
      if (!isWanted(entry, sequence)) continue;
      this.#put((this.#first + this.#size++) & (length - 1), this.#times[at], sequence, entry, memo);
    }
  }

  #put(at: number, time: number, sequence: number, entry: E, memo: unknown): void {
    this.#times[at] = time;
    this.#sequences[at] = sequence;
    this.#entries[at] = entry;
    this.#memos[at] = memo;
  }

  #resize(length: number): void {
    const times = this.#times, sequences = this.#sequences, entries = this.#entries, memos = this.#memos;
    this.#times = new Float64Array(length);
    this.#sequences = new Float64Array(length);
    this.#entries = new Array(length).fill(undefined);
    this.#memos = new Array(length).fill(undefined);
    for (let n = 0; n < this.#size; n++) {
      const at = (this.#first + n) & (times.length - 1);
      this.#put(n, times[at], sequences[at], entries[at]!, memos[at]);
    }
    this.#first = 0;
  }
}
