/**
 * What the queries of `examples/nexmark/` have to give, computed from all events at once: loops over arrays, without
 * operators, watermarks or state. Rows are in no particular order.
 */
import type { Auction, Bid, NexmarkEvent, Person } from "../../examples/nexmark/events.ts";

const WINDOW = 10_000;
const DAY = 86_400_000;

/** The events of each kind, in the order in which they arrived. */
interface House {
  readonly persons: readonly Person[];
  readonly auctions: readonly Auction[];
  readonly bids: readonly Bid[];
}

/** The rows of a query by its number. */
export const TRUTHS: Readonly<Record<number, (house: House) => unknown[]>> = {
  0: ({ bids }) => [...bids],
  1: ({ bids }) => bids.map((bid) => ({ ...bid, price: bid.price * 908 / 1000 })),
  2: ({ bids }) =>
    bids.filter((bid) => bid.auction % 123 === 0).map((bid) => ({ auction: bid.auction, price: bid.price })),
  3: localItems,
  4: (house) =>
    runningAverages(winners(house), { by: "category", last: Infinity }).map(({ key, average }) => ({
      category: key,
      average,
    })),
  5: hotItems,
  6: (house) =>
    runningAverages(winners(house), { by: "seller", last: 10 }).map(({ key, average }) => ({ seller: key, average })),
  7: highestBids,
  8: newSellers,
  11: sessions,
  15: dayReports,
};

/** The rows that a query has to give. */
export function truthOf(number: number, events: readonly NexmarkEvent[]): unknown[] {
  return TRUTHS[number]({
    persons: events.filter((event) => event.kind === "person"),
    auctions: events.filter((event) => event.kind === "auction"),
    bids: events.filter((event) => event.kind === "bid"),
  });
}

/** The rows of query 12: the events arrive at a rate, and each second's at once. */
export function arrivalCounts(events: readonly NexmarkEvent[], perSecond: number): unknown[] {
  const windows = events.map((event, nth) => ({ event, start: floor(Math.floor(nth / perSecond) * 1000, WINDOW) }));
  const bids = windows.flatMap(({ event, start }) => event.kind === "bid" ? [{ bidder: event.bidder, start }] : []);
  return groups(bids, ({ bidder, start }) => `${bidder} ${start}`).map((same) => {
    const { bidder, start } = same[0];
    return { bidder, bids: same.length, start, end: start + WINDOW };
  });
}

function localItems({ persons, auctions }: House): unknown[] {
  return auctions.filter(({ category }) => category === 10).flatMap((auction) =>
    persons.filter(({ id, state }) => id === auction.seller && ["OR", "ID", "CA"].includes(state))
      .map(({ name, city, state }) => ({ name, city, state, auction: auction.id }))
  );
}

interface Winner {
  readonly seller: number;
  readonly category: number;
  readonly price: number;
}

/** The highest bid of each auction that had one, in the order in which the auctions ended. */
function winners({ auctions, bids }: House): Winner[] {
  const byAuction = Map.groupBy(bids, ({ auction }) => auction);
  return auctions.toSorted((one, other) => one.expires - other.expires).flatMap(({ id, at, expires, ...auction }) => {
    const valid = (byAuction.get(id) ?? []).filter((bid) => at <= bid.at && bid.at <= expires);
    const price = Math.max(...valid.map((bid) => bid.price));
    return valid.length === 0 ? [] : [{ seller: auction.seller, category: auction.category, price }];
  });
}

/** After each winner the average of the last ones with the same seller or category. */
function runningAverages(
  all: readonly Winner[],
  { by, last }: { by: "seller" | "category"; last: number },
): { key: number; average: number }[] {
  return all.map((winner, nth) => {
    const same = all.slice(0, nth + 1).filter((other) => other[by] === winner[by]).slice(-last);
    return { key: winner[by], average: same.reduce((sum, { price }) => sum + price, 0) / same.length };
  });
}

function hotItems({ bids }: House): unknown[] {
  const slide = 2_000;
  const times = bids.map(({ at }) => at);
  const first = floor(times.reduce((one, other) => Math.min(one, other)), slide) + slide;
  const last = floor(times.reduce((one, other) => Math.max(one, other)), slide) + WINDOW;
  const ends = Array.from({ length: (last - first) / slide + 1 }, (_, nth) => first + nth * slide);
  return ends.flatMap((end) => {
    const window = bids.filter(({ at }) => end - WINDOW <= at && at < end);
    const counts = groups(window, ({ auction }) => auction).map((same) => [same[0].auction, same.length]);
    const most = Math.max(...counts.map(([, count]) => count));
    return counts.filter(([, count]) => count === most).map(([auction, bids]) => ({ auction, bids, end }));
  });
}

function highestBids({ bids }: House): unknown[] {
  return groups(bids, ({ at }) => floor(at, WINDOW)).flatMap((window) => {
    const highest = Math.max(...window.map(({ price }) => price));
    return window.filter(({ price }) => price === highest);
  });
}

function newSellers({ persons, auctions }: House): unknown[] {
  return persons.filter(({ id, at }) =>
    auctions.some((auction) => auction.seller === id && floor(auction.at, WINDOW) === floor(at, WINDOW))
  ).map(({ id, name, at }) => ({ id, name, start: floor(at, WINDOW) }));
}

function sessions({ bids }: House): unknown[] {
  return groups(bids, ({ bidder }) => bidder).flatMap((own) => {
    const times = own.map(({ at }) => at).sort((one, other) => one - other);
    const rows: { bidder: number; bids: number; start: number; end: number }[] = [];
    for (const at of times) {
      const open = rows.at(-1);
      if (open === undefined || at > open.end) {
        rows.push({ bidder: own[0].bidder, bids: 1, start: at, end: at + WINDOW });
      } else {
        open.bids++;
        open.end = at + WINDOW;
      }
    }
    return rows;
  });
}

function dayReports({ bids }: House): unknown[] {
  return groups(bids, ({ at }) => floor(at, DAY)).map((day) => {
    const levels = [
      day,
      day.filter(({ price }) => price < 10_000),
      day.filter(({ price }) => price >= 10_000 && price < 1_000_000),
      day.filter(({ price }) => price >= 1_000_000),
    ];
    return {
      day: new Date(day[0].at).toISOString().slice(0, 10),
      bids: levels.map((level) => level.length),
      bidders: levels.map((level) => new Set(level.map(({ bidder }) => bidder)).size),
      auctions: levels.map((level) => new Set(level.map(({ auction }) => auction)).size),
    };
  });
}

function groups<T>(values: readonly T[], keyOf: (value: T) => unknown): T[][] {
  return [...Map.groupBy(values, keyOf).values()];
}

function floor(time: number, size: number): number {
  return Math.floor(time / size) * size;
}
