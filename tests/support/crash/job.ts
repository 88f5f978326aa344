/** The job that is killed: a small form of the recommendations job, on public names. */
import { identity, map, type MonoTypeOperatorFunction, type Observable, tap } from "rxjs";
import {
  asyncMap,
  count,
  eventTime,
  keyedReduce,
  lateSideOutput,
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

/**
 * The pipelines. `pushed` is called for each event during its push.
 *
 * @param calls whether a service is called about each event before it is counted
 */
export function pipelines(verbs: Verbs, topics: Topics, pushed: () => void, calls = false): Observable<unknown>[] {
  const events = verbs.source<Event>(topics.input).pipe(
    eventTime((event) => event.timestamp_ms),
    watermark({ maxOutOfOrderness: BOUND }),
  );
  const counts = events.pipe(
    tap(pushed),
    calls ? called() : identity,
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
