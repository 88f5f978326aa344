/** Recommends what has had the most events so far. */
import { Ranking } from "./ranking.ts";
import { type Learnt, LISTED, type Rival } from "./rival.ts";

export class Popular implements Rival {
  readonly #counts = new Ranking();

  list(_user: number, excluded: ReadonlySet<number>): readonly number[] {
    return this.#counts.best(LISTED, excluded);
  }

  learn({ product }: Learnt): void {
    this.#counts.raise(product, (this.#counts.score(product) ?? 0) + 1);
  }
}
