/** The job that is killed: a small form of the recommendations job, on public names. */
import { map, type MonoTypeOperatorFunction, type Observable, tap } from "rxjs";
import {
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

/** The pipelines. `pushed` is called for each event during its push. */
export function pipelines(verbs: Verbs, topics: Topics, pushed: () => void): Observable<unknown>[] {
  const events = verbs.source<Event>(topics.input).pipe(
    eventTime((event) => event.timestamp_ms),
    watermark({ maxOutOfOrderness: BOUND }),
  );
  const counts = events.pipe(
    tap(pushed),
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
