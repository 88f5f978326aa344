import { assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { from, map, merge, type MonoTypeOperatorFunction, type Observable, of, Subject } from "rxjs";
import { TestScheduler } from "rxjs/testing";
import { eventTime, minutes, recordInfo, watermark, type WatermarkOptions } from "@tidemark/streams/operators";
import { operate } from "../operators/_operate.ts";
import { at, type Event, events, outcome, perTen } from "./support/events.ts";
import { type Checkpoint, HandMadeTask, jobSource } from "./support/task_host.ts";

/** A stage that notes every watermark that reaches it, after the value that caused it. */
function note<T>(log: unknown[]): MonoTypeOperatorFunction<T> {
  return operate<T, T>({ operator: "note", time: "own", keeps: false }, (stage) => {
    stage.scope.listener = {
      advance: (watermark) => log.push(watermark),
      idle: (idle) => log.push(idle ? "idle" : "active"),
    };
    return {
      next(value) {
        log.push(value);
        stage.emit(value);
      },
    };
  });
}

const itself = eventTime((time: number) => time);

function watermarks(times: number[], maxOutOfOrderness: number): unknown[] {
  const log: unknown[] = [];
  from(times).pipe(itself, watermark({ maxOutOfOrderness }), note(log)).subscribe();
  return log;
}

const END = Number.MAX_SAFE_INTEGER;

describe("watermark()", () => {
  it("is the highest event time less maxOutOfOrderness less 1, after each record", () => {
    assertEquals(watermarks([5, 9, 7, 20], 3), [5, 1, 9, 5, 7, 20, 16, END]);
  });

  it("without disorder lags one millisecond: a second record of the same time is still on time", () => {
    assertEquals(watermarks([5, 5, 6], 0), [5, 4, 5, 6, 5, END]);
  });

  it("never goes back, also before 1970", () => {
    assertEquals(watermarks([-100, -50, -70, -49], 10), [-100, -111, -50, -61, -70, -49, -60, END]);
  });

  it("becomes the end of time at the end of the input, over virtual time", () => {
    new TestScheduler((actual, expected) => assertEquals(actual, expected)).run(({ cold, expectObservable }) => {
      const source = cold("a--b--(c|)", { a: 1, b: 12, c: 13 }).pipe(itself, watermark({ maxOutOfOrderness: 2 }));
      const fired = source.pipe(map((at) => ({ user: "ada", at })), perTen(), map(({ window }) => window.start));
      expectObservable(fired).toBe("---x--(y|)", { x: 0, y: 10 });
    });
  });

  it("with punctuated takes watermarks from the data, each after its value", () => {
    const log: unknown[] = [];
    from([[1], [2, 7], [3, 5], [4, 9], [5, END]]).pipe(
      eventTime(([time]) => time),
      watermark({ punctuated: ([, mark]) => mark }),
      map(([time]) => time),
      note(log),
    ).subscribe();
    assertEquals(log, [1, 2, 7, 3, 4, 9, 5, END]);
  });

  it("with punctuated refuses a watermark that is no safe integer, as a bad record", () => {
    for (const mark of [NaN, 0.5, Infinity, "5"]) {
      const punctuated = () => mark as number;
      const { error } = outcome(of(1).pipe(itself, watermark({ punctuated })));
      assertInstanceOf(error, RangeError);
      assertStringIncludes(error.message, "the watermark that it carries must be a safe integer of milliseconds");

      const job = new HandMadeTask().run(jobSource<number>("events").pipe(itself, watermark({ punctuated })));
      assertEquals(job.push("events", 1).badRecords.length, 1);
    }
  });

  it("without eventTime() above it is an error that says what to put there", () => {
    const { error } = outcome(of(1).pipe(watermark({ maxOutOfOrderness: 0 })));
    assertInstanceOf(error, TypeError);
    assertEquals(
      error.message,
      "A value without event time reached watermark: put eventTime((value) => value.timestamp) above it",
    );
  });

  it("of several partitions is their minimum, and waits for one that has not been read", () => {
    const { job, log } = clocked({ events: 3 }, { maxOutOfOrderness: 0 });
    job.push("events", 100, { partition: 0 }).push("events", 50, { partition: 1 });
    assertEquals(marks(log), []);
    job.push("events", 70, { partition: 2 });
    assertEquals(marks(log), [49]);
    job.push("events", 60, { partition: 1 }).push("events", 200, { partition: 1 }).push("events", 90, { partition: 2 });
    assertEquals(marks(log), [49, 59, 69, 89]);
  });

  it("over two topics is the minimum over the partitions of both", () => {
    const { job, log } = clocked({ clicks: 1, orders: 1 }, { maxOutOfOrderness: 0 });
    job.push("clicks", 100);
    assertEquals(marks(log), []);
    job.push("orders", 30);
    assertEquals(marks(log), [29]);
  });

  it("measures a record against its own partition: disorder between partitions is none", () => {
    const { job, log } = clocked({ events: 2 }, { maxOutOfOrderness: 10 });
    job.push("events", 1_000, { partition: 0 }).push("events", 20, { partition: 1 });
    assertEquals(marks(log), [9]);
  });

  it("a partition idle for more than idleAfter no longer holds the minimum back", () => {
    const { job, log } = clocked({ events: 2 }, { maxOutOfOrderness: 0, idleAfter: 1_000 });
    job.push("events", 100, { partition: 0 }).quiet("events", 1, 5_000);
    job.tick(6_000);
    assertEquals(marks(log), [], "exactly idleAfter is not more than it");
    job.tick(6_001);
    assertEquals(marks(log), [99]);
  });

  it("a partition of which nothing is known is not idle: only a fetch that found its end makes it so", () => {
    const { job, log } = clocked({ events: 2 }, { maxOutOfOrderness: 0, idleAfter: 1_000 });
    job.push("events", 100, { partition: 0 }).tick(1_000_000);
    assertEquals(marks(log), []);
  });

  it("a partition that wakes up does not pull time back, and holds it until it has caught up", () => {
    const { job, log } = clocked({ events: 2 }, { maxOutOfOrderness: 0, idleAfter: 1_000 });
    job.push("events", 100, { partition: 0 }).quiet("events", 1, 0).tick(2_000);
    job.push("events", 40, { partition: 1 }).push("events", 200, { partition: 0 });
    assertEquals(marks(log), [99]);
    job.push("events", 150, { partition: 1 });
    assertEquals(marks(log), [99, 149]);
  });

  it("below another watermark() it knows after a restart which partitions it had, so that they may fall idle", () => {
    const stacked = (log: unknown[]) =>
      jobSource<number>("events").pipe(
        itself,
        watermark({ name: "above", maxOutOfOrderness: 0 }),
        watermark({ name: "below", maxOutOfOrderness: 0, idleAfter: 1_000 }),
        note(log),
      );
    const checkpoint = new HandMadeTask().run(stacked([])).push("events", 100, { timestamp: 100 }).cut();
    const log: unknown[] = [];
    new HandMadeTask(checkpoint).run(stacked(log)).quiet("events", 0, 0).tick(2_000);
    assertEquals(log, ["idle"]);
  });

  it("where all partitions are idle, time moves on with the wall clock", () => {
    const { job, log } = clocked({ events: 2 }, { maxOutOfOrderness: 0, idleAfter: 1_000 });
    job.push("events", 100, { partition: 0 }).push("events", 50, { partition: 1 });
    job.quiet("events", 0, 0).quiet("events", 1, 0).tick(2_000).tick(2_500).tick(2_500);
    assertEquals(marks(log), [49, 99, "idle", 599], "from the furthest that is known, by what has passed since");
    job.push("events", 700, { partition: 0 });
    assertEquals(marks(log), [49, 99, "idle", 599, 699, "active"]);
  });

  it("where all partitions are idle and nothing was ever read, nobody knows what time it is", () => {
    const { job, log } = clocked({ events: 1 }, { maxOutOfOrderness: 0, idleAfter: 1 });
    job.quiet("events", 0, 0).tick(100).tick(1_000_000);
    assertEquals(marks(log), ["idle"]);
  });

  it('with whenIdle "hold" the furthest of the silent partitions counts, and time stands still there', () => {
    const { job, log } = clocked({ events: 2 }, { maxOutOfOrderness: 0, idleAfter: 1_000, whenIdle: "hold" });
    job.push("events", 100, { partition: 0 }).push("events", 50, { partition: 1 });
    job.quiet("events", 0, 0).quiet("events", 1, 0).tick(2_000).tick(1_000_000);
    assertEquals(marks(log), [49, 99, "idle"]);
    job.push("events", 90, { partition: 1 });
    assertEquals(marks(log), [49, 99, "idle", "active"]);
  });

  for (const [name, order] of Object.entries({ "the furthest first": [0, 1], "the furthest last": [1, 0] })) {
    it(`with whenIdle "hold" it does not matter which partition falls silent first: ${name}`, () => {
      const { job, log } = clocked({ events: 2 }, { maxOutOfOrderness: 0, idleAfter: 1_000, whenIdle: "hold" });
      job.push("events", 600, { partition: 0 }).push("events", 500, { partition: 1 });
      job.quiet("events", order[0], 0).tick(2_000).quiet("events", order[1], 2_000).tick(4_000);
      assertEquals(marks(log), [499, 599, "idle"]);
    });
  }

  it("windows of a quiet topic fire, outside of any record", () => {
    const seen: unknown[] = [];
    const job = new HandMadeTask().run(
      jobSource<Event>("events").pipe(
        at,
        watermark({ maxOutOfOrderness: 0, idleAfter: 1_000 }),
        perTen("w"),
        map(({ value }) => seen.push([value, recordInfo()])),
      ),
    );
    job.push("events", events(5)[0]).quiet("events", 0, 0).tick(1_001).tick(1_006);
    const timer = {
      topic: undefined,
      partition: undefined,
      offset: undefined,
      key: undefined,
      headers: {},
      timestamp: 9,
    };
    assertEquals(seen, [[1, timer]]);
  });

  it("an idle branch of a merge() does not hold the other branches back", () => {
    const fired: number[] = [];
    const branch = (topic: string) =>
      jobSource<Event>(topic).pipe(at, watermark({ maxOutOfOrderness: 0, idleAfter: 1_000, whenIdle: "hold" }));
    const job = new HandMadeTask().run(
      merge(branch("busy"), branch("quiet")).pipe(perTen("w"), map(({ window }) => fired.push(window.start))),
    );
    job.push("busy", events(5)[0]).push("busy", events(25)[0]);
    assertEquals(fired, []);
    job.quiet("quiet", 0, 0).tick(2_000);
    assertEquals(fired, [0]);
  });

  it("goes on after a restart where the checkpoint left it, and tells nobody anew", () => {
    const options = { maxOutOfOrderness: 0 };
    const before = clocked({ events: 2 }, options);
    before.job.push("events", 100, { partition: 0 }).push("events", 50, { partition: 1 });
    const checkpoint = before.job.cut();
    assertEquals(checkpoint.clocks["events:0"], {
      partitions: [["events", 0, 99, false], ["events", 1, 49, false]],
      watermark: 49,
    });

    const { job, log } = clocked({ events: 2 }, options, checkpoint);
    assertEquals(log, []);
    job.push("events", 20, { partition: 1 });
    assertEquals(marks(log), [], "behind what is known already");
    job.push("events", 80, { partition: 1 });
    assertEquals(marks(log), [79], "the other partition's 99 is known again");
  });

  it("what fired because a partition was idle does not un-happen with a restart", () => {
    const options = { maxOutOfOrderness: 0, idleAfter: 1_000 };
    const before = clocked({ events: 2 }, options);
    before.job.push("events", 100, { partition: 0 }).quiet("events", 1, 0).tick(2_000);
    const { job, log } = clocked({ events: 2 }, options, before.job.cut());
    job.push("events", 40, { partition: 1 }).push("events", 60, { partition: 1 });
    assertEquals(marks(log), []);
    assertEquals(job.cut().clocks["events:0"].watermark, 99);
  });

  it("the end of time is in no checkpoint, not even where a record carried it", () => {
    const { job } = clocked({ events: 1 }, { punctuated: () => END });
    job.push("events", 5);
    assertEquals(job.cut().clocks["events:punctuated"].watermark, END - 1);
    const bounded = clocked({ events: 1 }, { maxOutOfOrderness: 0 });
    bounded.job.push("events", 5).end();
    assertEquals(bounded.job.cut().clocks["events:0"].watermark, 4);
  });

  it("two watermark() stages that would share a name are an error in a job, one subscribed twice is none", () => {
    const source = jobSource<Event>("events");
    const strict = () => watermark<Event>({ maxOutOfOrderness: minutes(1) });
    const run = (...pipelines: Observable<unknown>[]) => new HandMadeTask().run(...pipelines);
    const { message } = assertThrows(
      () => run(source.pipe(at, strict(), perTen("a")), source.pipe(at, strict(), perTen("b"))),
      TypeError,
    );
    assertEquals(
      message,
      'Cannot run watermark "events:60000": another watermark() has this name already; give one of them a name of its own',
    );
    const shared = source.pipe(at, strict());
    const names = [...run(shared.pipe(perTen("a")), shared.pipe(perTen("b"))).task.clocks.keys()];
    assertEquals(names.filter((name) => name.startsWith("events")), ["events:60000", "events:60000#2"]);
    const named = run(source.pipe(at, watermark({ maxOutOfOrderness: 0, name: "mine" }), perTen("a")));
    assertEquals(named.task.clocks.has("mine"), true);
  });

  it("without a job takes each eventTime() for a partition of its own", () => {
    const a = new Subject<number>(), b = new Subject<number>();
    const log: unknown[] = [];
    merge(a.pipe(itself), b.pipe(itself)).pipe(watermark({ maxOutOfOrderness: 0 }), note(log)).subscribe();
    a.next(100);
    b.next(50);
    b.next(200);
    assertEquals(log, [100, 50, 49, 200, 99]);
  });

  it("throws at once when its options are wrong", () => {
    const cannot = "Cannot create watermarks:";
    const wrong: [WatermarkOptions<number>, ErrorConstructor, string][] = [
      [{}, TypeError, "give either maxOutOfOrderness or punctuated"],
      [{ maxOutOfOrderness: 0, punctuated: () => 0 }, TypeError, "give either maxOutOfOrderness or punctuated"],
      [{ maxOutOfOrderness: -1 }, RangeError, "maxOutOfOrderness must be >= 0, current value is -1"],
      [{ maxOutOfOrderness: NaN }, RangeError, "maxOutOfOrderness must be >= 0, current value is NaN"],
      [
        { maxOutOfOrderness: 0.5 },
        RangeError,
        "maxOutOfOrderness must be an integer of milliseconds, current value is 0.5",
      ],
      [{ maxOutOfOrderness: 0, idleAfter: 0 }, RangeError, "idleAfter must be > 0, current value is 0"],
      [
        { maxOutOfOrderness: 0, whenIdle: "stop" as never },
        TypeError,
        'whenIdle must be "advance" or "hold", current value is stop',
      ],
      [{ punctuated: 5 as never }, TypeError, "punctuated must be a function"],
    ];
    for (const [options, type, sentence] of wrong) {
      assertEquals(assertThrows(() => watermark(options), type).message, `${cannot} ${sentence}`);
    }
  });
});

/** A job with one watermark over its topics, and what reaches the stage below. */
function clocked(
  topics: Record<string, number>,
  options: WatermarkOptions<number>,
  checkpoint?: Checkpoint,
): { job: HandMadeTask; log: unknown[] } {
  const log: unknown[] = [];
  const sources = Object.entries(topics).map(([topic, partitions]) => jobSource<number>(topic, partitions));
  const pipeline = merge(...sources).pipe(itself, watermark(options), note(log));
  return { job: new HandMadeTask(checkpoint).run(pipeline), log };
}

/** What a log says of time, without the values: in these tests they are tens, and so watermarks end in 9. */
function marks(log: unknown[]): unknown[] {
  return log.filter((entry) => typeof entry === "string" || Number(entry) % 10 === 9);
}
