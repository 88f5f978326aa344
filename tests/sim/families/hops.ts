/**
 * Pipelines with one hop and with two, and windows behind a hop. Their expected results are those of the whole input,
 * because a hop brings records of all partitions together.
 *
 * @module
 */
import { map, type Observable } from "rxjs";
import {
  broadcastJoin,
  count,
  keyedProcess,
  keyedReduce,
  repartition,
  tumblingWindow,
  typed,
  value,
} from "@tidemark/streams";
import { DISORDER, type Event, WINDOW, windowOf } from "../traffic.ts";
import type { AcrossFamily, OwnFamily, Row } from "./family.ts";

/** How many places there are. */
const PLACES = 5;

interface Visit {
  readonly place: string;
  readonly event: Event;
}

/** Where an event happens. */
export function placeOf({ n }: Event): string {
  return `place-${n * 7 % PLACES}`;
}

/** Counts each place's events behind a hop, which has one partition more than the input. */
export const places: AcrossFamily = {
  name: "places",
  share: 0.12,
  dice: 0x91ace,
  hops: ["by-place"],
  pipeline: (events, { partitions }) =>
    events.pipe(
      repartition({ name: "by-place", key: placeOf, partitions: partitions + 1 }),
      keyedReduce({ name: "places", key: placeOf, initial: 0, reduce: (n) => n + 1 }),
      map(({ key, value }) => ({ user: key, n: value })),
    ),
  across: ({ partitions }, emit) => {
    const counts = new Map<string, number>();
    for (const event of partitions.flat()) {
      const place = placeOf(event);
      counts.set(place, (counts.get(place) ?? 0) + 1);
      emit({ user: place, n: counts.get(place)! });
    }
  },
};

/** Counts each place's events, and then the same events of each user, behind a second hop. */
export const trips: AcrossFamily = {
  name: "trips",
  share: 0.12,
  dice: 0x7419,
  hops: ["trips-by-place", "trips-by-user"],
  pipeline: (events) =>
    events.pipe(
      map((event): Visit => ({ place: placeOf(event), event })),
      repartition({ name: "trips-by-place", key: ({ place }) => place }),
      keyedProcess({
        name: "trip-places",
        key: ({ place }: Visit) => place,
        state: { n: value<number>() },
        emits: typed<Visit>(),
        next: (visit: Visit, { state, emit }) => {
          state.n.set((state.n.get() ?? 0) + 1);
          emit(visit);
        },
      }),
      repartition<Visit>({ name: "trips-by-user", key: ({ event }) => event.user, partitions: 2 }),
      keyedReduce({ name: "trips", key: ({ event }: Visit) => event.user, initial: 0, reduce: (n) => n + 1 }),
      map(({ key, value }) => ({ user: key, n: value })),
    ),
  across: ({ partitions }, emit) => {
    for (const events of partitions) {
      const counts = new Map<string, number>();
      for (const { user } of events) {
        counts.set(user, (counts.get(user) ?? 0) + 1);
        emit({ user, n: counts.get(user)! });
      }
    }
  },
};

/**
 * Windows behind a hop. What is late where it is read is left out above the hop; then nothing may be late behind it, and each
 * window has one result.
 */
export const stays: AcrossFamily = {
  name: "stays",
  share: 0.25,
  dice: 0x57a75,
  hops: ["stays-by-place"],
  interleaves: true,
  pipeline: (events) =>
    inTime(events).pipe(
      repartition({ name: "stays-by-place", key: placeOf }),
      tumblingWindow({ name: "stays", key: placeOf, size: WINDOW, allowedLateness: 10 * WINDOW, aggregate: count() }),
      map(({ key, window, value, pane, index }) => ({ user: key, start: window.start, n: value, pane, index })),
    ),
  across: ({ partitions, ended }, emit) => {
    const windows = new Map<string, { user: string; start: number; n: number }>();
    let watermark = Infinity;
    for (const events of partitions) {
      let own = -Infinity;
      for (const event of events) {
        if (event.time > own) {
          const user = placeOf(event), start = windowOf(event.time);
          const window = windows.get(`${user} ${start}`) ?? { user, start, n: 0 };
          windows.set(`${user} ${start}`, window);
          window.n++;
        }
        own = Math.max(own, event.time - DISORDER - 1);
      }
      watermark = Math.min(watermark, own);
    }
    for (const window of [...windows.values()].sort((one, other) => one.start - other.start)) {
      if (ended || window.start + WINDOW - 1 <= watermark) emit({ ...window, pane: "onTime", index: 0 });
    }
  },
};

interface Heard extends Row {
  readonly n: number;
  readonly of: number;
}

/**
 * Each event with the number of its user's events, from a table that every task sends to all others. How many of them have
 * come back when an event comes depends on the interleaving: never less than before, and never more than there are. At the
 * end every task has the last number of every user.
 */
export const heard: OwnFamily = {
  name: "heard",
  share: 0.12,
  dice: 0x4ea2d,
  hops: ["heard-by-all"],
  pipeline: (events) => {
    const counts = events.pipe(
      keyedReduce({ name: "heard-counts", key: ({ user }) => user, initial: 0, reduce: (n) => n + 1 }),
      repartition({ name: "heard-by-all", broadcast: true }),
    );
    return events.pipe(broadcastJoin(counts, {
      name: "heard",
      join: ({ user, n }: Event, all): Heard => ({ user, n, of: all.get(user) ?? 0 }),
    }));
  },
  expected: (emit) => ({
    add({ user, n }) {
      emit({ user, n } as Row);
      return true;
    },
    end() {},
  }),
  everywhere: {
    state: { name: "heard/rules", operator: "broadcastJoin" },
    rows: (partitions) =>
      new Map([...Map.groupBy(partitions.flat(), ({ user }) => user)].map(([user, own]) => [user, own.length])),
  },
  interleaving: {
    fixed: ({ of: _, ...row }: Heard) => row as Row,
    check(rows) {
      let before = 0;
      for (const { n, of } of rows as readonly Heard[]) {
        if (of < before || of > rows.length) return `event ${n} met ${of} events after ${before}, of ${rows.length}`;
        before = of;
      }
      return undefined;
    },
  },
};

/** The events whose time is above the watermark when they come. */
function inTime(events: Observable<Event>): Observable<Event> {
  return events.pipe(keyedProcess({
    name: "in-time",
    key: ({ user }: Event) => user,
    state: {},
    emits: typed<Event>(),
    next(event: Event, { time, watermark, emit }) {
      if (time > watermark) emit(event);
    },
  }));
}
