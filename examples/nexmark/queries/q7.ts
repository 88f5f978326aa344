import { filter, mergeMap, type Observable } from "rxjs";
import { type Aggregate, seconds, tumblingWindow } from "@tidemark/streams";
import { type Bid, inEventTime, type NexmarkEvent } from "../events.ts";

/** The bids with the highest price. */
const highest: Aggregate<Bid, Bid[], Bid[]> = {
  seed: () => [],
  add(best, bid) {
    if (best.length === 0 || bid.price > best[0].price) return [bid];
    if (bid.price === best[0].price) best.push(bid);
    return best;
  },
};

/** Query 7, highest bid: the bids with the highest price of each ten seconds. */
export function q7(events: Observable<NexmarkEvent>): Observable<Bid> {
  return events.pipe(
    inEventTime(),
    filter((event) => event.kind === "bid"),
    tumblingWindow({ name: "q7", key: () => "all", size: seconds(10), aggregate: highest }),
    mergeMap(({ value }) => value),
  );
}
