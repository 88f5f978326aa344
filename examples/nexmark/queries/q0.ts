import { filter, type Observable } from "rxjs";
import type { Bid, NexmarkEvent } from "../events.ts";

/** Query 0, pass through: every bid, unchanged. It shows what the rest costs. */
export function q0(events: Observable<NexmarkEvent>): Observable<Bid> {
  return events.pipe(filter((event) => event.kind === "bid"));
}
