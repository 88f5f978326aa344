/**
 * A binary heap of numbers. The least number is found without a scan.
 *
 * @module
 */

/** A heap that gives its least number first. */
export class Heap {
  readonly #items: number[] = [];

  /** How many numbers it holds. */
  get size(): number {
    return this.#items.length;
  }

  /** The least number, or `undefined` when the heap is empty. */
  get least(): number | undefined {
    return this.#items[0];
  }

  /** Adds a number. */
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

  /** Removes and returns the least number. */
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

  /** Replaces all numbers. */
  reset(items: Iterable<number>): void {
    this.#items.length = 0;
    for (const item of items) this.push(item);
  }
}
