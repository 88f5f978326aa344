/** What fails in `asyncMap` and below it, in a job: who is to blame, and what goes to the dead letters. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { map, type Observable, tap } from "rxjs";
import {
  asyncMap,
  type AsyncMapOptions,
  count,
  deadLetter,
  eventTime,
  type Job,
  keyedReduce,
  memory,
  type RunOptions,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import { crashTest } from "@tidemark/streams/testing";
import type { MemoryLog } from "../connectors/memory.ts";
import { runWith } from "../runtime/run.ts";
import { rest } from "../base/clock.ts";
import { Calls } from "./support/calls.ts";
import type { Event } from "./support/events.ts";
import { failureOf, header, ManualClock, until } from "./support/jobs.ts";

const decoder = new TextDecoder();

function visits(...users: readonly string[]) {
  return users.map((user, at) => ({ key: user, value: { user, at }, timestamp: at, headers: { from: `the ${user}` } }));
}

interface Options extends AsyncMapOptions<Event, Event> {
  /** Throws below the stage. */
  readonly check?: (event: Event) => void;
  /** Throws when a window fires. */
  readonly result?: (total: number) => number;
}

type Service = (value: Event, context: { signal: AbortSignal; attempt: number }) => Promise<Event>;

function pipeline(log: MemoryLog, fn: Service, { check = () => {}, result = (n) => n, ...options }: Options = {}) {
  return log.source<Event>("visits", { tombstones: "refuse" }).pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: 0 }),
    asyncMap(fn, { name: "ask", order: "any", retry: 0, ...options }),
    tap(check),
    log.sink("answers", { key: ({ user }) => user }),
    tumblingWindow({
      name: "windows",
      key: ({ user }) => user,
      size: 10,
      aggregate: { ...count<Event>(), result },
    }),
    map(({ key, value }) => ({ user: key, value })),
    log.sink("windows", { key: ({ user }) => user }),
  );
}

const answers = (log: MemoryLog) => log.read<Event>("answers").map((one) => one!.user);
const letters = (log: MemoryLog) =>
  log.records("failed").map((record) => ({
    source: header(record, "tidemark.source"),
    stage: header(record, "tidemark.stage"),
    reason: header(record, "tidemark.reason"),
    from: header(record, "from"),
    key: record.key === null ? null : decoder.decode(record.key),
    value: JSON.parse(decoder.decode(record.value!)),
  }));
const letterOf = (user: string, at: number, stage: string, reason: string) => ({
  source: `visits/0@${at}`,
  stage,
  reason: `${stage}: ${reason}`,
  from: `the ${user}`,
  key: user,
  value: { user, at },
});

const start = (of: Observable<unknown>, options: Partial<RunOptions> = {}, clock = new ManualClock()) =>
  runWith(of, { name: "asking", state: ":memory:", log: () => {}, ...options }, clock);
const refusing = (log: MemoryLog) => ({ onError: deadLetter(log.sink("failed")) });

/** Until an epoch is committed: the values, which came in one slice, are of an earlier epoch from then on. */
const committed = (job: Job) => until("a commit", () => job.metrics.snapshot().epochs > 0, job);

const answer = (calls: Calls<Event>, user: string) => {
  const call = calls.about((event) => event.user === user);
  call.answer(call.value);
};

describe("a call that fails, in a job", () => {
  it("goes to the dead letters with its record, and nothing else is undone or called again", async () => {
    const log = memory(), calls = new Calls<Event>();
    log.append("visits", visits("ada", "bad", "bob"));
    const job = await start(pipeline(log, calls.fn), refusing(log));
    await until("three calls", () => calls.waiting.length === 3, job);
    calls.about(({ user }) => user === "bad").refuse(new Error("503"));
    await until("the letter", () => log.records("failed").length === 1, job);
    for (const user of ["bob", "ada"]) answer(calls, user);
    await until("both answers", () => answers(log).length === 2, job);
    assertEquals(letters(log), [letterOf("bad", 1, 'asyncMap "ask"', "503")]);
    assertEquals([answers(log), calls.made.length, job.metrics.snapshot().dead_letters], [["bob", "ada"], 3, 1]);
    await job.stop();
  });

  it("has the original record also after a restart, and how often it was tried", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory(), calls = new Calls<Event>();
    log.append("visits", visits("ada", "bad"));
    const options = { ...refusing(log), state: kv };
    const first = await start(pipeline(log, calls.fn), options);
    await until("two calls", () => calls.waiting.length === 2, first);
    await first.stop();
    const clock = new ManualClock();
    const tried = { retry: { count: 1, first: 0, longest: 0 } };
    const second = await start(pipeline(log, calls.fn, tried), options, clock);
    for (const attempt of [1, 2]) {
      await until("a call", () => calls.waiting.some(({ value }) => value.user === "bad"), second);
      const call = calls.about(({ user }) => user === "bad");
      assertEquals(call.attempt, attempt);
      call.refuse(new Error("503"));
      await clock.advance(0);
      await clock.advance(0);
    }
    answer(calls, "ada");
    await until("the letter", () => log.records("failed").length === 1, second);
    assertEquals(letters(log), [letterOf("bad", 1, 'asyncMap "ask"', "503, after 2 calls")]);
    await second.stop();
  });

  it("keeps its place in the order of results", async () => {
    const log = memory(), calls = new Calls<Event>();
    log.append("visits", visits("ada", "bad", "bob"));
    log.end("visits");
    const job = await start(pipeline(log, calls.fn, { order: "input" }), refusing(log));
    await until("three calls", () => calls.waiting.length === 3, job);
    answer(calls, "bob");
    calls.about(({ user }) => user === "bad").refuse("no error");
    answer(calls, "ada");
    await job.finished;
    assertEquals([answers(log), letters(log)], [
      ["ada", "bob"],
      [letterOf("bad", 1, 'asyncMap "ask"', "no error")],
    ]);
  });

  it('stops the job with onFailure "stop", whatever onError is, and the next start calls again', async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory(), calls = new Calls<Event>();
    log.append("visits", visits("ada", "bad"));
    const options = { ...refusing(log), state: kv };
    const job = await start(pipeline(log, calls.fn, { onFailure: "stop" }), options);
    await until("two calls", () => calls.waiting.length === 2, job);
    calls.about(({ user }) => user === "bad").refuse(new Error("503"));
    assertMatch(
      await failureOf(job),
      /^Job asking stopped at visits\/0@1 in asyncMap "ask": 503\. The next start calls/,
    );
    calls.waiting.length = 0;
    log.end("visits");
    const again = await start(pipeline(log, calls.fn), options);
    await until("two calls", () => calls.waiting.length === 2, again);
    for (const user of ["ada", "bad"]) answer(calls, user);
    await again.finished;
    assertEquals([answers(log), letters(log)], [["ada", "bad"], []]);
  });

  it("of a value that a window caused goes to the dead letters as JSON", async () => {
    const log = memory(), calls = new Calls<{ key: string; n: number }>();
    log.append("visits", visits("ada", "bob"));
    log.end("visits");
    const asked = log.source<Event>("visits", { tombstones: "refuse" }).pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: 0 }),
      tumblingWindow({ name: "windows", key: ({ user }) => user, size: 10, aggregate: count() }),
      map(({ key, value }) => ({ key, n: value })),
      asyncMap(calls.fn, { name: "ask", retry: 0 }),
      log.sink("answers"),
    );
    const job = await start(asked, refusing(log));
    await until("two calls", () => calls.waiting.length === 2, job);
    const [ada, bob] = [...calls.waiting];
    ada.refuse(new Error("503"));
    bob.answer(bob.value);
    await job.finished;
    assertEquals(log.read("answers"), [{ key: "bob", n: 1 }]);
    assertEquals(
      log.records("failed").map((one) => [JSON.parse(decoder.decode(one.value!)), header(one, "tidemark.reason")]),
      [
        [{ call: "ask", key: "ada", time_ms: 9, accumulator: { key: "ada", n: 1 } }, 'asyncMap "ask": 503'],
      ],
    );
  });
});

describe("a stage below asyncMap that fails, in a job", () => {
  const check = ({ user }: Event) => {
    if (user.startsWith("bad")) throw new RangeError(`there is no user ${user}`);
  };

  for (const older of [false, true]) {
    const which = older ? "an epoch that was committed before" : "its own epoch";
    it(`blames the value whose result it is, of ${which}; what is undone is called again, and has its effect once`, async () => {
      const log = memory(), calls = new Calls<Event>();
      log.append("visits", visits("ada", "bad 1", "bob", "bad 2"));
      const options = { ...refusing(log), minEpoch: older ? 0 : 1e9 };
      const job = await start(pipeline(log, calls.fn, { check }), options);
      await until("four calls", () => calls.waiting.length === 4, job);
      if (older) await committed(job);
      answer(calls, "bad 1");
      await until("the others to be called again", () => calls.made.length >= 4 + 3 && calls.waiting.length === 3, job);
      assert(calls.made.slice(0, 4).filter(({ signal }) => signal.aborted).length === 3);
      for (const user of ["bob", "bad 2"]) {
        await until("its call", () => calls.waiting.some(({ value }) => value.user === user), job);
        answer(calls, user);
      }
      // What was undone is called again, as often as that happens.
      while (job.metrics.snapshot().held > 0) {
        for (const call of [...calls.waiting]) call.answer(call.value);
        await rest();
      }
      await job.stop();
      assertEquals(answers(log).toSorted(), ["ada", "bob"]);
      const reason = (user: string) => `there is no user ${user}`;
      const stage = 'sink "answers"';
      assertEquals(
        letters(log).toSorted((a, b) => a.key! < b.key! ? -1 : 1),
        [letterOf("bad 1", 1, stage, reason("bad 1")), letterOf("bad 2", 3, stage, reason("bad 2"))],
      );
    });
  }

  it("blames a window that fires when a result of an earlier epoch releases the watermark, and goes on", async () => {
    const log = memory(), calls = new Calls<Event>();
    log.append("visits", visits("ada", "bob", "ada"));
    log.append("visits", [{ key: "bob", value: { user: "bob", at: 50 }, timestamp: 50 }]);
    log.end("visits");
    const result = (total: number) => {
      if (total === 2) throw new RangeError("two are too many");
      return total;
    };
    const job = await start(pipeline(log, calls.fn, { result }), refusing(log));
    await until("four calls", () => calls.waiting.length === 4, job);
    await committed(job);
    let finished = false;
    job.finished.then(() => finished = true);
    while (!finished) {
      await until("a call or the end", () => finished || calls.waiting.length > 0, job);
      calls.waiting.at(-1)?.answer(calls.waiting.at(-1)!.value);
      await rest();
    }
    assertEquals(answers(log).toSorted(), ["ada", "ada", "bob", "bob"]);
    assertEquals(log.read<{ user: string; value: number }>("windows").map((one) => [one!.user, one!.value]), [
      ["bob", 1],
      ["bob", 1],
    ]);
    const failed = log.records("failed").map((record) => JSON.parse(decoder.decode(record.value!)));
    assertEquals(failed.map(({ window, key }) => [window, key]), [["windows", "ada"]]);
  });

  it("blames the value after whose result the epoch cannot be cut", async () => {
    const log = memory(), calls = new Calls<Event>();
    log.append("visits", visits("ada", "bad 1", "bob", "bad 2", "eve"));
    const counted = log.source<Event>("visits", { tombstones: "refuse" }).pipe(
      asyncMap(calls.fn, { name: "ask", order: "any" }),
      keyedReduce({ name: "counts", key: ({ user }) => user, initial: 0, reduce: (n) => n + 1, emit: "latest" }),
      map(({ key, value }) => ({ user: key, at: value })),
      tap(check),
      log.sink("answers", { key: ({ user }) => user }),
    );
    const job = await start(counted, refusing(log));
    await until("five calls", () => calls.waiting.length === 5, job);
    while (job.metrics.snapshot().held > 0) {
      for (const call of [...calls.waiting]) call.answer(call.value);
      await rest();
    }
    await job.stop();
    assertEquals(answers(log).toSorted(), ["ada", "bob", "eve"]);
    assertEquals(letters(log).map(({ source }) => source).toSorted(), ["visits/0@1", "visits/0@3"]);
  });

  it("tries again under crashTest(), whose clock moves while it waits for answers", async () => {
    const log = memory();
    const service: Service = (value, { attempt }) =>
      attempt === 1 && value.user === "busy" ? Promise.reject(new Error("busy")) : Promise.resolve(value);
    const report = await crashTest(
      () => pipeline(log, service, { order: "input", concurrency: 1, retry: { count: 1, first: 1, longest: 1 } }),
      visits("ada", "busy", "bob"),
      { start: 1000, epochs: [1] },
    );
    assertEquals(report.results, 3 + 3);
  });

  it("has the same dead letters and results under crashTest(), also of calls that fail", async () => {
    const log = memory();
    const service: Service = async (value) => {
      for (let turns = value.at % 3; turns > 0; turns--) await rest();
      if (value.user.startsWith("gone")) throw new Error("404");
      return value;
    };
    const report = await crashTest(
      () => pipeline(log, service, { check }),
      visits("ada", "bad 1", "gone 1", "bob", "eve", "bad 2", "gone 2"),
      { ...refusing(log), start: 1000, epochs: [1, 2] },
    );
    assert(report.crashes > 10);
    assertEquals(report.results, 3 + 3 + 4);
  });
});
