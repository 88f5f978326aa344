/**
 * `joinTables` of a table of the even events of a user with one of the others, and its expected changes.
 *
 * @module
 */
import { filter, map, type Observable } from "rxjs";
import { joinTables, toTable } from "@tidemark/streams";
import type { Event } from "../traffic.ts";
import type { Expected, OwnFamily } from "./family.ts";

const COUPLES = "couples";

export const couples: OwnFamily = {
  name: COUPLES,
  share: 0.1,
  dice: 0xc0b1e5,
  pipeline,
  expected: (emit) => new Couples(emit),
};

interface Row {
  readonly user: string;
  /** The numbers of the last even and odd event; `undefined` when there is no row any more. */
  readonly both?: string;
}

const isEven = ({ n }: Event) => n % 2 === 0;
/** Some events delete the row of their user. */
const rowOf = ({ n }: Event) => n % 5 === 0 ? undefined : { n };

function pipeline(events: Observable<Event>): Observable<Row> {
  const table = toTable({ key: ({ user }: Event) => user, value: rowOf });
  const even = events.pipe(filter(isEven), table), odd = events.pipe(filter((event) => !isEven(event)), table);
  return joinTables(even, odd, { name: COUPLES, join: (even, odd) => `${even.n} ${odd.n}` }).pipe(
    map(({ key, value }): Row => ({ user: key, both: value })),
  );
}

class Couples implements Expected {
  readonly #even = new Map<string, number>();
  readonly #odd = new Map<string, number>();

  constructor(readonly emit: (row: Row) => void) {}

  add(event: Event): boolean {
    const { user, n } = event;
    const before = this.#bothOf(user);
    const rows = isEven(event) ? this.#even : this.#odd;
    if (rowOf(event) === undefined) rows.delete(user);
    else rows.set(user, n);
    const both = this.#bothOf(user);
    if (both !== undefined || before !== undefined) this.emit({ user, both });
    return true;
  }

  #bothOf(user: string): string | undefined {
    const even = this.#even.get(user), odd = this.#odd.get(user);
    return even === undefined || odd === undefined ? undefined : `${even} ${odd}`;
  }

  end(): void {}
}
