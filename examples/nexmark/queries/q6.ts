import type { Observable } from "rxjs";
import { keyedProcess, list, typed } from "@tidemark/streams";
import type { NexmarkEvent } from "../events.ts";
import { winningBids } from "../winning_bids.ts";

/** A row of query 6. */
export interface SellerPrice {
  readonly seller: number;
  readonly average: number;
}

/** How many auctions of a seller count. */
const LAST = 10;

/** Query 6, average selling price by seller: of the seller's last ten auctions that ended with a bid. */
export function q6(events: Observable<NexmarkEvent>): Observable<SellerPrice> {
  return events.pipe(
    winningBids("q6-winners"),
    keyedProcess({
      name: "q6",
      key: ({ seller }) => seller,
      state: { prices: list<number>() },
      emits: typed<SellerPrice>(),
      next({ seller, price }, { state: { prices }, emit }) {
        prices.append(price);
        if (prices.size > LAST) prices.shift();
        emit({ seller, average: prices.values().reduce((sum, one) => sum + one, 0) / prices.size });
      },
    }),
  );
}
