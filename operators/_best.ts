/**
 * The best items of one group: a sorted list of the best `n`, and a heap of the others.
 *
 * Invariants:
 * - no item of the heap is better than one of the list, and while the list is not full the heap has no valid item;
 * - an entry of the heap is valid while its item has the same place in the order: a changed item gets a new one.
 *
 * @module
 */

/** The place of an item in the order: by score, the highest first, and then by who had its score first. */
export interface Place<K> {
  readonly key: K;
  readonly score: number | bigint;
  /** A number that grows with each change of a score. */
  readonly since: number;
}

/** Below 0 where the first place is better. */
export function compare(one: Place<unknown>, other: Place<unknown>): number {
  if (one.score !== other.score) return one.score > other.score ? -1 : 1;
  return one.since - other.since;
}

/** What a change did to the list of the best. */
export interface Moved<K> {
  /** The item that left the list; the changed one where it was in it. */
  readonly left: K | undefined;
  /** The item that came into the list; the changed one where it is in it now. */
  readonly came: K | undefined;
}

/** The order of one group. */
export class Best<K> {
  readonly #list: Place<K>[];
  #others: Place<K>[];

  /**
   * @param n how many are the best
   * @param places all items, in any order
   * @param placeOf the place of an item, if it has one
   */
  constructor(readonly n: number, places: Place<K>[], readonly placeOf: (key: K) => Place<K> | undefined) {
    places.sort(compare);
    this.#list = places.slice(0, n);
    // A sorted list is a heap.
    this.#others = places.slice(n);
  }

  /** The best items, the best first. */
  get keys(): K[] {
    return this.#list.map(({ key }) => key);
  }

  /** The value of an item has changed, and not its place. */
  stay(key: K): Moved<K> {
    return this.#list.some((one) => one.key === key) ? { left: key, came: key } : NOTHING;
  }

  /** An item has come, gone, or changed its place; `size` is how many items there are now. */
  move(key: K, size: number): Moved<K> {
    const list = this.#list;
    const place = this.placeOf(key);
    const at = list.findIndex((one) => one.key === key);
    if (at >= 0) {
      list.splice(at, 1);
      const other = this.#firstOther(key);
      const next = place !== undefined && (other === undefined || compare(place, other) < 0) ? place : other;
      if (next !== undefined) this.#insert(next);
      if (next === other && other !== undefined) this.#pop();
      if (place !== undefined && next !== place) this.#add(place, size);
      return { left: key, came: next?.key };
    }
    if (place === undefined) return NOTHING;
    if (list.length < this.n) {
      this.#insert(place);
      return { left: undefined, came: key };
    }
    const last = list[list.length - 1];
    if (compare(place, last) > 0) {
      this.#add(place, size);
      return NOTHING;
    }
    list.pop();
    this.#insert(place);
    this.#add(last, size);
    return { left: last.key, came: key };
  }

  #insert(place: Place<K>): void {
    const list = this.#list;
    let at = list.length;
    while (at > 0 && compare(place, list[at - 1]) < 0) at--;
    list.splice(at, 0, place);
  }

  /** The best item that is not in the list, except for the one that is being changed. */
  #firstOther(changed: K): Place<K> | undefined {
    while (this.#others.length > 0) {
      const first = this.#others[0];
      if (first.key !== changed && this.#isValid(first)) return first;
      this.#pop();
    }
    return undefined;
  }

  #isValid({ key, since }: Place<K>): boolean {
    return this.placeOf(key)?.since === since && !this.#list.some((one) => one.key === key);
  }

  #add(place: Place<K>, size: number): void {
    const others = this.#others;
    let at = others.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (compare(others[above], place) <= 0) break;
      others[at] = others[above];
      at = above;
    }
    others[at] = place;
    if (others.length > 2 * size + 16) this.#others = others.filter((one) => this.#isValid(one)).sort(compare);
  }

  #pop(): void {
    const others = this.#others;
    const last = others.pop()!;
    const { length } = others;
    if (length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && compare(others[child + 1], others[child]) < 0) child++;
      if (compare(last, others[child]) <= 0) break;
      others[at] = others[child];
      at = child;
    }
    others[at] = last;
  }
}

const NOTHING = { left: undefined, came: undefined };
