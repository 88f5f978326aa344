/** `asyncMap` without a job: order, retries, timeouts, the end and an unsubscription. */
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { from, lastValueFrom, map, mergeMap, Subject, take, toArray } from "rxjs";
import {
  asyncMap,
  type AsyncMapOptions,
  count,
  eventTime,
  recordInfo,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import { rest } from "../base/clock.ts";
import { Calls } from "./support/calls.ts";
import { at, type Event, events, strict } from "./support/events.ts";
import { until } from "./support/jobs.ts";

type Call = readonly [key: string, n: number];
const INPUT: readonly Call[] = [["a", 1], ["b", 2], ["a", 3], ["b", 4]];

/** The numbers that come out when the calls are answered in this order. */
async function ordered(options: AsyncMapOptions<Call, number>, answers: readonly number[]): Promise<number[][]> {
  const calls = new Calls<Call, number>();
  const seen: number[] = [], after: number[][] = [];
  from(INPUT).pipe(asyncMap(calls.fn, options)).subscribe((n) => seen.push(n));
  for (const n of answers) {
    calls.about(([, one]) => one === n).answer(n);
    // The answer's promise, and the one that the stage waits for.
    for (let turns = 0; turns < 5; turns++) await Promise.resolve();
    after.push([...seen]);
  }
  return after;
}

describe("asyncMap", () => {
  it('order "input": a result waits for all before it', async () => {
    assertEquals(await ordered({}, [2, 4, 1, 3]), [[], [], [1, 2], [1, 2, 3, 4]]);
    assertEquals(await ordered({ order: "input" }, [4, 3, 2, 1]), [[], [], [], [1, 2, 3, 4]]);
  });

  it('order "key": a result waits for those of its key', async () => {
    const options: AsyncMapOptions<Call, number> = { order: "key", key: ([key]) => key };
    assertEquals(await ordered(options, [4, 3, 2, 1]), [[], [], [2, 4], [2, 4, 1, 3]]);
    assertEquals(await ordered(options, [2, 1, 3, 4]), [[2], [2, 1], [2, 1, 3], [2, 1, 3, 4]]);
  });

  it('order "any": a result comes when its call is over', async () => {
    assertEquals(await ordered({ order: "any" }, [4, 2, 1, 3]), [[4], [4, 2], [4, 2, 1], [4, 2, 1, 3]]);
  });

  for (const order of ["input", "any"] as const) {
    it(`makes no more than so many calls at once, with order "${order}"`, async () => {
      const calls = new Calls<Event, number>();
      const result = lastValueFrom(
        from(events(...Array(50).keys())).pipe(asyncMap(calls.fn, { concurrency: 3, order }), toArray()),
      );
      for (let given = 0; given < 50; given++) {
        await until("a call to be made", () => calls.waiting.length > 0);
        const call = calls.waiting[given % calls.waiting.length];
        call.answer(call.value.at);
      }
      const numbers = [...Array(50).keys()];
      const seen = await result;
      assertEquals(order === "input" ? seen : seen.toSorted((a, b) => a - b), numbers);
      assertEquals(calls.most, 3);
    });
  }

  it("emits with the time of the value, and the watermark waits for the oldest in flight", async () => {
    const calls = new Calls<Event, string>(), source = new Subject<Event>();
    const seen: unknown[] = [];
    source.pipe(
      at,
      strict(),
      asyncMap(calls.fn, { order: "any" }),
      map((word) => ({ word, at: recordInfo().timestamp })),
      tumblingWindow({ key: ({ word }) => word, size: 10, aggregate: count() }),
      map(({ key, window, value }) => [key, window.start, value]),
    ).subscribe((one) => seen.push(one));
    for (const event of events(1, 25, 60)) source.next(event);
    calls.about(({ at }) => at === 60).answer("late one");
    calls.about(({ at }) => at === 25).answer("b");
    await until("both", () => calls.waiting.length === 1);
    assertEquals(seen, []);
    calls.waiting[0].answer("a");
    await until("the windows", () => seen.length === 2);
    source.complete();
    assertEquals(seen, [["a", 0, 1], ["b", 20, 1], ["late one", 60, 1]]);
  });

  it("completes after the last result", async () => {
    const calls = new Calls<number>();
    let completed = false;
    from([1, 2]).pipe(asyncMap(calls.fn)).subscribe({ complete: () => completed = true });
    calls.waiting[0].answer(1);
    await Promise.resolve();
    assertEquals(completed, false);
    calls.waiting[0].answer(2);
    await until("the end", () => completed);
  });

  it("tries again after a failure, with the number of the attempt, and each time with the value as it came", async () => {
    const attempts: unknown[] = [];
    const tried = asyncMap(async (value: { n: number }, { attempt }) => {
      attempts.push([attempt, value.n]);
      value.n = 99;
      if (attempt < 3) throw new Error("busy");
      return await Promise.resolve("done");
    }, { retry: { count: 2, first: 1, longest: 1 } });
    assertEquals(await lastValueFrom(from([{ n: 7 }]).pipe(tried)), "done");
    assertEquals(attempts, [[1, 7], [2, 7], [3, 7]]);
  });

  it("ends with the error of the last call, and not before the results in front of it", async () => {
    const calls = new Calls<number>(), seen: unknown[] = [];
    from([1, 2]).pipe(asyncMap(calls.fn, { retry: 0 })).subscribe({
      next: (n) => seen.push(n),
      error: (e) => seen.push(e),
    });
    const error = new Error("gone");
    calls.waiting[1].refuse(error);
    await Promise.resolve();
    assertEquals(seen, []);
    calls.waiting[0].answer(1);
    await until("the error", () => seen.length === 2);
    assertEquals(seen[0], 1);
    assertStrictEquals(seen[1], error);
  });

  it("asks `when` whether an error may pass, and `onFailure` for another result", async () => {
    const asked: unknown[] = [];
    const tried = asyncMap((value: number): Promise<string> => Promise.reject(new RangeError(`not ${value}`)), {
      retry: {
        count: 5,
        first: 0,
        when: (error, attempt) => {
          asked.push([error.message, attempt]);
          return attempt < 2;
        },
      },
      onFailure: (error, value) => `${value}: ${error.message}`,
    });
    assertEquals(await lastValueFrom(from([4]).pipe(tried)), "4: not 4");
    assertEquals(asked, [["not 4", 1], ["not 4", 2]]);
  });

  it("ends a call after its timeout, aborts its signal, and ignores what comes of it", async () => {
    const signals: AbortSignal[] = [];
    const late = Promise.withResolvers<string>();
    const tried = asyncMap((_: number, { signal, attempt }) => {
      signals.push(signal);
      return attempt === 1 ? late.promise : Promise.resolve("second");
    }, { timeout: 1, retry: { first: 0 } });
    const result = lastValueFrom(from([1]).pipe(tried, toArray()));
    await until("the timeout", () => signals[0].aborted);
    late.resolve("first");
    assertEquals(await result, ["second"]);
    assertEquals([signals[0].reason.name, signals[1].aborted], ["TimeoutError", false]);
  });

  it("aborts what is in flight when it is unsubscribed, and hears nothing of it", async () => {
    const calls = new Calls<number>();
    const seen: unknown[] = [];
    const subscription = from([1, 2]).pipe(asyncMap(calls.fn)).subscribe((n) => seen.push(n));
    subscription.unsubscribe();
    assert(calls.made.every(({ signal }) => signal.aborted));
    assertEquals(calls.made[0].signal.reason.name, "AbortError");
    await rest();
    assertEquals(seen, []);
  });

  it("take() releases the source, and aborts the others", async () => {
    const calls = new Calls<number>();
    const result = lastValueFrom(from([1, 2, 3]).pipe(asyncMap(calls.fn), take(1)));
    calls.waiting[0].answer(1);
    assertEquals(await result, 1);
    assertEquals(calls.made.map(({ signal }) => signal.aborted), [false, true, true]);
  });

  it("takes several values of one record, two stages in a row, and values without event time", async () => {
    const double = asyncMap((n: number) => Promise.resolve(2 * n), { order: "any" });
    const triple = asyncMap((n: number) => Promise.resolve(3 * n), { concurrency: 1 });
    const result = from([1, 10]).pipe(mergeMap((n) => [n, n + 1]), double, triple, toArray());
    assertEquals(await lastValueFrom(result), [6, 12, 60, 66]);
  });

  it("refuses a value that no checkpoint could keep, and options that are none", () => {
    class Click {}
    let message = "";
    from([new Click()]).pipe(asyncMap(() => 1)).subscribe({ error: (error) => message = error.message });
    assert(message.startsWith("Cannot keep the value"), message);
    const wrong: [unknown, string][] = [
      [{ order: "some" }, 'order must be "input", "key" or "any", current value is some'],
      [{ order: "key" }, "key must be a function"],
      [{ key: () => 1 }, 'key is for order: "key" only'],
      [{ concurrency: 0 }, "concurrency must be a whole number of at least 1, current value is 0"],
      [{ timeout: NaN }, "timeout must be a number of at least 0, current value is NaN"],
      [{ retry: -1 }, "the count of retry must be a whole number of at least 0, current value is -1"],
      [{ retry: { when: 1 } }, "when must be a function"],
      [{ onFailure: "go on" }, 'onFailure must be "deadLetter", "stop" or a function, current value is go on'],
    ];
    for (const [options, sentence] of wrong) {
      const error = assertThrows(() => asyncMap(() => 1, options as never), Error);
      assertEquals(error.message, `Cannot create an async map: ${sentence}`);
    }
    assertThrows(() => asyncMap(1 as never), TypeError, "fn must be a function");
  });

  it("with watermark() below it instead of above, times still are those of the values", async () => {
    const result = from(events(5, 15, 40)).pipe(
      asyncMap((event: Event) => Promise.resolve(event)),
      eventTime((event) => event.at),
      watermark({ maxOutOfOrderness: 0 }),
      tumblingWindow({ key: ({ user }) => user, size: 10, aggregate: count() }),
      map(({ window, value }) => [window.start, value]),
      toArray(),
    );
    assertEquals(await lastValueFrom(result), [[0, 1], [10, 1], [40, 1]]);
  });
});
