/** Products by scores that only rise, always in order. Of equal scores the one that was raised to it first is the first. */
export class Ranking {
  readonly #order: number[] = [];
  readonly #places: number[] = [];
  readonly #scores: number[] = [];

  /** The score of a product; `undefined` when it has none yet. */
  score(product: number): number | undefined {
    return this.#scores[product];
  }

  /** Gives a product a score that is higher than its last one. */
  raise(product: number, score: number): void {
    let place = this.#places[product] ?? this.#order.length;
    this.#scores[product] = score;
    for (; place > 0 && this.#scores[this.#order[place - 1]] < score; place--) this.#put(this.#order[place - 1], place);
    this.#put(product, place);
  }

  /** The products with the highest scores, `length` at most. */
  best(length: number, excluded: ReadonlySet<number>): number[] {
    const list: number[] = [];
    for (let place = 0; place < this.#order.length && list.length < length; place++) {
      if (!excluded.has(this.#order[place])) list.push(this.#order[place]);
    }
    return list;
  }

  #put(product: number, place: number): void {
    this.#order[place] = product;
    this.#places[product] = place;
  }
}
