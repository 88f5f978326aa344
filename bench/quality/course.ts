/**
 * The events of an evaluation and which of them are scored. Every recommender is held to the same ones.
 *
 * The evaluation is prequential: each event is predicted, and then learnt (Vinagre, Jorge, Gama 2014). An event is
 * scored when its user had one before, and when its product is not excluded: as the example's recommender, nobody may
 * recommend what the user has bought, or what is among the last products that they have seen.
 */
import type { UserEvent } from "../../examples/recommendations/schema.ts";
import { rulesOf } from "../../examples/recommendations/options.ts";
import { PURCHASE } from "../../examples/recommendations/rules/weights.ts";
import type { Learnt } from "./rival.ts";

/** How many distinct products a user has "just seen". */
export const SEEN = rulesOf({}).recents;

/** An event of a course, with what is known when it is predicted. */
export interface Step extends Learnt {
  readonly name: string;
  readonly bought: boolean;
  readonly scored: boolean;
}

/** The events of an evaluation, in the order in which they are learnt. */
export interface Course {
  readonly steps: readonly Step[];
  readonly scored: number;
  readonly users: number;
  readonly products: number;
  /** The events of each user, by name. */
  readonly ofUser: ReadonlyMap<string, readonly Step[]>;
}

/** What a user had. */
interface Had {
  readonly bought: Set<number>;
  /** The last products that they have seen, the last one first. */
  seen: number[];
  /** All of both. */
  readonly excluded: Set<number>;
}

/** What may not be recommended to each user. */
export class Excluded {
  readonly #users: Had[] = [];

  of(user: number): ReadonlySet<number> {
    return this.#user(user).excluded;
  }

  learn({ user, product, bought }: Pick<Step, "user" | "product" | "bought">): void {
    const had = this.#user(user);
    if (bought) had.bought.add(product);
    had.excluded.add(product);
    had.seen = [product, ...had.seen.filter((other) => other !== product)];
    if (had.seen.length <= SEEN) return;
    const gone = had.seen.pop()!;
    if (!had.bought.has(gone)) had.excluded.delete(gone);
  }

  #user(user: number): Had {
    return this.#users[user] ??= { bought: new Set(), seen: [], excluded: new Set() };
  }
}

/** Prepares the events for an evaluation. */
export function courseOf(events: readonly UserEvent[]): Course {
  const users = new Map<string, number>(), products = new Map<string, number>();
  const ofUser = new Map<string, Step[]>();
  const excluded = new Excluded();
  let scored = 0;
  const steps = events.map(({ user_id, product_id, event_type, timestamp_ms }) => {
    const user = numberOf(users, user_id), product = numberOf(products, product_id);
    let before = ofUser.get(user_id);
    if (before === undefined) ofUser.set(user_id, before = []);
    const step = {
      user,
      product,
      name: product_id,
      time: timestamp_ms,
      bought: event_type === PURCHASE,
      scored: before.length > 0 && !excluded.of(user).has(product),
    };
    before.push(step);
    excluded.learn(step);
    if (step.scored) scored++;
    return step;
  });
  return { steps, scored, users: users.size, products: products.size, ofUser };
}

function numberOf(numbers: Map<string, number>, name: string): number {
  let number = numbers.get(name);
  if (number === undefined) numbers.set(name, number = numbers.size);
  return number;
}
