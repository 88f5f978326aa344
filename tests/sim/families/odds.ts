/**
 * Even events of a user, joined with a table of the odd ones.
 *
 * @module
 */
import { filter, type Observable } from "rxjs";
import { type TableChange, toTable } from "@tidemark/streams";
import type { Event } from "../traffic.ts";

/** The row of a user. */
export interface Odd {
  readonly n: number;
}

/** An even event with the row of its user. */
export interface WithOdd {
  readonly user: string;
  readonly n: number;
  readonly odd: Odd | null;
}

/** Whether an event is joined. The others change the table. */
export const isEven = ({ n }: Event): boolean => n % 2 === 0;
/** Whether an odd event deletes the row of its user. */
export const deletes = ({ n }: Event): boolean => n % 3 === 0;

/** What both joins are made of. */
export const withOdd = {
  key: ({ user }: Event): string => user,
  type: "left",
  join: ({ user, n }: Event, odd: Odd | undefined): WithOdd => ({ user, n, odd: odd ?? null }),
} as const;

/** The even events. */
export function evens(events: Observable<Event>): Observable<Event> {
  return events.pipe(filter(isEven));
}

/** The table of the odd events. */
export function odds(events: Observable<Event>): Observable<TableChange<string, Odd>> {
  return events.pipe(
    filter((event) => !isEven(event)),
    toTable({ key: ({ user }) => user, value: (event) => deletes(event) ? undefined : { n: event.n } }),
  );
}
