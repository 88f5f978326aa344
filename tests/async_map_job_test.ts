/** `asyncMap` in running jobs: event time, restarts, timeouts, what is full, and the end. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { map, type Observable } from "rxjs";
import {
  asyncMap,
  type AsyncMapOptions,
  count,
  eventTime,
  type Job,
  memory,
  recordInfo,
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
import { failureOf, ManualClock, until } from "./support/jobs.ts";

const START = 1_700_000_000_000;

/** Visits, `after` milliseconds from the start. */
function visits(...all: readonly (readonly [user: string, after: number])[]) {
  return all.map(([user, after]) => ({
    key: user,
    value: { user, at: START + after },
    timestamp: START + after,
    headers: { from: `${user} ${after}` },
  }));
}

interface Answer {
  readonly user: string;
  readonly answer: string;
}

type Options = AsyncMapOptions<Event, Answer>;
type Service = (value: Event, context: { signal: AbortSignal; attempt: number }) => Promise<Answer>;

const decoder = new TextDecoder();
const textOf = (bytes: Uint8Array | null | undefined) => bytes ? decoder.decode(bytes) : undefined;

/** Asks about each visit, writes the answers with what is known of their records, and counts them in windows. */
function asked(log: MemoryLog, fn: Service, options: Options = {}): Observable<unknown> {
  return log.source<Event>("visits", { tombstones: "refuse" }).pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: 0 }),
    asyncMap(fn, { name: "ask", order: "any", ...options }),
    map((answer) => {
      const { topic, partition, offset, key, headers, timestamp } = recordInfo();
      const place = `${topic}/${partition}@${offset} ${timestamp! - START}`;
      return { ...answer, place, key: textOf(key), from: textOf(headers.from) };
    }),
    log.sink("answers", { key: ({ answer }) => answer }),
    tumblingWindow({ name: "windows", key: ({ user }) => user, size: 100, aggregate: count() }),
    map(({ key, window, value }) => ({ user: key, start: window.start - START, n: value })),
    log.sink("windows", { key: ({ user }) => user }),
  );
}

const answers = (log: MemoryLog) => log.read<Answer>("answers").map((one) => one!.answer);
const windows = (log: MemoryLog) =>
  log.read<{ user: string; start: number; n: number }>("windows").map((one) => `${one!.user} ${one!.start} ${one!.n}`);

function begin(log: MemoryLog, calls: Calls<Event, Answer>, options: Options & { run?: Partial<RunOptions> } = {}) {
  const { run, ...rest } = options;
  const clock = new ManualClock(START);
  const settings = { name: "asking", state: ":memory:", log: () => {}, ...run };
  return { clock, starting: runWith(asked(log, calls.fn, rest), settings, clock) };
}

/** Answers the call about a user's visit. */
function answer(calls: Calls<Event, Answer>, user: string, after?: number): void {
  const call = calls.about((visit) => visit.user === user && (after === undefined || visit.at === START + after));
  call.answer({ user, answer: `${user} ${call.value.at - START}` });
}

const waits = (calls: Calls<Event, Answer>, many: number, job: Job) =>
  until(`${many} calls`, () => calls.waiting.length === many, job);

describe("asyncMap in a job", () => {
  it("keeps the watermark below the oldest in flight: nothing that comes out is late because of its call", async () => {
    const log = memory(), calls = new Calls<Event, Answer>();
    log.append("visits", visits(["ada", 1], ["ada", 50], ["ada", 250]));
    const { starting, clock } = begin(log, calls);
    const job = await starting;
    await waits(calls, 3, job);
    answer(calls, "ada", 250);
    answer(calls, "ada", 50);
    await until("two answers", () => answers(log).length === 2, job);
    await clock.advance(1000);
    assertEquals(windows(log), []);
    answer(calls, "ada", 1);
    await until("the first window", () => windows(log).length > 0, job);
    assertEquals([windows(log), job.metrics.snapshot().late], [["ada 0 2"], 0]);
    await job.stop();
  });

  it("a result has the time, the place, the key and the headers of its record, before and after a restart", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory(), calls = new Calls<Event, Answer>();
    log.append("visits", visits(["ada", 1], ["bob", 2]));
    const first = await begin(log, calls, { run: { state: kv } }).starting;
    await waits(calls, 2, first);
    answer(calls, "bob");
    await until("one answer", () => answers(log).length === 1, first);
    await first.stop();
    const second = await begin(log, calls, { run: { state: kv } }).starting;
    await waits(calls, 1, second);
    answer(calls, "ada");
    await until("the other answer", () => answers(log).length === 2, second);
    await second.stop();
    assertEquals(log.read("answers"), [
      { user: "bob", answer: "bob 2", place: "visits/0@1 2", key: "bob", from: "bob 2" },
      { user: "ada", answer: "ada 1", place: "visits/0@0 1", key: "ada", from: "ada 1" },
    ]);
  });

  for (
    const [order, after, expected] of [
      ["any", ["dan 4", "ada 1"], ["bob 2", "eve 3", "dan 4", "ada 1"]],
      ["input", [], ["ada 1", "bob 2", "eve 3", "dan 4"]],
    ] as const
  ) {
    it(`calls again after a restart what had no effect, and each result comes once, with order "${order}"`, async () => {
      using kv = await Deno.openKv(":memory:");
      const log = memory(), calls = new Calls<Event, Answer>();
      log.append("visits", visits(["ada", 1], ["bob", 2], ["eve", 3]));
      const first = await begin(log, calls, { order, run: { state: kv } }).starting;
      await waits(calls, 3, first);
      answer(calls, "bob");
      answer(calls, "eve");
      if (order === "any") await until("two answers", () => answers(log).length === 2, first);
      await first.stop();
      assert(calls.made.every(({ signal }, index) => signal.aborted === (index === 0)));
      log.append("visits", visits(["dan", 4]));
      log.end("visits");
      calls.made.length = 0;
      const second = await begin(log, calls, { order, run: { state: kv } }).starting;
      await waits(calls, order === "any" ? 2 : 4, second);
      const again = order === "any" ? ["ada"] : ["ada", "bob", "eve"];
      assertEquals(calls.made.map(({ value, attempt }) => [value.user, attempt]), [...again, "dan"].map((u) => [u, 1]));
      for (const one of after) answer(calls, one.split(" ")[0]);
      for (const { value } of [...calls.waiting].reverse()) answer(calls, value.user);
      assertEquals(await second.finished, { reason: "finished" });
      assertEquals(answers(log), [...expected]);
    });
  }

  it("recordInfo() in the function tells the record of the value, at each attempt and after a restart", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    log.append("visits", visits(["ada", 1], ["bob", 2]));
    const places: string[] = [];
    const service = (answers: boolean): Service => async ({ user }, { attempt }) => {
      const { topic, partition, offset } = recordInfo();
      places.push(`${user} ${attempt} ${topic}/${partition}@${offset}`);
      if (attempt === 1) throw new Error("busy");
      return await (answers ? Promise.resolve({ user, answer: user }) : new Promise<Answer>(() => {}));
    };
    const options = { name: "asking", state: kv, log: () => {} };
    const retry = { first: 0, longest: 0 };
    for (const answered of [false, true]) {
      const clock = new ManualClock(START);
      places.length = 0;
      const job = await runWith(asked(log, service(answered), { retry, order: "input" }), options, clock);
      await until("the first calls", () => places.length === 2, job);
      await clock.advance(0);
      await clock.advance(0);
      await until("the second calls", () => places.length === 4, job);
      assertEquals(places, ["ada 1 visits/0@0", "bob 1 visits/0@1", "ada 2 visits/0@0", "bob 2 visits/0@1"]);
      if (answered) await until("the answers", () => answers(log).length === 2, job);
      await job.stop();
    }
    assertEquals(answers(log), ["ada", "bob"]);
  });

  it("stops the input of its own task only while it is full", async () => {
    const log = memory(), calls = new Calls<Event, Answer>();
    log.create("visits", { partitions: 2 });
    log.create("answers", { partitions: 2 });
    log.create("windows", { partitions: 2 });
    const all = (user: string, partition: number) =>
      visits(...[1, 2, 3, 4].map((at) => [user, at] as const)).map((one) => ({ ...one, partition }));
    log.append("visits", [...all("slow", 0), ...all("quick", 1)]);
    const { starting } = begin(log, calls, { concurrency: 2 });
    const job = await starting;
    for (let given = 1; given <= 4; given++) {
      await until("a call of the quick one", () => calls.waiting.some(({ value }) => value.user === "quick"), job);
      answer(calls, "quick");
      await until("its answer", () => answers(log).length === given, job);
    }
    assertEquals(calls.made.filter(({ value }) => value.user === "slow").length, 2);
    assertEquals(answers(log), ["quick 1", "quick 2", "quick 3", "quick 4"]);
    await job.stop();
  });

  it("has a time limit for each call and pauses between them, by the job's clock", async () => {
    const log = memory(), calls = new Calls<Event, Answer>();
    log.append("visits", visits(["ada", 1]));
    const { starting, clock } = begin(log, calls, { timeout: 1000, retry: { count: 2, first: 400, longest: 400 } });
    const job = await starting;
    const failed = failureOf(job);
    await waits(calls, 1, job);
    await clock.advance(999);
    assertEquals([calls.made.length, calls.made[0].signal.aborted], [1, false]);
    await clock.advance(1);
    assertEquals([calls.made.length, calls.made[0].signal.reason.name], [1, "TimeoutError"]);
    await clock.advance(250);
    assertEquals(calls.made.length, 1);
    await clock.advance(250);
    await waits(calls, 1, job);
    calls.waiting[0].refuse(new Error("busy"));
    await clock.advance(0);
    await clock.advance(500);
    await until("the third call", () => calls.made.length === 3);
    await clock.advance(1000);
    assertEquals(calls.made.map(({ attempt }) => attempt), [1, 2, 3]);
    assertMatch(
      await failed,
      /^Job asking stopped at visits\/0@0 in asyncMap "ask": A call of asyncMap "ask" had no answer after 1000 ms\. The next start calls it again\./,
    );
  });

  it("waits at the end of input for what is in flight", async () => {
    const log = memory(), calls = new Calls<Event, Answer>();
    log.append("visits", visits(["ada", 1], ["bob", 2]));
    log.end("visits");
    const { starting, clock } = begin(log, calls);
    const job = await starting;
    let finished = false;
    job.finished.then(() => finished = true);
    await waits(calls, 2, job);
    answer(calls, "ada");
    await until("one answer", () => answers(log).length === 1, job);
    await clock.advance(5000);
    assertEquals([finished, windows(log)], [false, []]);
    answer(calls, "bob");
    await job.finished;
    assertEquals([answers(log), windows(log)], [["ada 1", "bob 2"], ["ada 0 1", "bob 0 1"]]);
  });

  it("a stop aborts what is in flight, and nothing is heard of what it does then", async () => {
    const log = memory();
    log.append("visits", visits(["ada", 1], ["bob", 2]));
    const aborted: unknown[] = [];
    let made = 0;
    const service: Service = (_, { signal }) =>
      new Promise((_, reject) =>
        ++made && signal.addEventListener("abort", () => {
          aborted.push(signal.reason.name);
          reject(new Error("a late rejection"));
        })
      );
    const job = await runWith(
      asked(log, service),
      { name: "asking", state: ":memory:", log: () => {} },
      new ManualClock(),
    );
    await until("both calls", () => made === 2, job);
    await job.stop();
    assertEquals([aborted, answers(log)], [["AbortError", "AbortError"], []]);
  });

  it("keeps nothing of what is over, however much has passed", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    const service: Service = ({ user, at }) => Promise.resolve({ user, answer: `${at}` });
    const sizes: number[] = [];
    for (const many of [100, 1000]) {
      log.append("visits", visits(...Array.from({ length: many }, (_, at) => [`user ${at % 10}`, at] as const)));
      const job = await runWith(asked(log, service), { name: "asking", state: kv, log: () => {} }, new ManualClock());
      const before = sizes.length === 0 ? 0 : 100;
      await until("all answers", () => answers(log).length === before + many, job);
      sizes.push(job.state("ask").size);
      await job.stop();
    }
    assertEquals(sizes, [0, 0]);
  });

  it("the key guard compares a key below it with the key of the value's own record", async () => {
    const log = memory();
    log.create("visits", { partitions: 2 });
    log.create("answers", { partitions: 2 });
    log.create("windows", { partitions: 2 });
    log.append("visits", visits(["ada", 1], ["bob", 2]));
    const service: Service = ({ user }) => Promise.resolve({ user: `${user}!`, answer: user });
    const pipeline = asked(log, service);
    const job = await runWith(pipeline, { name: "asking", state: ":memory:", log: () => {} }, new ManualClock());
    assertMatch(
      await failureOf(job),
      /tumblingWindow "windows" is keyed by "(ada|bob)!", but the record visits\/\d@0 has the key "\1"/,
    );
  });

  it("takes the results of windows, in flight over a restart", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory(), calls = new Calls<{ key: string; n: number }, string>();
    const pipeline = () =>
      log.source<Event>("visits", { tombstones: "refuse" }).pipe(
        eventTime(({ at }) => at),
        watermark({ maxOutOfOrderness: 0 }),
        tumblingWindow({ name: "windows", key: ({ user }) => user, size: 100, aggregate: count() }),
        map(({ key, value }) => ({ key, n: value })),
        asyncMap(calls.fn, { name: "ask" }),
        map((word) => `${word} ${recordInfo().timestamp! - START} ${recordInfo().topic}`),
        log.sink("answers"),
      );
    log.append("visits", visits(["ada", 1], ["bob", 2], ["ada", 100]));
    const options = { name: "asking", state: kv, log: () => {} };
    const first = await runWith(pipeline(), options, new ManualClock());
    await until("both windows", () => calls.waiting.length === 2, first);
    await first.stop();
    log.end("visits");
    const second = await runWith(pipeline(), options, new ManualClock());
    await until("all three windows", () => calls.waiting.length === 3, second);
    for (const call of [...calls.waiting]) call.answer(`${call.value.key} ${call.value.n}`);
    await second.finished;
    assertEquals(log.read("answers"), ["ada 1 99 undefined", "bob 1 99 undefined", "ada 1 199 undefined"]);
  });
});

describe("asyncMap under crashTest()", () => {
  const input = visits(["ada", 1], ["bob", 5], ["ada", 60], ["eve", 120], ["bob", 130], ["ada", 250], ["eve", 251]);
  /** Answers some of the calls after others that came later. */
  const service: Service = async ({ user, at }) => {
    for (let turns = at % 3 * 4; turns > 0; turns--) await rest();
    return { user, answer: `${user} ${at - START}` };
  };
  const kinds: [string, Options][] = [
    ["input", { order: "input" }],
    ["key", { order: "key", key: ({ user }) => user, concurrency: 2 }],
    ["any", { order: "any" }],
  ];
  for (const [order, options] of kinds) {
    for (const partitions of [1, 3]) {
      it(`has each result once, with order "${order}", of ${partitions} partitions`, async () => {
        const log = memory();
        const report = await crashTest(() => asked(log, service, options), input, {
          partitions,
          start: START + 1000,
          tasks: "single",
        });
        assert(report.crashes > 20);
        assertEquals(report.results, input.length + 6);
      });
    }
  }
});
