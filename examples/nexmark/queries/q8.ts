import { filter, map, type Observable } from "rxjs";
import { type Aggregate, seconds, tumblingWindow } from "@tidemark/streams";
import { type Auction, inEventTime, type NexmarkEvent, type Person } from "../events.ts";

/** A row of query 8. */
export interface NewSeller {
  readonly id: number;
  readonly name: string;
  /** The beginning of the ten seconds, in milliseconds since 1970. */
  readonly start: number;
}

/** What a person did: registered, with a name, and opened auctions. */
interface Deeds {
  readonly name?: string;
  readonly sells?: true;
}

const deeds: Aggregate<Person | Auction, Deeds, Deeds> = {
  seed: () => ({}),
  add: (before, event) => event.kind === "person" ? { ...before, name: event.name } : { ...before, sells: true },
};

/** Query 8, monitor new users: who registered and opened an auction within the same ten seconds. */
export function q8(events: Observable<NexmarkEvent>): Observable<NewSeller> {
  return events.pipe(
    inEventTime(),
    filter((event) => event.kind !== "bid"),
    tumblingWindow({
      name: "q8",
      key: (event) => event.kind === "person" ? event.id : event.seller,
      size: seconds(10),
      aggregate: deeds,
    }),
    filter(({ value: { name, sells } }) => name !== undefined && sells === true),
    map(({ key, window, value: { name } }) => ({ id: key, name: name!, start: window.start })),
  );
}
