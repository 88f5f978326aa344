import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { from, map, of, Subject, take } from "rxjs";
import { TestScheduler } from "rxjs/testing";
import {
  average,
  collect,
  count,
  eventTime,
  hours,
  recordInfo,
  sum,
  tumblingWindow,
  type TumblingWindowOptions,
  watermark,
} from "@tidemark/streams/operators";
import { at, type Event, events, outcome, perTen, strict } from "./support/events.ts";
import { HandMadeTask, jobSource } from "./support/task_host.ts";
import { crashWindows } from "./support/window_crash.ts";
import { script, type Step, type Timed } from "./support/window_script.ts";

const END = Number.MAX_SAFE_INTEGER;

/** Windows over a script in which watermarks are injected by hand: what fires and what is late, in order. */
function windows(
  steps: readonly Step[],
  options: { size: number; offset?: number; allowedLateness?: number },
): string[] {
  return script(steps, tumblingWindow({ ...options, key: ({ key }: Timed) => key, aggregate: count() }));
}

describe("tumblingWindow()", () => {
  it("fires when the watermark reaches the last millisecond of a window, and not before", () => {
    assertEquals(windows([[5], { mark: 8 }], { size: 10 }), ["k [0,10) 1 onTime 0 @9"], "at the end of the input");
    const steps: Step[] = [[5], { mark: 8 }, [6], { mark: 9 }, [15]];
    assertEquals(windows(steps, { size: 10 }), ["k [0,10) 2 onTime 0 @9", "k [10,20) 1 onTime 0 @19"]);
  });

  it("takes its start into a window and leaves its end out", () => {
    assertEquals(windows([[0], [9], [10], [19], [20]], { size: 10 }), [
      "k [0,10) 2 onTime 0 @9",
      "k [10,20) 2 onTime 0 @19",
      "k [20,30) 1 onTime 0 @29",
    ]);
  });

  it("cuts time before 1970 as it cuts time after it", () => {
    assertEquals(windows([[-1], [-10], [-11], [-20], [0]], { size: 10 }), [
      "k [-20,-10) 2 onTime 0 @-11",
      "k [-10,0) 2 onTime 0 @-1",
      "k [0,10) 1 onTime 0 @9",
    ]);
  });

  it("shifts its windows by offset, forwards and backwards", () => {
    assertEquals(windows([[2], [3]], { size: 10, offset: 3 }), ["k [-7,3) 1 onTime 0 @2", "k [3,13) 1 onTime 0 @12"]);
    assertEquals(windows([[-101], [-100], [4899], [4900]], { size: 5000, offset: -100 }), [
      "k [-5100,-100) 1 onTime 0 @-101",
      "k [-100,4900) 2 onTime 0 @4899",
      "k [4900,9900) 1 onTime 0 @9899",
    ]);
  });

  it("with an offset of hours gives days of another time zone", () => {
    const midnightInShanghai = Date.UTC(2024, 0, 1, 16);
    const rows = [midnightInShanghai - 1, midnightInShanghai];
    const days = from(rows).pipe(
      eventTime((time) => time),
      strict(),
      tumblingWindow({ key: () => "all", size: hours(24), offset: hours(-8), aggregate: count() }),
    );
    assertEquals(outcome(days).values.map(({ window }) => window.start), [
      midnightInShanghai - hours(24),
      midnightInShanghai,
    ]);
  });

  it("a record behind the watermark is not late as long as its window is open", () => {
    assertEquals(windows([[1], { mark: 8 }, [2], { mark: 9 }], { size: 10 }), ["k [0,10) 2 onTime 0 @9"]);
  });

  it("a record is late from the watermark on that reaches its window's last millisecond", () => {
    assertEquals(windows([{ mark: 8 }, [9]], { size: 10 }), ["k [0,10) 1 onTime 0 @9"]);
    assertEquals(windows([{ mark: 9 }, [9], [10]], { size: 10 }), ["late 9", "k [10,20) 1 onTime 0 @19"]);
  });

  it("within allowedLateness every late record fires an updated pane, to the last millisecond", () => {
    const until = (mark: number) => windows([[1], { mark: 9 }, [2], { mark }, [3]], { size: 10, allowedLateness: 5 });
    const two = ["k [0,10) 1 onTime 0 @9", "k [0,10) 2 late 1 @9"];
    assertEquals(until(13), [...two, "k [0,10) 3 late 2 @9"]);
    assertEquals(until(14), [...two, "late 3"], "9 + 5 <= 14");
  });

  it("a window that was empty at its end fires at once for a record within allowedLateness", () => {
    assertEquals(windows([{ mark: 12 }, [3], [4]], { size: 10, allowedLateness: 5 }), [
      "k [0,10) 1 late 0 @9",
      "k [0,10) 2 late 1 @9",
    ]);
  });

  it("panes are numbered for each key and window on its own", () => {
    const steps: Step[] = [[1, "a"], [2, "b"], { mark: 9 }, [3, "a"], [4, "b"], [5, "a"], [6, "c"]];
    assertEquals(windows(steps, { size: 10, allowedLateness: 100 }), [
      "a [0,10) 1 onTime 0 @9",
      "b [0,10) 1 onTime 0 @9",
      "a [0,10) 2 late 1 @9",
      "b [0,10) 2 late 1 @9",
      "a [0,10) 3 late 2 @9",
      "c [0,10) 1 late 0 @9",
    ]);
  });

  it("a watermark that passes several windows fires them in the order of time", () => {
    assertEquals(windows([[25], [5], [15, "x"], [14], { mark: 100 }], { size: 10 }), [
      "k [0,10) 1 onTime 0 @9",
      "x [10,20) 1 onTime 0 @19",
      "k [10,20) 1 onTime 0 @19",
      "k [20,30) 1 onTime 0 @29",
    ]);
  });

  it("a watermark that passes a window and its lateness at once fires it once, and keeps nothing", () => {
    assertEquals(windows([[5], { mark: 100 }, [6]], { size: 10, allowedLateness: 5 }), [
      "k [0,10) 1 onTime 0 @9",
      "late 6",
    ]);
  });

  it("a watermark that repeats or goes back fires nothing twice", () => {
    assertEquals(windows([[5], { mark: 9 }, { mark: 9 }, { mark: 3 }, { mark: 10 }], { size: 10 }), [
      "k [0,10) 1 onTime 0 @9",
    ]);
  });

  it("a watermark at the end of time fires everything, and leaves everything after it late", () => {
    assertEquals(windows([[5], { mark: END }, [500]], { size: 10, allowedLateness: 5 }), [
      "k [0,10) 1 onTime 0 @9",
      "late 500",
    ]);
  });

  it("a window that ends beyond the end of time fires at the end of the input", () => {
    const { values } = outcome(
      of(END).pipe(
        eventTime((time) => time),
        strict(),
        tumblingWindow({ key: () => 0, size: hours(1), aggregate: count() }),
      ),
    );
    assertEquals(values.length, 1);
  });

  it("the end of the input fires open windows, an error and an unsubscribe do not", () => {
    const ends: Record<string, (source: Subject<Event>) => void> = {
      complete: (source) => source.complete(),
      error: (source) => source.error(new Error("broken")),
    };
    const fired = Object.fromEntries(
      Object.entries(ends).map(([name, end]) => {
        const source = new Subject<Event>();
        const seen: number[] = [];
        source.pipe(at, strict(), perTen()).subscribe({ next: ({ value }) => seen.push(value), error: () => {} });
        source.next(events(1)[0]);
        end(source);
        return [name, seen];
      }),
    );
    assertEquals(fired, { complete: [1], error: [] });
  });

  it("a stream that take() ends above a window is an input that has ended", () => {
    assertEquals(
      outcome(from(events(1, 2, 3)).pipe(at, strict(), take(2), perTen())).values.map(({ value }) => value),
      [
        2,
      ],
    );
  });

  it("a subscriber that has enough in the middle of a firing calls no function of the user any more", () => {
    let calls = 0;
    const rows = ["a", "b", "c"].map((user) => ({ user, at: 1 }));
    const windows = from(rows).pipe(
      at,
      strict(),
      tumblingWindow({
        key: ({ user }) => user,
        size: 10,
        aggregate: { seed: () => 0, add: (n) => n + 1, result: (n) => (calls++, n) },
      }),
      take(1),
    );
    assertEquals([outcome(windows).values.length, calls], [1, 1]);
  });

  it("over virtual time fires with the record whose watermark passes the end", () => {
    new TestScheduler((actual, expected) => assertEquals(actual, expected)).run(({ hot, expectObservable }) => {
      const source = hot<Event>(
        "a--b--c--d--|",
        Object.fromEntries(["a", "b", "c", "d"].map((n, i) => [n, events([1, 12, 9, 15][i])[0]])),
      );
      const windows = source.pipe(
        at,
        watermark({ maxOutOfOrderness: 5 }),
        perTen(),
        map(({ window, value }) => `${window.start}:${value}`),
      );
      expectObservable(windows).toBe("---------x--(y|)", { x: "0:2", y: "10:2" });
    });
  });

  it("a result within a firing has the window's time and no record, a late one keeps the record that caused it", () => {
    const seen: unknown[] = [];
    const window = tumblingWindow({
      name: "w",
      key: (event: Event) => event.user,
      size: 10,
      allowedLateness: 10,
      aggregate: count<Event>(),
    });
    const job = new HandMadeTask().run(
      jobSource<Event>("events").pipe(
        at,
        strict(),
        window,
        map(({ pane }) => {
          const { topic, partition, offset, timestamp } = recordInfo();
          seen.push([pane, topic, partition, offset, timestamp]);
        }),
      ),
    );
    job.push("events", events(5)[0], { offset: 1 }).push("events", events(12)[0], { offset: 2 }).push(
      "events",
      events(6)[0],
      { offset: 3 },
    );
    assertEquals(seen, [["onTime", undefined, undefined, undefined, 9], ["late", "events", 0, 3, 9]]);
  });

  it("a value goes on with its own registers after windows have fired around it", () => {
    const times: unknown[] = [];
    from(events(5, 12, 25)).pipe(
      at,
      map((event) => (times.push(recordInfo().timestamp), event)),
      strict(),
      perTen(),
    ).subscribe(() => times.push(recordInfo().timestamp));
    assertEquals(times, [5, 12, 9, 25, 19, 29]);
  });

  it("aggregates of every kind reach the window's result", () => {
    const rows = [{ price: 3 }, { price: 5 }];
    const totals = {
      sum: sum((row: { price: number }) => row.price),
      average: average((row: { price: number }) => row.price),
    };
    const fire = <A>(aggregate: TumblingWindowOptions<{ price: number }, string, A, unknown>["aggregate"]) =>
      outcome(from(rows).pipe(eventTime(() => 1), strict(), tumblingWindow({ key: () => "all", size: 10, aggregate })))
        .values[0].value;
    assertEquals([fire(totals.sum), fire(totals.average), fire(collect())], [8, 4, rows]);
  });

  it("a late pane does not change what an earlier one has handed out", () => {
    const panes = from(events(1, 12, 2)).pipe(
      at,
      strict(),
      tumblingWindow({ key: () => 0, size: 10, allowedLateness: 50, aggregate: collect() }),
    );
    assertEquals(outcome(panes).values.slice(0, 2).map(({ value }) => value.length), [1, 2]);
  });

  it("a key is compared with its topic on first sight, and one that can be no key is an error", () => {
    const sights: unknown[] = [];
    const job = new HandMadeTask();
    job.checkKey = (key, stage) => sights.push([key, stage]);
    job.run(jobSource<Event>("events").pipe(at, strict(), perTen("w")));
    for (const event of events(1, 2)) job.push("events", event);
    assertEquals(sights, [["ada", 'tumblingWindow "w"']]);

    for (const [key, shown] of [[undefined, "undefined"], [{}, "an object"], [null, "null"]] as const) {
      const { error } = outcome(
        of(1).pipe(
          eventTime(() => 0),
          strict(),
          tumblingWindow({
            name: "w",
            key: () => key as never,
            size: 1,
            aggregate: count(),
          }),
        ),
      );
      assertInstanceOf(error, TypeError);
      assertEquals(
        error.message,
        `A key of tumblingWindow "w" must be a string, number, bigint or boolean, current value is ${shown}`,
      );
    }
  });

  it("a value without event time above a window is an error that says what to put there", () => {
    const { error } = outcome(
      of(1).pipe(
        watermark({ punctuated: () => undefined }),
        tumblingWindow({ key: () => 0, size: 1, aggregate: count() }),
      ),
    );
    assertInstanceOf(error, TypeError);
    assertEquals(
      error.message,
      "A value without event time reached tumblingWindow: put eventTime((value) => value.timestamp) above it",
    );
  });

  it("throws at once when its options are wrong", () => {
    type Wrong = Partial<Record<keyof TumblingWindowOptions<unknown, string, number, number>, unknown>>;
    const wrong: [Wrong, ErrorConstructor, string][] = [
      [{ size: 0 }, RangeError, "size must be > 0, current value is 0"],
      [{ size: -1 }, RangeError, "size must be > 0, current value is -1"],
      [{ size: NaN }, RangeError, "size must be > 0, current value is NaN"],
      [{ size: 1.5 }, RangeError, "size must be an integer of milliseconds, current value is 1.5"],
      [{ size: Infinity }, RangeError, "size must be an integer of milliseconds, current value is Infinity"],
      [{ offset: 0.5 }, RangeError, "offset must be an integer of milliseconds, current value is 0.5"],
      [{ offset: 10 }, RangeError, "offset must lie between -size and size, current value is 10 with size 10"],
      [{ offset: -11 }, RangeError, "offset must lie between -size and size, current value is -11 with size 10"],
      [{ allowedLateness: -1 }, RangeError, "allowedLateness must be >= 0, current value is -1"],
      [{ allowedLateness: NaN }, RangeError, "allowedLateness must be >= 0, current value is NaN"],
      [{ key: "user" }, TypeError, "key must be a function"],
      [
        { aggregate: undefined },
        TypeError,
        "aggregate must have seed and add, or be one of count(), sum(), min(), max(), average(), collect()",
      ],
      [
        { aggregate: { seed: () => 0 } },
        TypeError,
        "aggregate must have seed and add, or be one of count(), sum(), min(), max(), average(), collect()",
      ],
    ];
    for (const [options, type, sentence] of wrong) {
      const complete = { key: () => "all", size: 10, aggregate: count(), ...options } as never;
      assertEquals(
        assertThrows(() => tumblingWindow(complete), type).message,
        `Cannot create tumbling windows: ${sentence}`,
      );
    }
  });

  it("has the same results whatever crashes", async () => {
    const windows = { name: "w", key: ({ user }: Event) => user, size: 10, allowedLateness: 20, aggregate: count() };
    await crashWindows(tumblingWindow(windows));
  });
});
