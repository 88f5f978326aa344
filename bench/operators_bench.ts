/**
 * Measures the cost of a record in the operators alone: each stage, and the counts pipeline, over values from a
 * prepared array, without input and output. Ten thousand users. The best of several rounds counts, because other
 * programs can only add to the time.
 *
 * V8 optimises the code for a pipeline that runs alone in its process. The last row is the same pipeline after all
 * others have run in this process, as in a program with many pipelines.
 */
import { parseArgs } from "node:util";
import { filter, from, map, type Observable } from "rxjs";
import { count, eventTime, keyedReduce, minutes, tumblingWindow, watermark } from "../operators/mod.ts";
import { measureAppends, measureKeyed } from "./keyed_bench.ts";
import { judge, table } from "./support/report.ts";
import { timeOf } from "./support/time_of.ts";

const USERS = 10_000;
/** The goal for the counts pipeline, in events a second. */
const GOAL = 5_000_000;

interface UserEvent {
  readonly user_id: string;
  readonly timestamp_ms: number;
}

/** The cost of one pipeline. */
export interface OperatorCost {
  readonly pipeline: string;
  /** The best round, in nanoseconds a record. */
  readonly nanoseconds: number;
  readonly eventsPerSecond: number;
}

/** Options of {@linkcode measureOperators}. */
export interface MeasureOptions {
  /** Records in a round. @default 1_000_000 */
  readonly records?: number;
  /** @default 9 */
  readonly rounds?: number;
}

const timed = eventTime((event: UserEvent) => event.timestamp_ms);
const watermarked = watermark<UserEvent>({ maxOutOfOrderness: minutes(5) });
const counted = keyedReduce({
  name: "event-count",
  key: (event: UserEvent) => event.user_id,
  initial: 0,
  reduce: (total: number) => total + 1,
});
const truthy = filter((event: UserEvent) => !!event);
const SEED = "eventTime, watermark, keyedReduce, map (the seed's counts)";

/** The counts pipeline. */
function counts(events: Observable<UserEvent>): Observable<unknown> {
  return events.pipe(timed, watermarked, counted, map(({ key, value }) => ({ user_id: key, event_count: value })));
}

function pipelines(events: Observable<UserEvent>): [string, Observable<unknown>][] {
  const windowed = tumblingWindow({
    name: "activity",
    key: (event: UserEvent) => event.user_id,
    size: minutes(1),
    aggregate: count<UserEvent>(),
  });
  return [
    [SEED, counts(events)],
    ["from(array)", events],
    ["three plain filters", events.pipe(truthy, truthy, truthy)],
    ["eventTime", events.pipe(timed)],
    ["eventTime, watermark", events.pipe(timed, watermarked)],
    ["keyedReduce", events.pipe(counted)],
    ["eventTime, watermark, keyedReduce", events.pipe(timed, watermarked, counted)],
    ["eventTime, watermark, tumblingWindow", events.pipe(timed, watermarked, windowed)],
    [`${SEED}, after all of these`, counts(events)],
  ];
}

/** Measures every pipeline, one after the other. */
export function measureOperators({ records = 1_000_000, rounds = 9 }: MeasureOptions = {}): OperatorCost[] {
  const users = Array.from({ length: USERS }, (_, index): UserEvent => ({
    user_id: `user-${index}`,
    timestamp_ms: index * 7 % minutes(5),
  }));
  const events = from(Array.from({ length: records }, (_, index) => users[index % USERS]));
  return pipelines(events).map(([pipeline, stream]) => {
    const best = Math.min(...Array.from({ length: rounds }, () => timeOf(stream)));
    return { pipeline, nanoseconds: best * 1e6 / records, eventsPerSecond: Math.round(records / best * 1000) };
  });
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: [...Deno.args],
    options: { quick: { type: "boolean" }, minutes: { type: "string" } },
  });
  const costs = measureOperators(values.quick ? { records: 300_000, rounds: 5 } : {});
  table(
    "Operators in memory, no input and no output",
    costs.map(({ pipeline, nanoseconds, eventsPerSecond }) => ({
      pipeline,
      "ns a record": Math.round(nanoseconds),
      "events/s": eventsPerSecond,
      goal: pipeline === SEED ? judge(`${GOAL.toLocaleString("en-US")}/s`, eventsPerSecond >= GOAL) : "",
    })),
  );
  table("Keyed processing in memory", measureKeyed(values.quick ? { records: 300_000, rounds: 3 } : {}));
  table("An append to a list of one key", measureAppends(values.quick ? 3 : 5));
}
