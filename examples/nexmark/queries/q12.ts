import { filter, type Observable } from "rxjs";
import { keyedProcess, map, seconds, typed } from "@tidemark/streams";
import type { NexmarkEvent } from "../events.ts";
import type { BidderCount } from "./q11.ts";

const SIZE = seconds(10);

/** Query 12, processing time windows: how many bids of a person were processed in each ten seconds of the wall clock. */
export function q12(events: Observable<NexmarkEvent>): Observable<BidderCount> {
  return events.pipe(
    filter((event) => event.kind === "bid"),
    keyedProcess({
      name: "q12",
      key: ({ bidder }) => bidder,
      // By the end of their window. A bid of the next window may come before the timer of the one before has fired.
      state: { bids: map<number, number>() },
      emits: typed<BidderCount>(),
      next(_bid, { state: { bids }, timers, now }) {
        const end = (Math.floor(now / SIZE) + 1) * SIZE;
        bids.set(end, (bids.get(end) ?? 0) + 1);
        timers.set(end, "processing");
      },
      timer(end, { key, state: { bids }, emit }) {
        emit({ bidder: key, bids: bids.get(end)!, start: end - SIZE, end });
        bids.delete(end);
      },
    }),
  );
}
