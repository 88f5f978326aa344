import { filter, map, type Observable } from "rxjs";
import type { NexmarkEvent } from "../events.ts";

/** A row of query 2. */
export interface PriceInAuction {
  readonly auction: number;
  readonly price: number;
}

/** Query 2, selection: the bids in every 123rd auction. */
export function q2(events: Observable<NexmarkEvent>): Observable<PriceInAuction> {
  return events.pipe(
    filter((event) => event.kind === "bid"),
    filter(({ auction }) => auction % 123 === 0),
    map(({ auction, price }) => ({ auction, price })),
  );
}
