import { filter, map, type Observable } from "rxjs";
import { count, seconds, sessionWindow } from "@tidemark/streams";
import { inEventTime, type NexmarkEvent } from "../events.ts";

/** A row of queries 11 and 12. */
export interface BidderCount {
  readonly bidder: number;
  readonly bids: number;
  /** Milliseconds since 1970, as `end`. */
  readonly start: number;
  readonly end: number;
}

/** Query 11, user sessions: how many bids a person made in each session, which ends after ten seconds without one. */
export function q11(events: Observable<NexmarkEvent>): Observable<BidderCount> {
  return events.pipe(
    inEventTime(),
    filter((event) => event.kind === "bid"),
    sessionWindow({ name: "q11", key: ({ bidder }) => bidder, gap: seconds(10), aggregate: count() }),
    map(({ key, value, window: { start, end } }) => ({ bidder: key, bids: value, start, end })),
  );
}
