/**
 * A binary heap of numbers: the least one first, without a scan.
 *
 * @module
 */

/** Numbers, of which the least is at hand. */
export class Heap {
  readonly #items: number[] = [];

  /** How many there are. */
  get size(): number {
    return this.#items.length;
  }

  /** The least, or `undefined` where there is none. */
  get least(): number | undefined {
    return this.#items[0];
  }

  /** Puts one in. */
  push(item: number): void {
    const items = this.#items;
    let at = items.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (items[above] <= item) break;
      items[at] = items[above];
      at = above;
    }
    items[at] = item;
  }

  /** Takes the least one out. */
  pop(): number | undefined {
    const items = this.#items;
    const least = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return least;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && items[child + 1] < items[child]) child++;
      if (items[child] >= last) break;
      items[at] = items[child];
      at = child;
    }
    items[at] = last;
    return least;
  }

  /** Holds these, and nothing else. */
  reset(items: Iterable<number>): void {
    this.#items.length = 0;
    for (const item of items) this.push(item);
  }
}
