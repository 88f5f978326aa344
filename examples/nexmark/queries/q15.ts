import { filter, type Observable } from "rxjs";
import { days, keyedProcess, map, type MapState, typed, value } from "@tidemark/streams";
import { inEventTime, type NexmarkEvent } from "../events.ts";

/** A count of all, and of those with bids below 100 dollars, from there below 10,000 dollars, and from there on. */
export type Counts = [all: number, low: number, middle: number, high: number];

/** A row of query 15. */
export interface DayReport {
  /** The day in UTC, such as `2026-01-31`. */
  readonly day: string;
  readonly bids: Counts;
  readonly bidders: Counts;
  readonly auctions: Counts;
}

type Totals = Omit<DayReport, "day">;
const NONE: Counts = [0, 0, 0, 0];

/**
 * Query 15, bidding statistics report: how many bids a day has, and how many distinct bidders and auctions, by the level
 * of the price. A day is reported when it is over.
 *
 * The maps hold a set of levels for each bidder and auction of the day. An epoch stores only the entries that changed.
 */
export function q15(events: Observable<NexmarkEvent>): Observable<DayReport> {
  return events.pipe(
    inEventTime(),
    filter((event) => event.kind === "bid"),
    keyedProcess({
      name: "q15",
      key: ({ at }) => Math.floor(at / days(1)),
      state: {
        totals: value<Totals>({ values: "frozen" }),
        bidders: map<number, number>(),
        auctions: map<number, number>(),
      },
      emits: typed<DayReport>(),
      next({ bidder, auction, price }, { key, state, timers }) {
        const { bids, bidders, auctions } = state.totals.get() ?? { bids: NONE, bidders: NONE, auctions: NONE };
        const levels = 1 | 1 << (price < 10_000 ? 1 : price < 1_000_000 ? 2 : 3);
        state.totals.set({
          bids: plus(bids, levels),
          bidders: plus(bidders, added(state.bidders, bidder, levels)),
          auctions: plus(auctions, added(state.auctions, auction, levels)),
        });
        timers.set((key + 1) * days(1) - 1);
      },
      timer(_time, { key, state: { totals, bidders, auctions }, emit }) {
        emit({ day: new Date(key * days(1)).toISOString().slice(0, 10), ...totals.get()! });
        totals.delete();
        bidders.clear();
        auctions.clear();
      },
    }),
  );
}

/** Adds levels to those of an id. Returns the ones that are new to it. Levels are bits; the lowest stands for all. */
function added(known: MapState<number, number>, id: number, levels: number): number {
  const before = known.get(id) ?? 0;
  const fresh = levels & ~before;
  if (fresh !== 0) known.set(id, before | levels);
  return fresh;
}

function plus([all, low, middle, high]: Counts, levels: number): Counts {
  return [all + (levels & 1), low + (levels >> 1 & 1), middle + (levels >> 2 & 1), high + (levels >> 3)];
}
