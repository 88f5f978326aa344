/**
 * Pipelines in which everything that an operator keeps has an end: windows close, sessions end, lives end, partners go,
 * rows are deleted. And events whose end comes soon. So after ten times the events an operator keeps as much as after
 * one time.
 */
import { filter, type Observable } from "rxjs";
import {
  asyncMap,
  broadcastJoin,
  calendarWindow,
  changes,
  count,
  countWindow,
  cumulativeWindow,
  days,
  deduplicate,
  everyCount,
  everyEventTime,
  globalWindow,
  intervalJoin,
  joinTables,
  keyedProcess,
  keyedReduce,
  list,
  map,
  minutes,
  overWindow,
  sessionWindow,
  slidingWindow,
  tableJoin,
  temporalJoin,
  topN,
  toTable,
  tumblingWindow,
  value,
  windowJoin,
} from "@tidemark/streams/operators";

/** An event. A user comes twice, and never again. */
export interface Passing {
  readonly user: string;
  readonly n: number;
  readonly at: number;
  /** Whether it is the user's last one. */
  readonly leaves: boolean;
}

/** How far events are apart. */
const APART = minutes(1);
/** How far the last event is behind the others: everything has ended by then. */
const LONG = days(40);

/**
 * So many events of users who come and go, out of order, and a last one long afterwards.
 *
 * @param round events of a later round are of other users, and after all of the rounds before
 */
export function passingEvents(count: number, round = 0): Passing[] {
  const begin = round * (count * APART + 2 * LONG);
  const events = Array.from({ length: count }, (_, n): Passing => ({
    user: `user-${round}-${n >> 1}`,
    n: round * count + n,
    at: begin + n * APART - (n % 10 === 0 ? 3 * APART : 0),
    leaves: n % 2 === 1,
  }));
  return [...events, { user: "last", n: round * count + count - 1, at: begin + count * APART + LONG, leaves: true }];
}

type Events = Observable<Passing>;

const key = ({ user }: Passing) => user;
/** One of a few keys, for what an operator keeps of a key for ever. */
const few = ({ n }: Passing) => n % 7;
const row = ({ n, leaves }: Passing) => leaves ? undefined : { n };
const aggregate = count<Passing>();
const windows = { name: "kept", key, aggregate, allowedLateness: minutes(7) };
const triggered = {
  ...windows,
  trigger: { early: everyEventTime(minutes(2)), late: everyCount(1) },
  panes: "retract",
} as const;
const coming = (events: Events) => events.pipe(filter(({ leaves }) => !leaves));
const leaving = (events: Events) => events.pipe(filter(({ leaves }) => leaves));
const pair = { name: "kept", key, rightKey: key, type: "full", join: () => 0 } as const;
const ttl = { after: minutes(9) };

/**
 * The pipelines. The name of each begins with that of its operator.
 *
 * `whole`: the same events, from a source of which each task reads all
 */
export const PASSING: Record<string, (events: Events, whole: Events) => Observable<unknown>> = {
  keyedReduce: (events) =>
    events.pipe(
      keyedReduce({
        ...{ name: "kept", key, initial: 0 },
        reduce: (total, { leaves }) => leaves ? undefined as never : total + 1,
      }),
    ),
  "keyedReduce of the latest": (events) =>
    events.pipe(
      keyedReduce({
        ...{ name: "kept", key, initial: 0, emit: "latest" },
        reduce: (total, { leaves }) => leaves ? undefined as never : total + 1,
      }),
    ),
  keyedProcess: (events) =>
    events.pipe(
      keyedProcess({
        name: "kept",
        key,
        state: {
          ...{ one: value<number>(), some: map<string, number>(), all: list<number>() },
          ...{
            shortOne: value<number>({ ttl }),
            shortSome: map<string, number>({ ttl }),
            shortAll: list<number>({ ttl }),
          },
        },
        next({ n, leaves }, { state, timers, time }) {
          for (const one of [state.one, state.shortOne]) one.set(n);
          for (const some of [state.some, state.shortSome]) some.set(`${n}`, n);
          for (const all of [state.all, state.shortAll]) all.append(n);
          if (leaves) timers.delete(time + minutes(5));
          timers.set(time + minutes(leaves ? 6 : 5));
        },
        timer(time, { state: { one, some, all }, emit }) {
          emit(time);
          one.delete();
          some.clear();
          all.clear();
        },
      }),
    ),
  deduplicate: (events) => events.pipe(deduplicate({ name: "kept", key: ({ n }) => n, within: minutes(9) })),
  changes: (events) => events.pipe(changes({ name: "kept", key, value: ({ n }) => n, ttl })),
  topN: (events) =>
    events.pipe(
      topN({
        name: "kept",
        group: ({ user }) => user.length,
        key,
        n: 3,
        by: ({ n, leaves }) => leaves ? undefined : n,
      }),
    ),
  "topN of items that expire": (events) =>
    events.pipe(topN({ name: "kept", group: key, key: ({ n }) => n, n: 3, by: ({ n }) => n, ttl })),
  tumblingWindow: (events) => events.pipe(tumblingWindow({ ...windows, size: minutes(10) })),
  "tumblingWindow with triggers": (events) => events.pipe(tumblingWindow({ ...triggered, size: minutes(10) })),
  sessionWindow: (events) => events.pipe(sessionWindow({ ...windows, gap: minutes(4) })),
  "sessionWindow with triggers": (events) => events.pipe(sessionWindow({ ...triggered, gap: minutes(4) })),
  slidingWindow: (events) => events.pipe(slidingWindow({ ...windows, size: minutes(10), slide: minutes(4) })),
  cumulativeWindow: (events) => events.pipe(cumulativeWindow({ ...windows, max: minutes(12), step: minutes(3) })),
  calendarWindow: (events) => events.pipe(calendarWindow({ ...windows, unit: "day", timeZone: "Europe/Berlin" })),
  globalWindow: (events) =>
    events.pipe(globalWindow({ name: "kept", key: few, aggregate, trigger: everyCount(3), panes: "discard" })),
  countWindow: (events) => events.pipe(countWindow({ name: "kept", key: few, aggregate, size: 6, slide: 2 })),
  overWindow: (events) => events.pipe(overWindow({ name: "kept", key, aggregate, range: minutes(10) })),
  "overWindow by arrival": (events) =>
    events.pipe(overWindow({ name: "kept", key, aggregate, range: minutes(10), emit: "arrival" })),
  intervalJoin: (events) =>
    coming(events).pipe(intervalJoin(leaving(events), { ...pair, lower: -minutes(5), upper: minutes(5) })),
  windowJoin: (events) => coming(events).pipe(windowJoin(leaving(events), { ...pair, window: { size: minutes(10) } })),
  tableJoin: (events) =>
    events.pipe(
      tableJoin(events.pipe(toTable({ key, value: row })), { name: "kept", key, type: "left", join: () => 0 }),
    ),
  temporalJoin: (events) =>
    events.pipe(
      temporalJoin(events.pipe(toTable({ key, value: row })), { name: "kept", key, type: "left", join: () => 0 }),
    ),
  broadcastJoin: (events, whole) =>
    events.pipe(broadcastJoin(whole.pipe(toTable({ key, value: row })), { name: "kept", join: (_, { size }) => size })),
  joinTables: (events) => {
    const table = events.pipe(toTable({ key, value: row }));
    return joinTables(table, table, { name: "kept", type: "outer", join: () => 0 });
  },
  asyncMap: (events) =>
    events.pipe(
      asyncMap(({ n }: Passing) => Promise.resolve(n), { name: "kept", order: "key", key: ({ user }) => user }),
    ),
};
