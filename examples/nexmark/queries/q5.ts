import { filter, map, mergeMap, type Observable } from "rxjs";
import { type Aggregate, count, seconds, slidingWindow, tumblingWindow } from "@tidemark/streams";
import { inEventTime, type NexmarkEvent } from "../events.ts";

/** A row of query 5. */
export interface HotItem {
  readonly auction: number;
  readonly bids: number;
  /** The end of the ten seconds, in milliseconds since 1970. */
  readonly end: number;
}

const SIZE = seconds(10), SLIDE = seconds(2);

/** The auctions with the most bids. */
const hottest: Aggregate<HotItem, HotItem[], HotItem[]> = {
  seed: () => [],
  add(best, item) {
    if (best.length === 0 || item.bids > best[0].bids) return [item];
    if (item.bids === best[0].bids) best.push(item);
    return best;
  },
};

/**
 * Query 5, hot items: the auctions with the most bids of the last ten seconds, every two seconds.
 *
 * Counts have the time of their window's last millisecond. So those of one sliding window meet in one window of two
 * seconds, and no others do.
 */
export function q5(events: Observable<NexmarkEvent>): Observable<HotItem> {
  return events.pipe(
    inEventTime(),
    filter((event) => event.kind === "bid"),
    slidingWindow({ name: "q5-counts", key: ({ auction }) => auction, size: SIZE, slide: SLIDE, aggregate: count() }),
    map(({ key, value, window }) => ({ auction: key, bids: value, end: window.end })),
    tumblingWindow({ name: "q5", key: () => "all", size: SLIDE, aggregate: hottest }),
    mergeMap(({ value }) => value),
  );
}
