import { map, type Observable } from "rxjs";
import { keyedReduce } from "@tidemark/streams";
import type { NexmarkEvent } from "../events.ts";
import { winningBids } from "../winning_bids.ts";

/** A row of query 4. */
export interface CategoryPrice {
  readonly category: number;
  readonly average: number;
}

/** Query 4, average price for a category: of the winning bids of its auctions so far, after each auction that ends. */
export function q4(events: Observable<NexmarkEvent>): Observable<CategoryPrice> {
  return events.pipe(
    winningBids("q4-winners"),
    keyedReduce({
      name: "q4",
      key: ({ category }) => category,
      initial: { sum: 0, count: 0 },
      reduce: ({ sum, count }, { price }) => ({ sum: sum + price, count: count + 1 }),
    }),
    map(({ key, value: { sum, count } }) => ({ category: key, average: sum / count })),
  );
}
