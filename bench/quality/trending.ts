/** Recommends what has the most events, where an event counts half after each seven days of event time. */
import { addDecaying } from "../../examples/recommendations/rules/decay.ts";
import { days } from "../../mod.ts";
import { Ranking } from "./ranking.ts";
import { type Learnt, LISTED, type Rival } from "./rival.ts";

const HALF_LIFE = days(7);

export class Trending implements Rival {
  readonly #sums = new Ranking();

  list(_user: number, excluded: ReadonlySet<number>): readonly number[] {
    return this.#sums.best(LISTED, excluded);
  }

  learn({ product, time }: Learnt): void {
    this.#sums.raise(product, addDecaying(this.#sums.score(product), 1, time / HALF_LIFE));
  }
}
