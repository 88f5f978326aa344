import { filter, type Observable } from "rxjs";
import { days, keyedProcess, map, type MapState, typed } from "@tidemark/streams";
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

/** What is counted; the counts of each are at four numbers from here on in the state `counts`. */
const BIDS = 0, BIDDERS = 4, AUCTIONS = 8;

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
      state: { counts: map<number, number>(), bidders: map<number, number>(), auctions: map<number, number>() },
      emits: typed<DayReport>(),
      next({ bidder, auction, price }, { key, state: { counts, bidders, auctions }, timers }) {
        const levels = 1 | 1 << (price < 10_000 ? 1 : price < 1_000_000 ? 2 : 3);
        count(counts, BIDS, levels);
        count(counts, BIDDERS, added(bidders, bidder, levels));
        count(counts, AUCTIONS, added(auctions, auction, levels));
        timers.set((key + 1) * days(1) - 1);
      },
      timer(_time, { key, state: { counts, bidders, auctions }, emit }) {
        const of = (first: number) => [0, 1, 2, 3].map((level) => counts.get(first + level) ?? 0) as Counts;
        const day = new Date(key * days(1)).toISOString().slice(0, 10);
        emit({ day, bids: of(BIDS), bidders: of(BIDDERS), auctions: of(AUCTIONS) });
        for (const state of [counts, bidders, auctions]) state.clear();
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

function count(counts: MapState<number, number>, first: number, levels: number): void {
  for (let level = 0; level < 4; level++) {
    if ((levels >> level & 1) === 1) counts.set(first + level, (counts.get(first + level) ?? 0) + 1);
  }
}
