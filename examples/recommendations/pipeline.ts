/**
 * The pipelines: a shop's events become what to recommend to their users, a count for each user and minute, and what
 * trends.
 *
 * They are ordinary RxJS Observables and do not depend on where they run: the broker may be the embedded log or Kafka.
 */
import { filter, map, type MonoTypeOperatorFunction, type Observable } from "rxjs";
import {
  type CheckTombstones,
  count,
  eventTime,
  keyedReduce,
  kvTable,
  lateSideOutput,
  minutes,
  repartition,
  type SinkOptions,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import { type Made, newsByProduct, recommendations } from "./recommender.ts";
import { UserEvent } from "./schema.ts";
import { trending } from "./trending.ts";

/** The part of a connector that the pipeline uses. Every connector of Tidemark has it. */
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

/** A row of the output topic with `--only counts`: how many events a user has had so far. */
export interface UserCount {
  readonly user_id: string;
  readonly event_count: number;
}

/** A row of the activity topic: how many events a user had in one minute. */
export interface UserActivity extends UserCount {
  readonly window_start_ms: number;
  readonly window_end_ms: number;
  /** `onTime` when the minute is over, `late` for a correction by a late event. */
  readonly pane: "onTime" | "late" | "early";
}

/** The keys of the tables in the job's KV: `[...FOR_YOU, user]` and `[...TRENDING, category]`. */
export const FOR_YOU = ["shop", "for_you"], TRENDING = ["shop", "trending"];

/** The results. */
export interface Results {
  readonly recommended: Observable<Made>;
  readonly activity: Observable<UserActivity>;
  readonly counts: Observable<UserCount>;
}

/**
 * The results of the shop's events. They share the source, so each event is read once.
 *
 * @param passing whether the job has one task, so that nothing goes through topics on its way
 */
export function results(broker: Broker, topics: Topics, passing = false): Results {
  const events = broker.source(topics.input, { schema: UserEvent }).pipe(
    eventTime((event) => event.timestamp_ms),
    watermark({ maxOutOfOrderness: minutes(5) }),
  );

  // What the events say, each at its product.
  const news = newsByProduct(events, { passing });

  // What trends in each category, and in all of them. Every task has all of it, for users of whom little is known.
  const trends = trending(news).pipe(
    kvTable(TRENDING, { key: ({ key }) => key, value: ({ value }) => value }),
    repartition({ name: "trends-to-all", broadcast: true }),
  );

  // After every event, what to recommend to its user.
  const recommended = recommendations(news, { trends, passing }).pipe(
    broker.sink(topics.output, { key: ({ row }) => row.user_id, value: ({ row }) => row }),
    filter(({ newest }) => newest),
    kvTable(FOR_YOU, { key: ({ row }) => row.user_id, value: ({ row }) => row }),
  );

  // The number of a user's events in a minute: emitted when the minute is over, and again for each event that is at
  // most a minute late.
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

  // After every event, the number of its user's events so far. For those who want no more than that.
  const counts = events.pipe(
    keyedReduce({ name: "event-count", key: (event) => event.user_id, initial: 0, reduce: (total) => total + 1 }),
    map(({ key, value }) => ({ user_id: key, event_count: value })),
    broker.sink(topics.output, { key: (row) => row.user_id }),
  );

  return { recommended, activity, counts };
}
