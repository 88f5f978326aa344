/**
 * Entries sorted by time, and within one time by arrival. Entries come nearly in order and leave from the front.
 *
 * They are kept in chunks, each sorted, so that adding one costs the same however many there are: it moves at most the
 * entries of one chunk. A position is a single number, so that walking over entries needs no iterator. A single entry,
 * as most keys of a join have, needs no chunk.
 *
 * @module
 */

/** The most entries of a chunk. A full chunk is split in two. */
const FULL = 128;
/** A position is the index of a chunk, shifted by so many bits, and the index within it. */
const BITS = 8;
const INDEX = (1 << BITS) - 1;

/** Parallel arrays, because an array of times holds unboxed numbers. */
interface Chunk<E> {
  readonly times: number[];
  readonly entries: E[];
}

/** Entries by time. */
export class ByTime<E> {
  /** How many entries there are. */
  size = 0;
  /** Grows with each change. A position is valid until the next one. */
  changes = 0;
  /** Whether there are no chunks, but at most the entry `#only`. */
  #single = true;
  #onlyTime = NaN;
  #only: E | undefined = undefined;
  #chunks: Chunk<E>[] = NONE;
  /** The time with which each chunk begins, side by side, so that a search stays in one place of the memory. */
  #begins: number[] = NO_TIMES;
  /** How many entries at the start of the first chunk were taken. */
  #taken = 0;

  /** The least time; Infinity when there is none. */
  get least(): number {
    if (this.size === 0) return Infinity;
    return this.#single ? this.#onlyTime : this.#chunks[0].times[this.#taken];
  }

  /** Adds an entry after those of the same time. */
  add(time: number, entry: E): void {
    this.changes++;
    if (this.size++ > 0) {
      if (this.#single) this.#open();
      this.#addTo(this.#chunks, time, entry);
    } else {
      this.#onlyTime = time;
      this.#only = entry;
    }
  }

  #open(): void {
    this.#chunks = [{ times: [this.#onlyTime], entries: [this.#only!] }];
    this.#begins = [this.#onlyTime];
    this.#only = undefined;
    this.#single = false;
  }

  #addTo(chunks: Chunk<E>[], time: number, entry: E): void {
    let at = chunks.length - 1;
    if (time < this.#begins[at]) at = this.#chunkOf(time, true);
    const { times, entries } = chunks[at];
    const { length } = times;
    if (time >= times[length - 1]) {
      times.push(time);
      entries.push(entry);
    } else {
      const index = firstFrom(times, time, true, at === 0 ? this.#taken : 0);
      insert(times, index, time);
      insert(entries, index, entry);
    }
    if (length >= FULL) this.#split(at);
  }

  /** Removes and returns the first entry. There must be one. */
  take(): E {
    this.changes++;
    this.size--;
    if (this.#single) {
      const only = this.#only!;
      this.#only = undefined;
      return only;
    }
    const { times, entries } = this.#chunks[0];
    const entry = entries[this.#taken];
    // An entry that is not referred to any more can be collected.
    entries[this.#taken++] = undefined as never;
    if (this.size === 0) {
      this.#chunks = NONE;
      this.#begins = NO_TIMES;
      this.#taken = 0;
      this.#single = true;
    } else if (this.#taken === times.length) {
      this.#chunks.shift();
      this.#begins.shift();
      this.#taken = 0;
    } else if (this.#taken >= 16 && 2 * this.#taken >= times.length) this.#shiftTaken();
    return entry;
  }

  /** The position of the first entry that is not before a time. */
  seek(time: number): number {
    if (this.#single) return this.#onlyTime >= time ? 0 : 1;
    const at = this.#chunkOf(time, false);
    return (at << BITS) + firstFrom(this.#chunks[at].times, time, false, at === 0 ? this.#taken : 0);
  }

  /** The entry at a position, or the first one behind it if it is the end of a chunk; `undefined` after the last one. */
  at(position: number): E | undefined {
    if (this.#single) return position === 0 ? this.#only : undefined;
    const chunk = this.#chunks[position >> BITS];
    if (chunk === undefined) return undefined;
    const index = position & INDEX;
    return index < chunk.entries.length ? chunk.entries[index] : this.#chunks[(position >> BITS) + 1]?.entries[0];
  }

  /** The position after that of an entry. */
  after(position: number): number {
    if (this.#single) return 1;
    const at = position >> BITS;
    return (position & INDEX) < this.#chunks[at].entries.length ? position + 1 : (at + 1 << BITS) + 1;
  }

  /**
   * The last chunk that begins before a time, or the first one: there begin the entries of that time, which may fill
   * several chunks. With `orAt` the last chunk that begins at or before it.
   */
  #chunkOf(time: number, orAt: boolean): number {
    const begins = this.#begins;
    let low = 0, high = begins.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (begins[middle] < time || (orAt && begins[middle] === time)) low = middle;
      else high = middle;
    }
    return low;
  }

  #split(at: number): void {
    if (at === 0 && this.#taken > 0) this.#shiftTaken();
    const { times, entries } = this.#chunks[at];
    if (times.length <= FULL) return;
    // Most entries come in order. Then a chunk that is left behind stays full.
    const from = at === this.#chunks.length - 1 ? FULL : FULL / 2;
    this.#begins.splice(at + 1, 0, times[from]);
    this.#chunks.splice(at + 1, 0, { times: times.splice(from), entries: entries.splice(from) });
  }

  #shiftTaken(): void {
    const { times, entries } = this.#chunks[0];
    times.splice(0, this.#taken);
    entries.splice(0, this.#taken);
    this.#taken = 0;
  }
}

// deno-lint-ignore no-explicit-any
const NONE: Chunk<any>[] = [];
const NO_TIMES: number[] = [];

/** The index of the first time that is not before a time; with `after`, of the first one that is after it. */
function firstFrom(times: readonly number[], time: number, after: boolean, from: number): number {
  let low = from, high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < time || (after && times[middle] === time)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Faster than `splice`, because most entries come nearly in order. */
function insert<T>(values: T[], index: number, value: T): void {
  let at = values.length;
  values.push(value);
  for (; at > index; at--) values[at] = values[at - 1];
  values[index] = value;
}
