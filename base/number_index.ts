/**
 * A map by safe integers, for many of them: times and other numbers that are larger than 31 bits. A `Map` computes the
 * hash of such a number in a slow way, and takes 150 ms to grow at two million.
 *
 * Open addressing with linear probing; a removal moves the entries after it back (Knuth, The Art of Computer
 * Programming, volume 3, 6.4, algorithm R). A large index is spread over several tables.
 *
 * @module
 */

/** The most entries of a single table, and the number of tables of a larger index. */
const ALONE = 131_072;
const TABLES = 64;
const SMALLEST = 8;
/**
 * Numbers that differ only in so many low bits are neighbours. They share a hash and lie side by side, because times that
 * follow each other are mostly used together, and then are in the processor's cache.
 */
const NEAR_BITS = 4;
/** In place of a number: none is here. */
const NONE = Infinity;

/** Values by safe integers, in no particular order. */
export class NumberIndex<T> {
  #only: Table<T> | undefined = new Table();
  #tables: Table<T>[] = [];

  /** How many there are. */
  get size(): number {
    return this.#only?.size ?? this.#tables.reduce((sum, { size }) => sum + size, 0);
  }

  get(number: number): T | undefined {
    const hash = hashOf(number);
    return (this.#only ?? this.#tables[hash & TABLES - 1]).get(number, hash);
  }

  set(number: number, value: T): void {
    const hash = hashOf(number);
    if (this.#only === undefined) return this.#tables[hash & TABLES - 1].set(number, hash, value);
    this.#only.set(number, hash, value);
    if (this.#only.size > ALONE) this.#spread(this.#only);
  }

  delete(number: number): void {
    const hash = hashOf(number);
    (this.#only ?? this.#tables[hash & TABLES - 1]).delete(number, hash);
  }

  /** All entries at this moment. */
  entries(): [number, T][] {
    const entries: [number, T][] = [];
    for (const table of this.#only === undefined ? this.#tables : [this.#only]) table.collect(entries);
    return entries;
  }

  #spread(only: Table<T>): void {
    this.#only = undefined;
    this.#tables = Array.from({ length: TABLES }, () => new Table());
    const entries: [number, T][] = [];
    only.collect(entries);
    for (const [number, value] of entries) this.set(number, value);
  }
}

class Table<T> {
  size = 0;
  #numbers = new Float64Array(SMALLEST).fill(NONE);
  #values: (T | undefined)[] = new Array(SMALLEST).fill(undefined);

  get(number: number, hash: number): T | undefined {
    const at = this.#find(number, hash);
    return this.#numbers[at] === number ? this.#values[at] : undefined;
  }

  set(number: number, hash: number, value: T): void {
    let at = this.#find(number, hash);
    if (this.#numbers[at] !== number) {
      if (4 * ++this.size > 3 * this.#numbers.length) {
        this.#resize(2 * this.#numbers.length);
        at = this.#find(number, hash);
      }
      this.#numbers[at] = number;
    }
    this.#values[at] = value;
  }

  delete(number: number, hash: number): void {
    const numbers = this.#numbers, values = this.#values;
    let gap = this.#find(number, hash);
    if (numbers[gap] !== number) return;
    this.size--;
    const mask = numbers.length - 1;
    for (let at = (gap + 1) & mask; numbers[at] !== NONE; at = (at + 1) & mask) {
      const home = homeOf(numbers[at], hashOf(numbers[at])) & mask;
      // The entry stays where its own place lies behind the gap.
      if (((at - home) & mask) < ((at - gap) & mask)) continue;
      numbers[gap] = numbers[at];
      values[gap] = values[at];
      gap = at;
    }
    numbers[gap] = NONE;
    values[gap] = undefined;
    if (numbers.length > SMALLEST && 8 * this.size < numbers.length) this.#resize(numbers.length / 2);
  }

  collect(entries: [number, T][]): void {
    for (let at = 0; at < this.#numbers.length; at++) {
      const number = this.#numbers[at];
      if (number !== NONE) entries.push([number, this.#values[at]!]);
    }
  }

  /** The place of a number, or the empty one where it belongs. */
  #find(number: number, hash: number): number {
    const numbers = this.#numbers;
    const mask = numbers.length - 1;
    let at = homeOf(number, hash) & mask;
    while (numbers[at] !== number && numbers[at] !== NONE) at = (at + 1) & mask;
    return at;
  }

  #resize(length: number): void {
    const numbers = this.#numbers, values = this.#values;
    this.#numbers = new Float64Array(length).fill(NONE);
    this.#values = new Array(length).fill(undefined);
    for (let from = 0; from < numbers.length; from++) {
      const number = numbers[from];
      if (number === NONE) continue;
      const at = this.#find(number, hashOf(number));
      this.#numbers[at] = number;
      this.#values[at] = values[from];
    }
  }
}

/** The hash that neighbours share, 32 bits: the finalizer of MurmurHash3. */
function hashOf(number: number): number {
  let hash = ((number | 0) >> NEAR_BITS) ^ Math.imul((number / 4_294_967_296) | 0, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** The place of a number in a large table. Those of neighbours lie side by side. */
function homeOf(number: number, hash: number): number {
  return (hash >>> 6) + ((number | 0) & ((1 << NEAR_BITS) - 1));
}
