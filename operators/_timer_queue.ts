/**
 * Entries by time: a heap with four branches at each node, in three parallel arrays. The times are unboxed numbers.
 * Entries of one time come in the order of their sequence numbers.
 *
 * An entry that is not wanted any more stays in the heap until it is reached, or until most entries are of this kind.
 *
 * @module
 */

/** Entries in the order of their times. */
export class TimerQueue<E> {
  #times: number[] = [];
  #sequences: number[] = [];
  #entries: E[] = [];
  /** How many entries are not wanted any more. */
  #dead = 0;

  /** @param isWanted whether an entry with this sequence number is still wanted */
  constructor(readonly isWanted: (entry: E, sequence: number) => boolean) {}

  /** How many entries it holds, with those that are not wanted any more. */
  get size(): number {
    return this.#times.length;
  }

  /** The time of the first wanted entry; Infinity when there is none. */
  get next(): number {
    while (this.#times.length > 0) {
      if (this.isWanted(this.#entries[0], this.#sequences[0])) return this.#times[0];
      this.#dead--;
      this.#pop();
    }
    return Infinity;
  }

  /** Adds an entry. */
  push(time: number, sequence: number, entry: E): void {
    this.#rise(this.#times.length, time, sequence, entry);
  }

  /** Removes and returns the first entry. `next` must have been read before. */
  take(): E {
    const entry = this.#entries[0];
    this.#pop();
    return entry;
  }

  /** An entry in the heap is not wanted any more. */
  forget(): void {
    if (++this.#dead > 64 && 2 * this.#dead > this.#times.length) this.#compact();
  }

  #pop(): void {
    const times = this.#times, sequences = this.#sequences, entries = this.#entries;
    const time = times.pop()!, sequence = sequences.pop()!, entry = entries.pop()!;
    if (times.length > 0) this.#sink(0, time, sequence, entry);
  }

  #rise(at: number, time: number, sequence: number, entry: E): void {
    const times = this.#times, sequences = this.#sequences, entries = this.#entries;
    while (at > 0) {
      const above = (at - 1) >> 2;
      if (times[above] < time || (times[above] === time && sequences[above] <= sequence)) break;
      times[at] = times[above];
      sequences[at] = sequences[above];
      entries[at] = entries[above];
      at = above;
    }
    times[at] = time;
    sequences[at] = sequence;
    entries[at] = entry;
  }

  #sink(at: number, time: number, sequence: number, entry: E): void {
    const times = this.#times, sequences = this.#sequences, entries = this.#entries;
    const { length } = times;
    for (let first = 4 * at + 1; first < length; first = 4 * at + 1) {
      let least = first;
      const end = Math.min(first + 4, length);
      for (let child = first + 1; child < end; child++) {
        if (times[child] < times[least] || (times[child] === times[least] && sequences[child] < sequences[least])) {
          least = child;
        }
      }
      if (times[least] > time || (times[least] === time && sequences[least] > sequence)) break;
      times[at] = times[least];
      sequences[at] = sequences[least];
      entries[at] = entries[least];
      at = least;
    }
    times[at] = time;
    sequences[at] = sequence;
    entries[at] = entry;
  }

  /** Removes the entries that are not wanted any more. */
  #compact(): void {
    const times = this.#times, sequences = this.#sequences, entries = this.#entries;
    let kept = 0;
    for (let at = 0; at < times.length; at++) {
      if (!this.isWanted(entries[at], sequences[at])) continue;
      times[kept] = times[at];
      sequences[kept] = sequences[at];
      entries[kept++] = entries[at];
    }
    times.length = sequences.length = entries.length = kept;
    for (let at = (kept - 2) >> 2; at >= 0; at--) this.#sink(at, times[at], sequences[at], entries[at]);
    this.#dead = 0;
  }
}
