/**
 * `tableJoin` of the even events of a user with a table of the odd ones, and its expected rows.
 *
 * @module
 */
import { tableJoin } from "@tidemark/streams";
import type { Event } from "../traffic.ts";
import type { Expected, OwnFamily } from "./family.ts";
import { deletes, evens, isEven, odds, type WithOdd, withOdd } from "./odds.ts";

const PROFILES = "profiles";

export const profiles: OwnFamily = {
  name: PROFILES,
  share: 0.1,
  dice: 0x9f11e5,
  pipeline: (events) => evens(events).pipe(tableJoin(odds(events), { ...withOdd, name: PROFILES })),
  expected: (emit) => new Profiles(emit),
};

class Profiles implements Expected {
  readonly #rows = new Map<string, { n: number }>();

  constructor(readonly emit: (row: WithOdd) => void) {}

  add(event: Event): boolean {
    const { user, n } = event;
    if (isEven(event)) this.emit({ user, n, odd: this.#rows.get(user) ?? null });
    else if (deletes(event)) this.#rows.delete(user);
    else this.#rows.set(user, { n });
    return true;
  }

  end(): void {}
}
