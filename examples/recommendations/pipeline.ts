/**
 * The pipeline: a shop's events become a running count for each user, and a count for each user and minute.
 *
 * It is an ordinary RxJS Observable that says nothing of where it runs: the broker may be the embedded log or Kafka.
 */
import { map, type MonoTypeOperatorFunction, type Observable } from "rxjs";
import {
  count,
  eventTime,
  keyedReduce,
  lateSideOutput,
  minutes,
  type SinkOptions,
  type SourceOptions,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import { UserEvent } from "./schema.ts";

/** Where topics live. Every connector of Tidemark is one of these. */
export interface Broker {
  source<T>(topic: string, options?: SourceOptions<T>): Observable<T>;
  sink<T>(topic: string, options?: SinkOptions<T>): MonoTypeOperatorFunction<T>;
}

/** The names of the topics. */
export interface Topics {
  readonly input: string;
  readonly output: string;
  readonly activity: string;
  readonly late: string;
  readonly deadLetter: string;
}

/** Both results of the shop's events. They share the source, so each event is read once. */
export function recommendations(broker: Broker, topics: Topics) {
  const events = broker.source(topics.input, { schema: UserEvent }).pipe(
    eventTime((event) => event.timestamp_ms),
    watermark({ maxOutOfOrderness: minutes(5) }),
  );

  /** How many events each user has had so far, after every event. */
  const counts = events.pipe(
    keyedReduce({ name: "event-count", key: (event) => event.user_id, initial: 0, reduce: (total) => total + 1 }),
    map(({ key, value }) => ({ user_id: key, event_count: value })),
    broker.sink(topics.output, { key: (row) => row.user_id }),
  );

  /** How many events each user had in each minute, once the minute is over; again when one comes at most a minute late. */
  const activity = events.pipe(
    tumblingWindow({
      name: "activity",
      key: (event) => event.user_id,
      size: minutes(1),
      allowedLateness: minutes(1),
      aggregate: count(),
    }),
    lateSideOutput((late) => late.pipe(broker.sink(topics.late))),
    map(({ key, window, value, pane }) => ({
      user_id: key,
      window_start_ms: window.start,
      window_end_ms: window.end,
      event_count: value,
      pane,
    })),
    broker.sink(topics.activity, { key: (row) => row.user_id }),
  );

  return { counts, activity };
}
