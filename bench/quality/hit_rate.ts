/** Hit rates: the share of the scored events whose product was in the list before. */
import type { Recommended } from "../../examples/recommendations/recommended.ts";
import { type Course, Excluded } from "./course.ts";
import { LISTED, type Rival } from "./rival.ts";

/** The hit rate of each rival over a course. */
export function hitRates<Name extends string>(
  course: Course,
  rivals: Readonly<Record<Name, Rival>>,
): Record<Name, number> {
  const names = Object.keys(rivals) as Name[];
  const hits = Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
  const excluded = new Excluded();
  for (const step of course.steps) {
    const without = excluded.of(step.user);
    for (const name of names) {
      if (step.scored && rivals[name].list(step.user, without).includes(step.product)) hits[name]++;
      rivals[name].learn(step);
    }
    excluded.learn(step);
  }
  for (const name of names) hits[name] /= course.scored;
  return hits;
}

/**
 * The hit rate of the example's rows. The list in the row of a user's event predicts the user's next one. It does not
 * matter where the rows come from, or in which order those of different users come.
 */
export class RowHits {
  readonly #course: Course;
  #rows = 0;
  #hits = 0;

  constructor(course: Course) {
    this.#course = course;
  }

  see({ user_id, event_count, recommendations }: Recommended): void {
    this.#rows++;
    // The user's events are counted from 1, so this is the next one.
    const next = this.#course.ofUser.get(user_id)?.[event_count];
    if (next?.scored && recommendations.slice(0, LISTED).some(({ product_id }) => product_id === next.name)) {
      this.#hits++;
    }
  }

  /** @throws {Error} when an event has no row, or several */
  get rate(): number {
    const { length } = this.#course.steps;
    if (this.#rows !== length) {
      throw new Error(`There are ${this.#rows} rows for ${length} events: the rate means nothing`);
    }
    return this.#hits / this.#course.scored;
  }
}
