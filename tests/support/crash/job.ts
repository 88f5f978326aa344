/** The job that is killed: a small form of the recommendations job, on public names. */
import { identity, map, type MonoTypeOperatorFunction, type Observable, tap } from "rxjs";
import {
  asyncMap,
  broadcastJoin,
  count,
  eventTime,
  keyedReduce,
  lateSideOutput,
  repartition,
  type SinkOptions,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import { BOUND, type Event, LATENESS, WINDOW } from "./traffic.ts";

/** The names of the job's topics. */
export interface Topics {
  readonly input: string;
  readonly counts: string;
  readonly activity: string;
  readonly late: string;
}

/** `source()` and `sink()` of a connector. */
export interface Verbs {
  source<T>(topic: string): Observable<T>;
  sink<T>(topic: string, options?: SinkOptions<T>): MonoTypeOperatorFunction<T>;
}

/** The longest that a call of the job takes, in milliseconds. */
const CALL_MS = 25;

/** Calls a service about each event, which answers in another order. The results are those of a job that does not call. */
function called(): MonoTypeOperatorFunction<Event> {
  const service = async (event: Event) => {
    await new Promise((resolve) => setTimeout(resolve, event.index * 7919 % CALL_MS));
    return event;
  };
  return asyncMap(service, { name: "service", order: "key", key: ({ user_id }) => user_id });
}

/** The state of the table that every task has whole where the job `hears`: how many events each user has had. */
export const HEARD = { name: "heard/rules", operator: "broadcastJoin" } as const;

/**
 * Joins each event with the counts of all users, which every task sends to all tasks. The results are those of a job that
 * does not.
 */
function heard(events: Observable<Event>): MonoTypeOperatorFunction<Event> {
  const counts = events.pipe(
    keyedReduce({ name: "heard-count", key: (event) => event.user_id, initial: 0, reduce: (total) => total + 1 }),
    repartition({ name: "heard-by-all", broadcast: true }),
  );
  return broadcastJoin(counts, { name: "heard", join: (event: Event) => event }) as MonoTypeOperatorFunction<Event>;
}

/** What a job does besides. */
export interface Extras {
  /** Whether a service is called about each event before it is counted. @default false */
  readonly calls?: boolean;
  /** Whether every task hears the counts of all users. @default false */
  readonly hears?: boolean;
}

/** The pipelines. `pushed` is called for each event during its push. */
export function pipelines(
  verbs: Verbs,
  topics: Topics,
  pushed: () => void,
  { calls = false, hears = false }: Extras = {},
): Observable<unknown>[] {
  const events = verbs.source<Event>(topics.input).pipe(
    eventTime((event) => event.timestamp_ms),
    watermark({ maxOutOfOrderness: BOUND }),
  );
  const counts = events.pipe(
    tap(pushed),
    calls ? called() : identity,
    hears ? heard(events) : identity,
    keyedReduce({
      name: "event-count",
      key: (event) => event.user_id,
      initial: 0,
      reduce: (total) => total + 1,
      emit: "every",
    }),
    map(({ key, value }) => ({ user_id: key, event_count: value })),
    verbs.sink(topics.counts, { key: (row) => row.user_id }),
  );
  const activity = events.pipe(
    tumblingWindow({
      name: "activity",
      key: (event) => event.user_id,
      size: WINDOW,
      allowedLateness: LATENESS,
      aggregate: count(),
    }),
    lateSideOutput((late) => late.pipe(verbs.sink(topics.late))),
    map(({ key, window, value, pane }) => ({
      user_id: key,
      window_start_ms: window.start,
      window_end_ms: window.end,
      event_count: value,
      pane,
    })),
    verbs.sink(topics.activity, { key: (row) => row.user_id }),
  );
  return [counts, activity];
}
