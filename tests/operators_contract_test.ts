/**
 * What every operator owes its stream, whatever else it does. One suite, run for each of them.
 *
 * A stage passes silence, the end and an error on; gives a synchronous source back at once; turns a throw into an error
 * notification; takes a hundred thousand values in one stack; and keeps nothing between two subscriptions.
 */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  EMPTY,
  from,
  lastValueFrom,
  map,
  NEVER,
  Observable,
  type OperatorFunction,
  range,
  Subject,
  take,
  tap,
  throwError,
} from "rxjs";
import { TestScheduler } from "rxjs/testing";
import {
  count,
  eventTime,
  keyedReduce,
  lateSideOutput,
  type LateTyped,
  tumblingWindow,
  watermark,
} from "@tidemark/streams/operators";
import { outcome } from "./support/events.ts";

/** A stage as the suite sees it: numbers go in, which are their own event times. */
interface Subjected {
  /** The stage, with what has to stand around it. `explode` is called in each of its callbacks. */
  stage(explode?: () => void): OperatorFunction<number, unknown>;
  /** How many values come out for the numbers from 0 to n - 1, one millisecond after another. */
  values(n: number): number;
  /** Every place where the user's own code is called. */
  callbacks: Record<string, (explode: () => void) => OperatorFunction<number, unknown>>;
}

const at = eventTime((value: number) => value);
const strict = watermark<number>({ maxOutOfOrderness: 0 });
const window = (options: { explodeIn?: string; explode?: () => void } = {}) => {
  const { explodeIn, explode = () => {} } = options;
  const maybe = (name: string) => explodeIn === name && explode();
  return tumblingWindow({
    key(_: number) {
      maybe("key");
      return "all";
    },
    size: 10,
    aggregate: {
      seed() {
        maybe("seed");
        return 0;
      },
      add(total) {
        maybe("add");
        return total + 1;
      },
      result(total) {
        maybe("result");
        return total;
      },
    },
  });
};
const windowed = (stage: OperatorFunction<number, LateTyped<number>>): OperatorFunction<number, unknown> => (source) =>
  source.pipe(at, strict, stage);
const throwing = <T>(explode: () => void) =>
  map((value: T) => {
    explode();
    return value;
  });

const OPERATORS: Record<string, Subjected> = {
  eventTime: {
    stage: () => at,
    values: (n) => n,
    callbacks: {
      timestamp: (explode) =>
        eventTime((value: number) => {
          explode();
          return value;
        }),
    },
  },
  watermark: {
    stage: () => (source) => source.pipe(at, strict),
    values: (n) => n,
    callbacks: {
      punctuated: (explode) => (source) => source.pipe(at, watermark({ punctuated: () => explode() as undefined })),
    },
  },
  'keyedReduce with emit "every"': {
    stage: () => keyedReduce({ key: (value) => value % 7, initial: 0, reduce: (total: number) => total + 1 }),
    values: (n) => n,
    callbacks: {
      key: (explode) => keyedReduce({ key: () => String(explode()), initial: 0, reduce: (total: number) => total }),
      initial: (explode) => keyedReduce({ key: () => 1, initial: () => Number(explode()), reduce: (total) => total }),
      reduce: (explode) => keyedReduce({ key: () => 1, initial: 0, reduce: () => Number(explode()) }),
    },
  },
  'keyedReduce with emit "latest"': {
    stage: () =>
      keyedReduce({ key: (value) => value % 7, initial: 0, reduce: (total: number) => total + 1, emit: "latest" }),
    values: (n) => Math.min(n, 7),
    callbacks: {
      reduce: (explode) => keyedReduce({ key: () => 1, initial: 0, reduce: () => Number(explode()), emit: "latest" }),
    },
  },
  tumblingWindow: {
    stage: () => windowed(window()),
    values: (n) => Math.ceil(n / 10),
    callbacks: Object.fromEntries(
      ["key", "seed", "add", "result"].map((explodeIn) => [
        explodeIn,
        (explode: () => void) => windowed(window({ explodeIn, explode })),
      ]),
    ),
  },
  lateSideOutput: {
    stage: () => windowed((source) => source.pipe(window(), lateSideOutput((late) => late))),
    values: (n) => Math.ceil(n / 10),
    callbacks: {
      route: (explode) =>
        windowed((source) =>
          source.pipe(
            window(),
            lateSideOutput((late) => {
              explode();
              return late;
            }),
          )
        ),
      "a stage of the route": (explode) => (source) =>
        // The number 20 makes the number that comes after it late.
        source.pipe(
          map((value) => value === 1 ? 20 : value),
          windowed((numbers) => numbers.pipe(window(), lateSideOutput((late) => late.pipe(throwing(explode))))),
        ),
    },
  },
};

/** Numbers from 0, one stack, with a note of how many were taken. */
function counted(n: number): { source: Observable<number>; taken: () => number; held: () => boolean } {
  let taken = 0, held = false;
  const source = new Observable<number>((subscriber) => {
    held = true;
    subscriber.add(() => held = false);
    while (taken < n && !subscriber.closed) subscriber.next(taken++);
    subscriber.complete();
  });
  return { source, taken: () => taken, held: () => held };
}

for (const [name, { stage, values, callbacks }] of Object.entries(OPERATORS)) {
  describe(name, () => {
    it("a source that never emits gives a stream that never emits", () => {
      let notified = 0;
      const subscription = NEVER.pipe(stage()).subscribe({ next: () => notified++, complete: () => notified++ });
      assertEquals(notified, 0);
      subscription.unsubscribe();
    });

    it("an empty source completes, with no value", () => {
      assertEquals(outcome(EMPTY.pipe(stage())), { values: [], error: undefined, completed: true });
    });

    it("an error of the source passes as it is, and is no end of input", () => {
      const error = new Error("broken");
      assertEquals(outcome(throwError(() => error).pipe(stage())), { values: [], error, completed: false });
      const source = new Subject<number>();
      const seen: unknown[] = [];
      source.pipe(stage()).subscribe({ next: () => seen.push("value"), error: (reason) => seen.push(reason) });
      source.next(1);
      const before = seen.length;
      source.error(error);
      assertEquals(seen.slice(before), [error], "nothing is fired or flushed by an error");
    });

    it("unsubscribing fires nothing, and releases the source", () => {
      const source = new Subject<number>();
      let seen = 0;
      const subscription = source.pipe(stage()).subscribe(() => seen++);
      source.next(1);
      const before = seen;
      subscription.unsubscribe();
      assertEquals([seen, source.observed], [before, false]);
    });

    it("take(1) releases a synchronous source at once", () => {
      const { source, taken, held } = counted(10_000);
      const { values: seen, completed } = outcome(source.pipe(stage(), take(1)));
      assertEquals([seen.length, completed, held()], [1, true, false]);
      const enough = name.includes("latest") ? 10_000 : name.includes("indow") || name.includes("late") ? 11 : 1;
      assertEquals(taken(), enough, "values taken from the source");
    });

    for (const [callback, make] of Object.entries(callbacks)) {
      it(`a throw in ${callback} is an error notification, and releases the source`, () => {
        const error = new Error("broken");
        const { source, taken, held } = counted(10_000);
        const result = outcome(source.pipe(make(() => {
          throw error;
        })));
        assertEquals([result.error, result.completed, held()], [error, false, false]);
        assertEquals(taken() < 100, true, `it took ${taken()} values after the throw`);
      });
    }

    it("a throw further down is an error notification, and not lost", () => {
      const error = new Error("broken");
      const pipeline = range(0, 100).pipe(
        stage(),
        throwing(() => {
          throw error;
        }),
      );
      const result = outcome(pipeline);
      assertEquals([result.error, result.completed, result.values], [error, false, []]);
    });

    it("a synchronous firehose of 100,000 passes in one stack", async () => {
      const pipeline = range(0, 100_000).pipe(stage(), map((_, index) => index + 1));
      assertEquals(await lastValueFrom(pipeline), values(100_000));
    });

    it("two subscriptions share nothing, one after the other and interleaved", () => {
      const pipeline = range(0, 50).pipe(stage());
      assertEquals(outcome(pipeline), outcome(pipeline));

      const source = new Subject<number>();
      const shared = source.pipe(stage());
      const first: unknown[] = [], second: unknown[] = [];
      shared.subscribe((value) => first.push(value));
      source.next(0);
      const before = first.length;
      shared.subscribe((value) => second.push(value));
      for (const number of [0, 1, 25]) source.next(number);
      source.complete();
      assertEquals(second, outcome(from([0, 1, 25]).pipe(stage())).values);
      assertEquals(first, outcome(from([0, 0, 1, 25]).pipe(stage())).values);
      assertEquals(before <= first.length, true);
    });

    it("two pipelines made by one operator share nothing", () => {
      const operator = stage();
      const one = range(0, 50).pipe(operator), other = range(0, 50).pipe(operator);
      assertEquals(outcome(one), outcome(other));
    });

    it("the subscription lasts as long as the source, over virtual time", () => {
      new TestScheduler((actual, expected) => assertEquals(actual, expected)).run(({ hot, expectSubscriptions }) => {
        const ended = hot<number>("    ---a--b--|", { a: 1, b: 2 });
        const left = hot<number>("     ---a--b---", { a: 1, b: 2 });
        ended.pipe(stage()).subscribe();
        expectSubscriptions(ended.subscriptions).toBe("^--------!");
        left.pipe(stage(), take(1)).subscribe();
        const never = name.includes("latest") || name.includes("indow") || name.includes("late");
        expectSubscriptions(left.subscriptions).toBe(never ? "^----------" : "^--!-------");
      });
    });

    it("a value pushed into the source while another is pushed comes after it, and none is lost", () => {
      const source = new Subject<number>();
      const result: unknown[] = [];
      source.pipe(stage()).subscribe((value) => {
        // The first result answers with the next input.
        if (result.push(value) === 1) source.next(1);
      });
      for (const number of [0, 2, 25]) source.next(number);
      source.complete();
      assertEquals(result, outcome(from(order(name)).pipe(stage())).values);
    });

    it("two subscriptions, one made inside the other's subscriber, share nothing", () => {
      const pipeline = range(0, 30).pipe(stage());
      const inner: unknown[][] = [];
      const { values: outer } = outcome(pipeline.pipe(tap(() => {
        if (inner.length > 0) return;
        const values: unknown[] = [];
        inner.push(values);
        pipeline.subscribe((value) => values.push(value));
      })));
      assertEquals([outer, inner[0]], [outcome(pipeline).values, outcome(pipeline).values]);
    });
  });
}

/** The order of inputs where the first result answers with 1: at once, or when the window fires at 25. */
function order(name: string): number[] {
  if (name.includes("latest")) return [0, 2, 25];
  return name.includes("indow") || name.includes("late") ? [0, 2, 25, 1] : [0, 1, 2, 25];
}

it("what is no function where one belongs throws when the pipeline is built", () => {
  const wrong = undefined as never;
  const aggregate = count<number>();
  const attempts: [() => unknown, string][] = [
    [() => eventTime(wrong), "Cannot create event time: timestamp must be a function"],
    [
      () => keyedReduce({ key: wrong, initial: 0, reduce: (n: number) => n }),
      "Cannot create a keyed reduce: key must be a function",
    ],
    [
      () => keyedReduce({ key: () => 1, initial: 0, reduce: wrong }),
      "Cannot create a keyed reduce: reduce must be a function",
    ],
    [
      () => tumblingWindow({ key: wrong, size: 1, aggregate }),
      "Cannot create tumbling windows: key must be a function",
    ],
    [() => lateSideOutput(wrong), "Cannot create a late side output: route must be a function"],
  ];
  for (const [attempt, sentence] of attempts) assertEquals(assertThrows(attempt, TypeError).message, sentence);
});

it("an error reaches a promise that waits for the stream", async () => {
  const bad = from([1, NaN]).pipe(at);
  await assertRejects(() => lastValueFrom(bad), RangeError, "safe integer");
});
