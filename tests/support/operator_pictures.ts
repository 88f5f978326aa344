/** Pipelines of one operator each, whose pictures are in docs/operators.md. */
import { filter, from, type MonoTypeOperatorFunction, type Observable, type OperatorFunction, Subject } from "rxjs";
import {
  calendarWindow,
  count,
  countWindow,
  cumulativeWindow,
  deduplicate,
  eventTime,
  everyCount,
  globalWindow,
  hours,
  intervalJoin,
  keyedProcess,
  keyedReduce,
  minutes,
  overWindow,
  seconds,
  sessionWindow,
  slidingWindow,
  temporalJoin,
  toTable,
  tumblingWindow,
  watermark,
  windowJoin,
} from "@tidemark/streams";
import { type Trace, trace, type TraceOptions } from "@tidemark/streams/pictures";

/** A click of a user. */
interface Click {
  readonly user: string;
  readonly at: number;
}

const click = (user: string, second: number): Click => ({ user, at: seconds(second) });
/** Mostly in order. The click at 35 s is the last one that comes of its minute. */
const CLICKS = [
  ...[click("ada", 5), click("ada", 50), click("bob", 70), click("ada", 40), click("bob", 100)],
  ...[click("bob", 35), click("ada", 130), click("bob", 160)],
];
const USERS: TraceOptions = { label: ({ user }: Click) => user };
const byUser = { key: ({ user }: Click) => user, aggregate: count<Click>() };

function over<R>(
  operator: OperatorFunction<Click | null, R>,
  { clicks = CLICKS, bound = seconds(30), ...options }: TraceOptions & { clicks?: readonly Click[]; bound?: number } =
    {},
): Trace {
  const timed = from(clicks).pipe(eventTime(({ at }) => at), watermark({ maxOutOfOrderness: bound }));
  return trace(timed.pipe(operator), { ...USERS, ...options });
}

/** A row of one of two streams. */
interface Row {
  readonly side: string;
  readonly id: string;
  readonly at: number;
}

/** Two streams out of one list, so that it is known in which order they come. */
function both<R>(
  [left, right]: readonly [string, string],
  rows: readonly (readonly [side: string, id: string, at: number])[],
  join: (left: Observable<Row>, right: Observable<Row>) => Observable<R>,
  options: TraceOptions = {},
): Trace {
  const all = new Subject<Row>();
  const side = (name: string): Observable<Row> =>
    all.pipe(
      filter((row) => row.side === name),
      eventTime(({ at }) => at) as MonoTypeOperatorFunction<Row>,
      watermark({ name, maxOutOfOrderness: 0 }),
    );
  const picture = trace({ label: ({ id }: Row) => id, ...options });
  join(side(left), side(right)).pipe(picture.watch()).subscribe();
  for (const [side, id, at] of rows) all.next({ side, id, at });
  all.complete();
  return picture;
}

const idOf = ({ id }: Row) => id;

function orders(): Trace {
  return both(
    ["orders", "payments"],
    [
      ...[["orders", "a", 0], ["payments", "a", 20], ["orders", "b", 30], ["payments", "c", 50]] as const,
      ...[["orders", "c", 45], ["orders", "d", 110], ["payments", "b", 115], ["payments", "d", 125]] as const,
    ].map(([side, id, minute]) => [side, id, minutes(minute)] as const),
    (orders, payments) =>
      orders.pipe(
        intervalJoin(payments, {
          ...{ key: idOf, rightKey: idOf, lower: 0, upper: minutes(60), type: "left" as const },
          join: ({ id }, payment) => [id, payment === undefined ? "unpaid" : "paid"],
        }),
      ),
  );
}

function purchases(): Trace {
  return both(
    ["clicks", "purchases"],
    [
      ...[["clicks", "ada", 5], ["clicks", "bob", 20], ["purchases", "ada", 35], ["clicks", "ada", 70]] as const,
      ...[["purchases", "bob", 80], ["purchases", "ada", 85], ["clicks", "bob", 130], [
        "purchases",
        "bob",
        135,
      ]] as const,
    ].map(([side, id, second]) => [side, id, seconds(second)] as const),
    (clicks, purchases) =>
      clicks.pipe(
        windowJoin(purchases, {
          ...{ key: idOf, rightKey: idOf, window: { size: minutes(1) } },
          join: ({ id, at }, purchase) => [id, `${(purchase.at - at) / 1000} s`],
        }),
      ),
  );
}

function rates(): Trace {
  return both(
    ["sales", "rates"],
    [
      ...[["rates", "0.9", 0], ["sales", "100", 10], ["sales", "100", 25], ["rates", "0.5", 20]] as const,
      ...[["sales", "100", 40], ["rates", "0.8", 50], ["sales", "100", 55], ["rates", "0.8", 60]] as const,
    ].map(([side, id, second]) => [side, id, seconds(second)] as const),
    (sales, rates) =>
      sales.pipe(
        temporalJoin(rates.pipe(toTable({ key: () => "USD", value: ({ id }) => Number(id) })), {
          key: () => "USD",
          join: ({ id }, rate) => [`$${id}`, `€${Number(id) * rate}`],
        }),
      ),
  );
}

/** A picture with its title. */
export interface OperatorPicture {
  readonly title: string;
  readonly make: () => Trace;
}

/** The pictures by the names of their operators. */
export const OPERATOR_PICTURES: Readonly<Record<string, OperatorPicture>> = {
  watermark: {
    title: "A watermark 30 seconds behind the newest record",
    make: () => over((source) => source as Observable<Click>),
  },
  tumblingWindow: { title: "Windows of a minute", make: () => over(tumblingWindow({ ...byUser, size: minutes(1) })) },
  slidingWindow: {
    title: "Windows of a minute, every 30 seconds",
    make: () => over(slidingWindow({ ...byUser, size: minutes(1), slide: seconds(30) }), { bound: minutes(1) }),
  },
  cumulativeWindow: {
    title: "Windows of 30, 60 and 90 seconds",
    make: () =>
      over(cumulativeWindow({ ...byUser, key: () => "all", max: seconds(90), step: seconds(30) }), { bound: 0 }),
  },
  sessionWindow: {
    title: "Sessions end after 40 quiet seconds",
    make: () => over(sessionWindow({ ...byUser, gap: seconds(40) })),
  },
  calendarWindow: {
    title: "Days in Berlin, one of 23 hours",
    make: () => {
      const at = [[27, 20], [28, 9], [28, 21], [28, 23], [29, 12], [29, 21], [29, 22], [30, 9]]
        .map(([day, hour]) => ({ user: "ada", at: Date.UTC(2026, 2, day, hour) }));
      const days = calendarWindow({ ...byUser, unit: "day", timeZone: "Europe/Berlin" });
      return over(days, { clicks: at, bound: hours(1) });
    },
  },
  countWindow: {
    title: "Windows of two clicks of a user",
    make: () => over(countWindow({ key: ({ user }: Click) => user, size: 2, aggregate: count() })),
  },
  globalWindow: {
    title: "A result after every second click of a user",
    make: () => over(globalWindow({ ...byUser, trigger: everyCount(2) })),
  },
  overWindow: {
    title: "Of each click, how many a user had in the minute before it",
    make: () => over(overWindow({ ...byUser, range: minutes(1) }), { result: ({ key, value }) => [key, value] }),
  },
  lateSideOutput: {
    title: "What is too late for its window",
    make: () => over(tumblingWindow({ ...byUser, size: minutes(1) }), { bound: 0 }),
  },
  deduplicate: {
    title: "One click of a user within a minute",
    make: () =>
      over(deduplicate({ key: ({ user }: Click) => user, within: minutes(1) }), { result: ({ user }) => [user] }),
  },
  keyedReduce: {
    title: "How many clicks a user has had",
    make: () => over(keyedReduce({ key: ({ user }: Click) => user, initial: 0, reduce: (total) => total + 1 })),
  },
  keyedProcess: {
    title: "A timer 40 seconds after each click",
    make: () =>
      over(
        keyedProcess({
          key: ({ user }: Click) => user,
          next: (_click: Click, { time, timers }) => timers.set(time + seconds(40)),
          timer: (_time: number, { key, emit }) => emit([key, "40 s later"]),
        }),
        { clicks: CLICKS.slice(0, 5) },
      ),
  },
  intervalJoin: { title: "Orders, and their payments within an hour", make: orders },
  windowJoin: { title: "Clicked and bought in the same minute", make: purchases },
  temporalJoin: { title: "Dollars at the rate of their time", make: rates },
};
