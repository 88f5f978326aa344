/**
 * Measures the cost of a record in the joins of two streams, as `operators_bench.ts` does: over values from a prepared
 * array, without input and output. A million records of 100,000 users, half of them on each side, five seconds out of
 * order. Then the cost of a record where its key keeps ten values, and where it keeps 100,000.
 *
 * The best of several rounds counts, because other programs can only add to the time.
 */
import { parseArgs } from "node:util";
import { type MonoTypeOperatorFunction, type OperatorFunction, Subject } from "rxjs";
import {
  eventTime,
  intervalJoin,
  seconds,
  tableJoin,
  temporalJoin,
  toTable,
  watermark,
  windowJoin,
} from "../operators/mod.ts";
import { judge, table } from "./support/report.ts";

const USERS = 100_000;
/** The goal for each row, in records a second. */
const GOAL = 200_000;
/** How many values the key keeps. */
const SHORT = 10, LONG = 100_000;
/** How many appends, and how many records, are measured with that. */
const APPENDS = 10_000, RECORDS = 200_000;

interface UserEvent {
  readonly user: string;
  readonly at: number;
}

type Join = (right: Subject<UserEvent>) => OperatorFunction<UserEvent, unknown>;

const key = ({ user }: UserEvent) => user;
const timed: MonoTypeOperatorFunction<UserEvent> = eventTime(({ at }) => at);
const ordered = () => watermark<UserEvent>({ maxOutOfOrderness: seconds(5) });
const join = (left?: UserEvent, right?: UserEvent) => (left?.at ?? 0) + (right?.at ?? 0);
const keys = { key, rightKey: key, join };

/** Each record of a user has the one before it, 700 s earlier, on the other side. */
const JOINS: Record<string, Join> = {
  "intervalJoin, a pair for each record": (right) =>
    intervalJoin(right.pipe(timed, ordered()), { ...keys, lower: -seconds(800), upper: seconds(800) }),
  "intervalJoin, full, a row of its own for each record": (right) =>
    intervalJoin(right.pipe(timed, ordered()), { ...keys, lower: -seconds(60), upper: seconds(60), type: "full" }),
  "windowJoin, a pair for each two records": (right) =>
    windowJoin(right.pipe(timed, ordered()), { ...keys, window: { size: seconds(1_400) } }),
  "tableJoin, a change for each record": (right) => tableJoin(right.pipe(toTable({ key })), { key, join }),
  "temporalJoin, a version for each record": (right) =>
    temporalJoin(right.pipe(timed, ordered(), toTable({ key })), { key, join }),
};

/** Records of all users in turn, every 7 ms, each up to five seconds behind. */
function eventsOf(records: number): UserEvent[] {
  return Array.from({ length: records }, (_, index) => ({
    user: `user-${index * 7919 % USERS}`,
    at: index * 7 - index * 31 % 5_000,
  }));
}

/** The duration of one run, in milliseconds, and how many rows it had. */
function timeOf(events: readonly UserEvent[], join: Join): [number, number] {
  let rows = 0;
  const left = new Subject<UserEvent>(), right = new Subject<UserEvent>();
  left.pipe(timed, ordered(), join(right)).subscribe(() => rows++);
  const began = performance.now();
  for (let index = 0; index < events.length; index++) {
    ((index + Math.floor(index / USERS)) % 2 === 0 ? left : right).next(events[index]);
  }
  left.complete();
  right.complete();
  const took = performance.now() - began;
  if (rows === 0) throw new Error("A join emitted nothing: what was measured is not what it costs");
  return [took, rows];
}

/** A key whose values are kept for so many milliseconds, and whose partners are at both ends of that time. */
function keyed(keeps: number): { left: Subject<number>; right: Subject<number> } {
  const left = new Subject<number>(), right = new Subject<number>();
  const at = eventTime((at: number) => at), strict = () => watermark<number>({ maxOutOfOrderness: 0 });
  const all = { key: () => "all", rightKey: () => "all", join: (left: number) => left };
  // The partners of a left value at t are the right ones at t - keeps and t - keeps + 1.
  left.pipe(at, strict(), intervalJoin(right.pipe(at, strict()), { ...all, lower: -keeps, upper: 1 - keeps }))
    .subscribe();
  return { left, right };
}

/** The cost of keeping one more value of a key that has so many already, in nanoseconds. */
function costOfAppend(size: number): number {
  const { left, right } = keyed(10 * LONG);
  for (let time = 0; time < size; time++) left.next(time);
  right.next(0);
  const began = performance.now();
  for (let time = size; time < size + APPENDS; time++) left.next(time);
  return (performance.now() - began) * 1e6 / APPENDS;
}

/** The cost of a record of a key that keeps so many on each side: it comes, pairs with two, and the oldest leaves. */
function costOfRecord(size: number): number {
  const { left, right } = keyed(size);
  let began = 0;
  for (let time = 0; time < size + RECORDS; time++) {
    if (time === size) began = performance.now();
    left.next(time);
    right.next(time);
  }
  return (performance.now() - began) * 1e6 / RECORDS / 2;
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: [...Deno.args],
    options: { quick: { type: "boolean" }, minutes: { type: "string" } },
  });
  const [records, rounds] = values.quick ? [300_000, 3] : [1_000_000, 7];
  const events = eventsOf(records);
  table(
    `Joins in memory, ${USERS.toLocaleString("en-US")} keys, no input and no output`,
    Object.entries(JOINS).map(([pipeline, join]) => {
      const runs = Array.from({ length: rounds }, () => timeOf(events, join));
      const [best, rows] = runs.reduce((a, b) => a[0] < b[0] ? a : b);
      const rate = Math.round(records / best * 1000);
      return {
        pipeline,
        "ns a record": Math.round(best * 1e6 / records),
        "records/s": rate,
        rows,
        goal: judge(`${GOAL.toLocaleString("en-US")}/s`, rate >= GOAL),
      };
    }),
  );
  const best = (cost: (size: number) => number, size: number, runs = rounds) =>
    Math.min(...Array.from({ length: runs }, () => cost(size)));
  const [short, long] = [SHORT, LONG].map((size) => best(costOfAppend, size, 5 * rounds));
  table(
    "A record of one key of an intervalJoin",
    [[SHORT, short], [LONG, long]].map(([size, cost]) => ({
      "values of the key": size,
      "ns an append": Math.round(cost),
      goal: size === SHORT ? "" : judge(`at most twice that of ${SHORT}`, long <= 2 * short),
      "ns, with two pairs, and leaves": Math.round(best(costOfRecord, size)),
    })),
  );
}
