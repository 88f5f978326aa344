/**
 * `tableJoin` of the even events of a user with a table of the odd ones, and its expected rows.
 *
 * @module
 */
import { filter, type Observable } from "rxjs";
import { tableJoin, toTable } from "@tidemark/streams";
import type { Event } from "../traffic.ts";
import type { Expected, OwnFamily } from "./family.ts";

const PROFILES = "profiles";

export const profiles: OwnFamily = {
  name: PROFILES,
  share: 0.1,
  dice: 0x9f11e5,
  pipeline,
  expected: (emit) => new Profiles(emit),
};

interface Row {
  readonly user: string;
  readonly n: number;
  /** The row of the user. */
  readonly odd: { readonly n: number } | null;
}

const isEven = ({ n }: Event) => n % 2 === 0;
/** Some events delete the row of their user. */
const deletes = ({ n }: Event) => n % 3 === 0;

function pipeline(events: Observable<Event>): Observable<Row> {
  const table = events.pipe(
    filter((event) => !isEven(event)),
    toTable({ key: ({ user }) => user, value: (event) => deletes(event) ? undefined : { n: event.n } }),
  );
  return events.pipe(
    filter(isEven),
    tableJoin(table, {
      name: PROFILES,
      key: ({ user }) => user,
      type: "left",
      join: ({ user, n }, odd): Row => ({ user, n, odd: odd ?? null }),
    }),
  );
}

class Profiles implements Expected {
  readonly #rows = new Map<string, { n: number }>();

  constructor(readonly emit: (row: Row) => void) {}

  add(event: Event): boolean {
    const { user, n } = event;
    if (isEven(event)) this.emit({ user, n, odd: this.#rows.get(user) ?? null });
    else if (deletes(event)) this.#rows.delete(user);
    else this.#rows.set(user, { n });
    return true;
  }

  end(): void {}
}
