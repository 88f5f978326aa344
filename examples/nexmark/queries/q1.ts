import { filter, map, type Observable } from "rxjs";
import type { Bid, NexmarkEvent } from "../events.ts";

/** Euros for a thousand dollars. */
const RATE = 908;

/** Query 1, currency conversion: every bid with its price in euros. */
export function q1(events: Observable<NexmarkEvent>): Observable<Bid> {
  return events.pipe(
    filter((event) => event.kind === "bid"),
    map((bid) => ({ ...bid, price: bid.price * RATE / 1000 })),
  );
}
