/** Holds, `later()` and `full` in running jobs: an asynchronous stage in miniature, and what a job owes it. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { identity, map, type Observable, tap } from "rxjs";
import { count, deadLetter, eventTime, memory, tumblingWindow, watermark } from "@tidemark/streams";
import { crashTest, testPipeline } from "@tidemark/streams/testing";
import type { MemoryLog } from "../connectors/memory.ts";
import { runWith } from "../runtime/run.ts";
import type { Job, RunOptions } from "@tidemark/streams";
import { Answers, type Ask, asking } from "./support/asking.ts";
import type { Event } from "./support/events.ts";
import { header, ManualClock, until } from "./support/jobs.ts";

const START = 1_700_000_000_000;
const SIZE = 100;

/** Visits, `after` milliseconds from the start. */
function visits(...all: readonly (readonly [user: string, after: number])[]) {
  return all.map(([user, after]) => ({ key: user, value: { user, at: START + after }, timestamp: START + after }));
}

/** Asks about each visit, writes those that were answered unless told otherwise, and counts them in windows. */
function answered(log: MemoryLog, ask: Ask<Event>, most?: number, writes = true): Observable<unknown>[] {
  const events = log.source<Event>("visits").pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: 0, name: "visits" }),
  );
  return [
    events.pipe(
      asking("ask", ask, most),
      writes ? log.sink<Event>("answered", { key: ({ user }) => user }) : identity,
      tumblingWindow({ name: "windows", key: ({ user }) => user, size: SIZE, aggregate: count() }),
      map(({ key, window, value }) => ({ user: key, start: window.start - START, n: value })),
      log.sink("windows", { key: ({ user }) => user }),
    ),
  ];
}

const users = (log: MemoryLog) => log.read<Event>("answered").map((event) => event!.user);
const windows = (log: MemoryLog) => log.read<{ user: string; n: number }>("windows").map((row) => [row!.user, row!.n]);

/** Runs on time that stands still unless a test moves it. */
function begin(log: MemoryLog, answers: Answers<Event>, options: Partial<RunOptions> & { most?: number } = {}) {
  const { most, ...rest } = options;
  const clock = new ManualClock(START);
  const settings = { name: "asking", state: ":memory:", log: () => {}, ...rest };
  return { clock, job: runWith(answered(log, answers.ask, most), settings, clock) };
}

const readAll = (job: Job, records: number) =>
  until("the visits to be read", () => job.metrics.snapshot().records_in === records, job);

describe("a stage that holds values for a while, in a running job", () => {
  it("keeps event time below the oldest of them, whatever comes and is answered behind it", async () => {
    const log = memory(), answers = new Answers<Event>();
    log.append("visits", visits(["ada", 1], ["ada", 50], ["ada", 250]));
    const { job: starting, clock } = begin(log, answers);
    const job = await starting;
    await readAll(job, 3);
    assertEquals(answers.waiting.length, 3);
    answers.give(2);
    answers.give(1);
    await until("two answers to be written", () => users(log).length === 2, job);
    await clock.advance(1000);
    assertEquals(windows(log), [], "the first visit may still come, and its window waits for it");
    answers.give();
    await until("the first window", () => windows(log).length === 1, job);
    assertEquals(windows(log), [["ada", 2]]);
    assertEquals(job.metrics.snapshot().late, 0);
    await job.stop();
  });

  it("keeps the task from ending until the last answer, and then everything below it has ended too", async () => {
    const log = memory(), answers = new Answers<Event>();
    log.append("visits", visits(["ada", 1], ["bob", 2]));
    log.end("visits");
    const { job: starting, clock } = begin(log, answers);
    const job = await starting;
    let finished = false;
    job.finished.then(() => finished = true);
    await readAll(job, 2);
    answers.give();
    await until("one answer to be written", () => users(log).length === 1, job);
    await clock.advance(5000);
    assertEquals([finished, windows(log)], [false, []]);
    answers.give();
    assertEquals(await job.finished, { reason: "finished" });
    assertEquals([users(log), windows(log)], [["ada", "bob"], [["ada", 1], ["bob", 1]]]);
  });

  for (const [partitions, most] of [[1, 1], [1, 3], [3, 2]] as const) {
    it(`is pushed nothing while it is full, of ${partitions} partitions with ${most} in flight`, async () => {
      const log = memory(), answers = new Answers<Event>();
      log.create("visits", { partitions });
      const all = Array.from({ length: 200 }, (_, i) => visits([`user ${i}`, i])[0]);
      log.append("visits", all.map((one, i) => ({ ...one, partition: i % partitions })));
      const { job: starting, clock } = begin(log, answers, { most, tasks: "single" });
      const job = await starting;
      for (let given = 0; given < all.length; given++) {
        const wanted = Math.min(most, all.length - given);
        await until("it to be full, or the end", () => answers.waiting.length === wanted, job);
        await clock.advance(0);
        assertEquals(answers.waiting.length, wanted);
        answers.give();
      }
      await until("all to be written", () => users(log).length === all.length, job);
      assertEquals(answers.most, most);
      assertEquals(new Set(users(log)).size, all.length);
      await job.stop();
    });
  }

  it("asks again after a restart about what it was not told, in the order in which it came, and emits it once", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory(), answers = new Answers<Event>();
    log.append("visits", visits(["ada", 1], ["bob", 2], ["eve", 3]));
    const first = await begin(log, answers, { state: kv }).job;
    await readAll(first, 3);
    answers.give(1);
    await until("one answer to be written", () => users(log).length === 1, first);
    await first.stop();
    answers.forget();
    answers.asked.length = 0;

    log.append("visits", visits(["dan", 150]));
    log.end("visits");
    const second = await begin(log, answers, { state: kv }).job;
    await until("all to be asked again", () => answers.waiting.length === 3, second);
    assertEquals(answers.asked.map(({ user }) => user), ["ada", "eve", "dan"]);
    for (let i = 0; i < 3; i++) answers.give();
    await second.finished;
    assertEquals(users(log), ["bob", "ada", "eve", "dan"]);
    assertEquals(windows(log).toSorted(), [["ada", 1], ["bob", 1], ["dan", 1], ["eve", 1]]);
  });

  it("is full after a restart where as many are in flight as it takes", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory(), answers = new Answers<Event>();
    log.append("visits", visits(["ada", 1], ["bob", 2], ["eve", 3]));
    const first = await begin(log, answers, { state: kv, most: 1 }).job;
    await until("it to be full", () => answers.waiting.length === 1, first);
    await first.stop();
    answers.forget();
    const { job, clock } = begin(log, answers, { state: kv, most: 1 });
    const second = await job;
    await clock.advance(1000);
    assertEquals(answers.waiting.map(({ user }) => user), ["ada"]);
    for (let i = 0; i < 3; i++) {
      await until("the next to be asked", () => answers.waiting.length === 1, second);
      answers.give();
    }
    await until("all to be written", () => users(log).length === 3, second);
    assertEquals(users(log), ["ada", "bob", "eve"]);
    await second.stop();
  });
});

describe("a stage that holds values for a while, where an epoch is made again without a bad record", () => {
  for (const most of [1, 2, Infinity]) {
    it(`is pushed nothing while it is full, and each is told once, with at most ${most} in flight`, async () => {
      const log = memory(), answers = new Answers<Event>(), told = new Set<string>();
      log.append("visits", visits(["ada", 1], ["bob", 2], ["bad", 3], ["eve", 4], ["dan", 5]));
      const pipeline = log.source<Event>("visits", { tombstones: "refuse" }).pipe(
        tap(({ user }) => {
          if (user === "bad") throw new RangeError("nobody likes it");
        }),
        eventTime(({ at }) => at),
        watermark({ maxOutOfOrderness: 0 }),
        asking("ask", answers.ask, most),
        tap(({ user }) => told.add(user)),
        log.sink("answered", { key: ({ user }) => user }),
      );
      // As few epochs as may be: what is undone is more than one record.
      const options = { name: "asking", state: ":memory:", log: () => {}, minEpoch: 1e9 };
      const onError = deadLetter(log.sink("failed"));
      const job = await runWith(pipeline, { ...options, onError }, new ManualClock(START));
      while (told.size < 4) {
        await until("an answer to be due, or the end", () => answers.waiting.length > 0 || told.size === 4, job);
        if (answers.waiting.length > 0) answers.give();
      }
      await job.stop();
      assertEquals(users(log), ["ada", "bob", "eve", "dan"]);
      assertEquals(log.records("failed").map((record) => header(record, "tidemark.source")), ["visits/0@2"]);
      // She was asked about twice: what is undone has not happened.
      assert(answers.asked.filter(({ user }) => user === "bob").length > 1);
    });
  }
});

describe("a stage that holds values for a while, under crashTest()", () => {
  const input = visits(["ada", 1], ["bob", 5], ["ada", 60], ["eve", 120], ["bob", 130], ["ada", 250], ["eve", 251]);
  const LAST = START + 251;
  const soon: Ask<Event> = (_, answer) => queueMicrotask(answer);

  /** Answers the oldest where so many wait, so that some are in flight at each cut; with the last record of the input, all. */
  function behind(many: number): Ask<Event> {
    const waiting: (() => void)[] = [];
    return ({ at }, answer) => {
      waiting.push(answer);
      const due = at === LAST ? waiting.length : waiting.length - many;
      if (due > 0) { for (const answer of waiting.splice(0, due)) queueMicrotask(answer); }
    };
  }

  for (const most of [1, 2, Infinity]) {
    for (const partitions of [1, 3]) {
      it(`has each result once, answered at once, of ${partitions} partitions with at most ${most} in flight`, async () => {
        const log = memory();
        const report = await crashTest(() => answered(log, soon, most), input, { partitions, start: START + 1000 });
        assert(report.crashes > 20);
        assertEquals(report.results, input.length + 6);
      });
    }
  }

  for (const [most, many] of [[2, 1], [3, 2], [Infinity, 3], [Infinity, 7]] as const) {
    for (const partitions of [1, 3]) {
      it(`has each result once, answered ${many} records later, of ${partitions} partitions with at most ${most} in flight`, async () => {
        const log = memory();
        const pipelines = () => answered(log, behind(many), most);
        const report = await crashTest(pipelines, input, { partitions, tasks: "single", start: START + 1000 });
        assert(report.crashes > 20);
        assertEquals(report.results, input.length + 6);
      });
    }
  }

  for (const most of [1, 3, Infinity]) {
    for (const ends of [true, false]) {
      it(`has each result once, answered by the wall clock, with at most ${most} in flight${ends ? "" : ", where the input does not end"}`, async () => {
        const log = memory();
        // The later a value came, the sooner it is answered, so some are in flight at each cut and at the end.
        const slow: Ask<Event> = ({ at }, answer) => void setTimeout(answer, 4 - Math.floor((at - START) / 70));
        // In which order the wall clock answers is left to it, and the windows do not depend on it.
        const pipelines = () => answered(log, slow, most, false);
        const report = await crashTest(pipelines, input, { start: START + 1000, epochs: [2], ends });
        assert(report.crashes > (ends ? 10 : 5));
        assertEquals(report.results, ends ? 6 : 4);
      });
    }
  }
});

describe("a stage that holds values for a while, under testPipeline()", () => {
  const START_OPTIONS = { start: START + 1000 };

  it("has answered when push() resolves, and everything below it is committed", async () => {
    const log = memory();
    const slow: Ask<Event> = (_, answer) => void setTimeout(answer, 1);
    await using test = await testPipeline(answered(log, slow), START_OPTIONS);
    await test.push("visits", visits(["ada", 1], ["bob", 150]));
    assertEquals(test.results<Event>("answered").map(({ user }) => user), ["ada", "bob"]);
    assertEquals([test.results("windows"), test.metrics.held], [[{ user: "ada", start: 0, n: 1 }], 0]);
    await test.push("visits", visits(["eve", 151]));
    await test.end();
    assertEquals(test.results("windows").length, 3);
  });

  it("ends with the last answer", async () => {
    const log = memory(), answers = new Answers<Event>();
    await using test = await testPipeline(answered(log, answers.ask), START_OPTIONS);
    const pushed = test.push("visits", visits(["ada", 1], ["bob", 2]));
    await until("both to be asked", () => answers.waiting.length === 2);
    const ended = test.end();
    answers.give(1);
    await until("the answer to be heard", () => test.metrics.held === 1);
    answers.give();
    await Promise.all([pushed, ended]);
    assertEquals(test.results("windows").length, 2);
  });

  it("lets time pass meanwhile", async () => {
    const log = memory(), answers = new Answers<Event>();
    await using test = await testPipeline(answered(log, answers.ask), START_OPTIONS);
    const pushed = test.push("visits", visits(["ada", 1]));
    await test.advance(3_000);
    assertEquals([test.now, test.results("answered")], [START + 4_000, []]);
    answers.give();
    await pushed;
    assertEquals(test.results("answered").length, 1);
  });

  it("fails with the number of values when nothing is answered for long", async () => {
    const log = memory(), answers = new Answers<Event>();
    const test = await testPipeline(answered(log, answers.ask), START_OPTIONS);
    using time = new FakeTime();
    const refused = assertRejects(
      () => test.push("visits", visits(["ada", 1], ["bob", 2])),
      Error,
      "A stage has held 2 values back for 5 s",
    );
    let over = false;
    void refused.finally(() => over = true);
    while (!over) await time.tickAsync(20);
    await refused;
    await test[Symbol.asyncDispose]();
  });
});
