/** Types flow without annotations: each function here is a program that compiles only if they do. */
import { assertEquals } from "@std/assert";
import { map, NEVER, type Observable, of } from "rxjs";
import {
  collect,
  count,
  eventTime,
  type Keyed,
  keyedReduce,
  type LateOf,
  lateSideOutput,
  minutes,
  tumblingWindow,
  watermark,
  type WindowResult,
} from "@tidemark/streams/operators";

interface UserEvent {
  readonly user_id: string;
  readonly timestamp_ms: number;
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
type ValueOf<O> = O extends Observable<infer T> ? T : never;

/** Compiles only where the two types are the same. */
function same<A, B>(proof: Same<A, B>): void {
  assertEquals(proof, true);
}

const source: Observable<UserEvent> = NEVER;
const events = source.pipe(
  eventTime((event) => event.timestamp_ms),
  watermark({ maxOutOfOrderness: minutes(5) }),
);

Deno.test("types of the counts pipeline flow from the source to its rows", () => {
  const counts = events.pipe(
    keyedReduce({ name: "event-count", key: (event) => event.user_id, initial: 0, reduce: (total) => total + 1 }),
    map(({ key, value }) => ({ user_id: key, event_count: value })),
  );
  same<ValueOf<typeof counts>, { user_id: string; event_count: number }>(true);
  const states = events.pipe(
    keyedReduce({ key: (event) => event.timestamp_ms, initial: () => ({ seen: 0 }), reduce: (state) => state }),
  );
  same<ValueOf<typeof states>, Keyed<number, { seen: number }>>(true);
});

Deno.test("types of the windows pipeline flow from the source to its rows, and to the late records", () => {
  const activity = events.pipe(
    tumblingWindow({
      name: "activity",
      key: (event) => event.user_id,
      size: minutes(1),
      allowedLateness: minutes(1),
      aggregate: count(),
    }),
    lateSideOutput((late) => {
      same<ValueOf<typeof late>, UserEvent>(true);
      return late;
    }),
    map(({ key, window, value, pane }) => ({ user_id: key, window_start_ms: window.start, event_count: value, pane })),
  );
  type Row = { user_id: string; window_start_ms: number; event_count: number; pane: "onTime" | "late" | "early" };
  same<ValueOf<typeof activity>, Row>(true);
});

Deno.test("the type of late records survives a map() that adds fields", () => {
  const more = events.pipe(
    tumblingWindow({ key: (event) => event.user_id, size: 1, aggregate: collect() }),
    map((result) => ({ ...result, more: true })),
    lateSideOutput((late) => {
      same<ValueOf<typeof late>, UserEvent>(true);
      return late.pipe(map((event) => event.user_id));
    }),
  );
  same<ValueOf<typeof more>["value"], UserEvent[]>(true);
  same<LateOf<ValueOf<typeof more>>, UserEvent>(true);
  same<LateOf<WindowResult<UserEvent, string, number>>, UserEvent>(true);
});

Deno.test("an aggregate of the user's own has its types inferred", () => {
  const widest = events.pipe(
    tumblingWindow({
      key: (event) => event.user_id.length,
      size: 1,
      aggregate: {
        seed: () => ({ low: Infinity, high: -Infinity }),
        add: (span, event) => ({
          low: Math.min(span.low, event.timestamp_ms),
          high: Math.max(span.high, event.timestamp_ms),
        }),
        result: ({ low, high }) => `${high - low} ms`,
      },
    }),
  );
  same<ValueOf<typeof widest>["value"], string>(true);
  same<ValueOf<typeof widest>["key"], number>(true);
});

Deno.test("what cannot be meant does not compile", () => {
  // Never called: the compiler has the word here.
  const programs = () => {
    // @ts-expect-error: a stream without a window has no late records
    events.pipe(lateSideOutput((late) => late));
    // @ts-expect-error: a key is a string, number, bigint or boolean
    events.pipe(keyedReduce({ key: (event) => event, initial: 0, reduce: (total: number) => total }));
    // @ts-expect-error: emit is one of two words
    events.pipe(keyedReduce({ key: () => 1, initial: 0, reduce: (total: number) => total, emit: "never" }));
    // @ts-expect-error: an event time is a number
    of("a").pipe(eventTime((word) => word));
  };
  assertEquals(typeof programs, "function");
});
