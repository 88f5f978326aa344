import { filter, type Observable } from "rxjs";
import { count, seconds, tumblingWindow, windowJoin } from "@tidemark/streams";
import { inEventTime, type NexmarkEvent } from "../events.ts";

/** A row of query 8. */
export interface NewSeller {
  readonly id: number;
  readonly name: string;
  /** The beginning of the ten seconds, in milliseconds since 1970. */
  readonly start: number;
}

const SIZE = seconds(10);

/**
 * Query 8, monitor new users: who registered and opened an auction within the same ten seconds.
 *
 * The sellers of a window have the time of its last millisecond, so they meet the persons of the same window. Each of
 * them is there once, however many auctions they opened.
 */
export function q8(events: Observable<NexmarkEvent>): Observable<NewSeller> {
  const sellers = events.pipe(
    filter((event) => event.kind === "auction"),
    inEventTime("q8-auctions"),
    tumblingWindow({ name: "q8-sellers", key: ({ seller }) => seller, size: SIZE, aggregate: count() }),
  );
  return events.pipe(
    filter((event) => event.kind === "person"),
    inEventTime("q8-persons"),
    windowJoin(sellers, {
      name: "q8",
      window: { size: SIZE },
      key: ({ id }) => id,
      rightKey: ({ key }) => key,
      join: ({ id, name }, { window }) => ({ id, name, start: window.start }),
    }),
  );
}
