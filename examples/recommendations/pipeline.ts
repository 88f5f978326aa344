/**
 * The pipeline: a shop's events become a running count for each user, and a count for each user and minute.
 *
 * It is an ordinary RxJS Observable that says nothing of where it runs: the broker may be the embedded log or Kafka.
 */
import { map, type MonoTypeOperatorFunction, type Observable } from "rxjs";
import {
  type CheckTombstones,
  count,
  eventTime,
  keyedReduce,
  lateSideOutput,
  minutes,
  type SinkOptions,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import { UserEvent } from "./schema.ts";

/** Where topics live. Every connector of Tidemark is one of these. */
export interface Broker {
  source<T>(topic: string, options: CheckTombstones<T>): Observable<T>;
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

/** A row of the output topic: how many events a user has had so far. */
export interface UserCount {
  readonly user_id: string;
  readonly event_count: number;
}

/** A row of the activity topic: how many events a user had in one minute. */
export interface UserActivity extends UserCount {
  readonly window_start_ms: number;
  readonly window_end_ms: number;
  /** `onTime` when the minute is over, `late` when an event has corrected it since. */
  readonly pane: "onTime" | "late" | "early";
}

/** The two results. */
export interface Recommendations {
  readonly counts: Observable<UserCount>;
  readonly activity: Observable<UserActivity>;
}

/** Both results of the shop's events. They share the source, so each event is read once. */
export function recommendations(broker: Broker, topics: Topics): Recommendations {
  const events = broker.source(topics.input, { schema: UserEvent }).pipe(
    eventTime((event) => event.timestamp_ms),
    watermark({ maxOutOfOrderness: minutes(5) }),
  );

  // After every event, how many its user has had so far.
  const counts = events.pipe(
    keyedReduce({ name: "event-count", key: (event) => event.user_id, initial: 0, reduce: (total) => total + 1 }),
    map(({ key, value }) => ({ user_id: key, event_count: value })),
    broker.sink(topics.output, { key: (row) => row.user_id }),
  );

  // How many events a user had in a minute: when the minute is over, and again for an event that is at most a minute late.
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
