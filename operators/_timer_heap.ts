/**
 * Entries by time that come in any order: a heap with four branches at each node, in three parallel arrays. The times are
 * unboxed numbers. Entries of one time come in the order of their sequence numbers.
 *
 * @module
 */

/** Entries in the order of their times. */
export class TimerHeap<E> {
  #times: number[] = [];
  #sequences: number[] = [];
  #entries: E[] = [];

  get size(): number {
    return this.#times.length;
  }

  /** The time of the first entry; Infinity when there is none. */
  get time(): number {
    return this.#times.length > 0 ? this.#times[0] : Infinity;
  }

  /** The sequence number of the first entry. */
  get sequence(): number {
    return this.#sequences[0];
  }

  get entry(): E {
    return this.#entries[0];
  }

  push(time: number, sequence: number, entry: E): void {
    const times = this.#times, sequences = this.#sequences, entries = this.#entries;
    let at = times.length;
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

  /** Removes the first entry. */
  remove(): void {
    const times = this.#times, sequences = this.#sequences, entries = this.#entries;
    const time = times.pop()!, sequence = sequences.pop()!, entry = entries.pop()!;
    if (times.length > 0) this.#sink(0, time, sequence, entry);
  }

  /** Removes the entries that are not wanted any more. */
  keep(isWanted: (entry: E, sequence: number) => boolean): void {
    const times = this.#times, sequences = this.#sequences, entries = this.#entries;
    let kept = 0;
    for (let at = 0; at < times.length; at++) {
      if (!isWanted(entries[at], sequences[at])) continue;
      times[kept] = times[at];
      sequences[kept] = sequences[at];
      entries[kept++] = entries[at];
    }
    times.length = sequences.length = entries.length = kept;
    for (let at = (kept - 2) >> 2; at >= 0; at--) this.#sink(at, times[at], sequences[at], entries[at]);
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
}
