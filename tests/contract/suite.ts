/**
 * What every operator owes its stream, whatever else it does. One suite, run for each of them.
 *
 * A stage passes silence, the end and an error on; gives a synchronous source back at once; turns a throw into an error
 * notification; takes a hundred thousand values in one stack; and keeps nothing between two subscriptions.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
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
  Subject as RxSubject,
  take,
  tap,
  throwError,
} from "rxjs";
import { TestScheduler } from "rxjs/testing";
import { outcome } from "../support/events.ts";

/** An operator as the suite sees it: numbers go in, which are their own event times. */
export interface Subject {
  /** The stage, with what has to stand around it. */
  stage(): OperatorFunction<number, unknown>;
  /** How many values come out for the numbers from 0 to n - 1, one millisecond after another. */
  values(n: number): number;
  /** Every place where the user's own code is called. `explode` throws. */
  callbacks: Record<string, (explode: () => void) => OperatorFunction<number, unknown>>;
  /** How many of the numbers from 0 to 9,999 it takes until its first result; 10,000 when that comes at the end. @default 1 */
  takes?: number;
  /**
   * The input 0, 2, 25, with the place of a 1 that the subscriber pushes when the first result comes. Without a 1 where
   * that is the end. @default [0, 1, 2, 25]
   */
  answered?: number[];
}

/** A stage that throws what `explode` throws. */
export function throwing<T>(explode: () => void): OperatorFunction<T, T> {
  return map((value) => {
    explode();
    return value;
  });
}

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

/** Runs the suite for one operator. */
export function holdsContract(name: string, subject: Subject): void {
  describe(name, () => {
    passesOn(subject);
    failsWithWords(subject);
    sharesNothing(subject);
    isReentrant(subject);
  });
}

/** Silence, the end, an error and an unsubscription. */
function passesOn({ stage, takes = 1 }: Subject): void {
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
    const source = new RxSubject<number>();
    const seen: unknown[] = [];
    source.pipe(stage()).subscribe({ next: () => seen.push("value"), error: (reason) => seen.push(reason) });
    source.next(1);
    const before = seen.length;
    source.error(error);
    assertEquals(seen.slice(before), [error], "nothing is fired or flushed by an error");
  });

  it("unsubscribing fires nothing, and releases the source", () => {
    const source = new RxSubject<number>();
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
    assertEquals(taken(), takes, "values taken from the source");
  });
}

/** Throws, above and below. */
function failsWithWords({ stage, callbacks }: Subject): void {
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
}

/** Many values at once, and several subscriptions. */
function sharesNothing({ stage, values, takes = 1 }: Subject): void {
  it("a synchronous firehose of 100,000 passes in one stack", async () => {
    const pipeline = range(0, 100_000).pipe(stage(), map((_, index) => index + 1));
    assertEquals(await lastValueFrom(pipeline), values(100_000));
  });

  it("two subscriptions share nothing, one after the other and interleaved", () => {
    const pipeline = range(0, 50).pipe(stage());
    assertEquals(outcome(pipeline), outcome(pipeline));

    const source = new RxSubject<number>();
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
      expectSubscriptions(left.subscriptions).toBe(["^--!-------", "^-----!----"][takes - 1] ?? "^----------");
    });
  });
}

/** Values that come, and subscriptions that are made, while others are pushed. */
function isReentrant({ stage, answered = [0, 1, 2, 25] }: Subject): void {
  it("a value pushed into the source while another is pushed comes after it, and none is lost", () => {
    const source = new RxSubject<number>();
    const result: unknown[] = [];
    source.pipe(stage()).subscribe((value) => {
      // The first result answers with the next input.
      if (result.push(value) === 1) source.next(1);
    });
    for (const number of [0, 2, 25]) source.next(number);
    source.complete();
    assertEquals(result, outcome(from(answered).pipe(stage())).values);
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
}
