/**
 * The winning bids of auctions, which queries 4 and 6 share.
 */
import { filter, type OperatorFunction } from "rxjs";
import { keyedProcess, map, typed, value } from "@tidemark/streams";
import { type Auction, inEventTime, type NexmarkEvent } from "./events.ts";

/** The winning bid of an auction that is over. */
export interface WinningBid {
  readonly auction: number;
  readonly seller: number;
  readonly category: number;
  /** The highest price of the bids in the auction's time. */
  readonly price: number;
}

type Term = Pick<Auction, "at" | "expires" | "seller" | "category">;

/**
 * Emits the winning bid of each auction when the watermark says that the auction is over; nothing if there was no bid.
 * Of an auction it keeps the best price so far, until then.
 *
 * A bid may come before its auction, because events are out of order and because the generator makes bids in auctions
 * that open later. Such a bid waits until the watermark has reached its time: an auction that comes afterwards opened
 * after the bid, so the bid does not count.
 *
 * @param name the name of the stage
 */
export function winningBids(name: string): OperatorFunction<NexmarkEvent, WinningBid> {
  const winners = keyedProcess({
    name,
    key: (event: Exclude<NexmarkEvent, { kind: "person" }>) => event.kind === "bid" ? event.auction : event.id,
    // The offers that wait: the best price of each millisecond.
    state: { term: value<Term>({ values: "frozen" }), best: value<number>(), waiting: map<number, number>() },
    emits: typed<WinningBid>(),
    next(event, { state: { term, best, waiting }, timers }) {
      if (event.kind === "auction") {
        const { at, expires, seller, category } = event;
        term.set({ at, expires, seller, category });
        timers.set(expires);
        const prices = waiting.entries().filter(([offered]) => counts(offered, event)).map(([, price]) => price);
        if (prices.length > 0) best.set(Math.max(...prices));
        waiting.clear();
        return;
      }
      const { at, price } = event;
      const auction = term.get();
      if (auction === undefined) {
        waiting.set(at, Math.max(waiting.get(at) ?? 0, price));
        timers.set(at);
      } else if (counts(at, auction)) best.set(Math.max(best.get() ?? 0, price));
    },
    timer(time, { key, state: { term, best, waiting }, emit }) {
      waiting.delete(time);
      const auction = term.get();
      if (auction?.expires !== time) return;
      const price = best.get();
      if (price !== undefined) emit({ auction: key, seller: auction.seller, category: auction.category, price });
      term.delete();
      best.delete();
    },
  });
  return (events) => events.pipe(inEventTime(), filter((event) => event.kind !== "person"), winners);
}

function counts(at: number, { at: opens, expires }: Pick<Auction, "at" | "expires">): boolean {
  return opens <= at && at <= expires;
}
