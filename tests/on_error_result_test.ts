/** What a sink, a topic or a stage refuses is the fault of the record, or of the window's result, that it came from. */
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { map, mergeMap, type Observable, tap } from "rxjs";
import {
  collect,
  count,
  deadLetter,
  eventTime,
  type Job,
  keyedReduce,
  lateSideOutput,
  memory,
  run,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import type { MemoryLog } from "../connectors/memory.ts";
import { header, refusal } from "./support/jobs.ts";
import { runInOneEpoch, silent, type Visit, visits } from "./support/throwing.ts";

const isBad = ({ user }: Visit) => user === "bad";

function boom(): never {
  throw new RangeError("boom");
}

/** Ways in which one record cannot become a result, by what is wrong. */
const KINDS: Readonly<Record<string, readonly [make: (log: MemoryLog) => Observable<unknown>, reason: RegExp]>> = {
  "a sink's key throws": [
    (log) => source(log).pipe(log.sink("out", { key: (visit) => isBad(visit) ? boom() : visit.user })),
    /^sink "out": boom$/,
  ],
  "a sink's value throws": [
    (log) => source(log).pipe(log.sink("out", { value: (visit) => isBad(visit) ? boom() : visit })),
    /^sink "out": boom$/,
  ],
  "a sink's headers throw": [
    (log) => source(log).pipe(log.sink("out", { headers: (visit) => isBad(visit) ? boom() : {} })),
    /^sink "out": boom$/,
  ],
  "a sink's header is no text": [
    (log) =>
      source(log).pipe(
        log.sink("out", {
          headers: (visit) => isBad(visit) ? { n: 1 as unknown as string } : {} as Record<string, string>,
        }),
      ),
    /^sink "out": /,
  ],
  "a sink's partition throws": [
    (log) => source(log).pipe(log.sink("out", { partition: (visit) => isBad(visit) ? boom() : 0 })),
    /^sink "out": boom$/,
  ],
  "a sink's partition does not exist": [
    (log) => source(log).pipe(log.sink("out", { partition: (visit) => isBad(visit) ? 7 : 0 })),
    /^sink "out": topic out has 1 partitions, the sink's partition is 7$/,
  ],
  "a sink's codec throws": [
    (log) =>
      source(log).pipe(log.sink("out", {
        codec: {
          encode: (visit) => isBad(visit as Visit) ? boom() : new TextEncoder().encode(JSON.stringify(visit)),
          decode: () => undefined,
        },
      })),
    /^sink "out": boom$/,
  ],
  "a bigint is in JSON": [
    (log) => source(log).pipe(map((visit) => isBad(visit) ? { ...visit, at: 1n } : visit), log.sink("out")),
    /^sink "out": .*BigInt|bigint/i,
  ],
  "a cycle is in JSON": [
    (log) =>
      source(log).pipe(
        map((visit) => {
          const row: Record<string, unknown> = { ...visit };
          if (isBad(visit)) row.self = row;
          return row;
        }),
        log.sink("out"),
      ),
    /^sink "out": /,
  ],
  "a result is larger than its topic takes": [
    (log) =>
      source(log).pipe(
        map((visit) => isBad(visit) ? { ...visit, text: "x".repeat(2 * 1024 * 1024) } : visit),
        log.sink("out"),
      ),
    /^sink "out": a record of \d+ bytes is larger than topic out takes, which is \d+ bytes$/,
  ],
  "a stage's key is no key": [
    (log) => keyedBy(log, (visit) => isBad(visit) ? {} as string : visit.user),
    /^keyedReduce "kept": A key of .* must be a string, number, bigint or boolean, current value is an object$/,
  ],
  "a stage's key throws": [
    (log) => keyedBy(log, (visit) => isBad(visit) ? boom() : visit.user),
    /^keyedReduce "kept": boom$/,
  ],
  "an event time throws": [
    (log) => source(log).pipe(eventTime((visit) => isBad(visit) ? boom() : visit.at), log.sink("out")),
    /^eventTime: boom$/,
  ],
  "a watermark in the data throws": [
    (log) =>
      source(log).pipe(
        eventTime(({ at }) => at),
        watermark({ punctuated: (visit) => isBad(visit) ? boom() : visit.at }),
        log.sink("out"),
      ),
    /^watermark: boom$/,
  ],
  "a map between stages throws what is no Error": [
    (log) =>
      source(log).pipe(
        map((visit) => {
          if (isBad(visit)) throw Object.create(null);
          return visit;
        }),
        log.sink("out"),
      ),
    /^sink "out": /,
  ],
  "one of a record's several results is refused": [
    (log) =>
      source(log).pipe(
        mergeMap((visit) => isBad(visit) ? [{ ...visit, part: 1 }, { ...visit, part: 2n }] : [visit]),
        log.sink("out"),
      ),
    /^sink "out": /,
  ],
  "the message has many lines and a thousand characters": [
    (log) =>
      source(log).pipe(
        tap((visit) => {
          if (isBad(visit)) throw new Error(`first\n${"and so on\n".repeat(100)}last`);
        }),
        log.sink("out"),
      ),
    /^sink "out": first and so on .* \.\.\. .* and so on last$/,
  ],
};

function source(log: MemoryLog): Observable<Visit> {
  return log.source<Visit>("visits", { tombstones: "refuse" });
}

function keyedBy(log: MemoryLog, key: (visit: Visit) => string): Observable<unknown> {
  return source(log).pipe(
    keyedReduce({ name: "kept", key, initial: undefined as Visit | undefined, reduce: (_last, visit) => visit }),
    map(({ value }) => value),
    log.sink("out"),
  );
}

async function finished(job: Job): Promise<void> {
  assertEquals(await job.finished, { reason: "finished" });
}

function lettersOf(log: MemoryLog, topic = "failed"): { reason: string; source: string }[] {
  return log.records(topic).map((record) => ({
    reason: header(record, "tidemark.reason"),
    source: header(record, "tidemark.source"),
  }));
}

describe("onError takes the record where", () => {
  for (const [what, [make, reason]] of Object.entries(KINDS)) {
    it(what, async () => {
      const log = memory();
      log.append("visits", visits(["ada", 1], ["bob", 2], ["bad", 3], ["ada", 4], ["eve", 5]));
      log.end("visits");
      const job = await runInOneEpoch(make(log), { onError: deadLetter(log.sink("failed")) });
      await finished(job);
      assertEquals(log.read<Visit>("out").map((visit) => visit!.user), ["ada", "bob", "ada", "eve"]);
      const [letter, ...more] = lettersOf(log);
      assertEquals(more, []);
      assertEquals(letter.source, "visits/0@2");
      assertMatch(letter.reason, reason);
      assert(letter.reason.length <= 500 && !letter.reason.includes("\n"), letter.reason);
      assertEquals(log.records("failed")[0].value, log.records("visits")[2].value);
      assertMatch(
        header(log.records("failed")[0], "tidemark.stage"),
        /^(sink "out"|keyedReduce "kept"|eventTime|watermark)$/,
      );
    });

    it(`${what}; and without it the job stops with a sentence that names the place`, async () => {
      const log = memory();
      log.append("visits", visits(["ada", 1], ["bob", 2], ["bad", 3], ["ada", 4]));
      log.end("visits");
      const why = await refusal(make(log), { name: "visits", state: ":memory:" });
      assertMatch(why, /^Job visits stopped at visits\/0@2 in /);
      assert(why.length < 1000, why);
    });
  }

  it("a late record cannot be written to its side output", async () => {
    const log = memory();
    log.append("visits", visits(["ada", 1], ["bob", 99], ["bad", 2], ["eve", 3]));
    log.end("visits");
    const pipeline = source(log).pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: 0 }),
      tumblingWindow({ name: "activity", key: ({ user }) => user, size: 10, aggregate: count() }),
      lateSideOutput((late) => late.pipe(map((visit) => isBad(visit) ? 1n : visit), log.sink("late"))),
      map(({ key }) => key),
      log.sink("out"),
    );
    await finished(await runInOneEpoch(pipeline, { onError: deadLetter(log.sink("failed")) }));
    assertEquals(log.read<Visit>("late").map((visit) => visit!.user), ["eve"]);
    assertEquals(log.read("out"), ["ada", "bob"]);
    assertEquals(lettersOf(log).map((letter) => letter.source), ["visits/0@2"]);
  });

  it("it cannot be decoded, and onBadRecord says nothing else", async () => {
    const log = memory();
    const good = visits(["ada", 1])[0];
    log.append("visits", [good, { value: new TextEncoder().encode("{") }, good]);
    log.end("visits");
    const pipeline = () => source(log).pipe(log.sink("out"));
    await finished(await runInOneEpoch(pipeline(), { onError: deadLetter(log.sink("failed")) }));
    assertEquals(log.read("out").length, 2);
    assertEquals(lettersOf(log).map((letter) => letter.source), ["visits/0@1"]);
    assertEquals(header(log.records("failed")[0], "tidemark.stage"), 'source "visits"');

    const onError = deadLetter(log.sink("failed"));
    const why = await refusal(pipeline(), { name: "visits", state: ":memory:", onError, onBadRecord: "stop" });
    assertMatch(why, /^Job visits stopped at visits\/0@1: a bad record, because /);
  });
});

describe("onError takes the window's result where", () => {
  const input = visits(["ada", 1], ["bad", 2], ["eve", 4], ["ada", 12], ["ada", 23]);

  /** Windows of ten milliseconds, and what is made of their results. */
  function windows(log: MemoryLog, make: (row: { user: string; at: number }) => unknown): Observable<unknown> {
    return source(log).pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: 0 }),
      tumblingWindow({ name: "activity", key: ({ user }) => user, size: 10, aggregate: collect() }),
      map(({ key, window }) => make({ user: key, at: window.start })),
      log.sink("out"),
    );
  }

  async function assertPane(log: MemoryLog, pipeline: Observable<unknown>, reason: RegExp): Promise<void> {
    log.append("visits", input);
    log.end("visits");
    await finished(await runInOneEpoch(pipeline, { onError: deadLetter(log.sink("failed")) }));
    assertEquals(log.read<Visit>("out").map((row) => [row!.user, row!.at]), [
      ["ada", 0],
      ["eve", 0],
      ["ada", 10],
      ["ada", 20],
    ]);
    const [letter, ...more] = log.read<{ window: string; key: string; window_start_ms: number; index: number }>(
      "failed",
    );
    assertEquals(more, []);
    const { window, key, window_start_ms, index } = letter!;
    assertEquals({ window, key, window_start_ms, index }, {
      window: "activity",
      key: "bad",
      window_start_ms: 0,
      index: 0,
    });
    assertMatch(header(log.records("failed")[0], "tidemark.reason"), reason);
  }

  it("it has an element that has no JSON form", async () => {
    const log = memory();
    await assertPane(log, windows(log, (row) => row.user === "bad" ? [row, { n: 1n }] : row), /^sink "out": /);
  });

  it("it is larger than its topic takes", async () => {
    const log = memory();
    const large = windows(log, (row) => row.user === "bad" ? "x".repeat(2 * 1024 * 1024) : row);
    await assertPane(log, large, /larger than topic out takes/);
  });

  it("a stage below the window refuses its event time", async () => {
    const log = memory();
    const pipeline = source(log).pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: 0 }),
      tumblingWindow({ name: "activity", key: ({ user }) => user, size: 10, aggregate: count() }),
      eventTime(({ key, window }) => key === "bad" ? 0.5 : window.start),
      map(({ key, window }) => ({ user: key, at: window.start })),
      log.sink("out"),
    );
    await assertPane(log, pipeline, /its event time must be a safe integer/);
  });

  it("what the window has collected has no JSON form, or more than the dead-letter topic takes", async () => {
    for (const odd of [1n, NaN, new Map([[1, 2]]), "x".repeat(2 * 1024 * 1024)]) {
      const log = memory();
      const pipeline = source(log).pipe(
        eventTime(({ at }) => at),
        watermark({ maxOutOfOrderness: 0 }),
        tumblingWindow({
          name: "activity",
          key: ({ user }) => user,
          size: 10,
          aggregate: {
            seed: (): unknown[] => [],
            add: (values, { user }) => [...values, user === "bad" ? odd : user],
            result: (values) =>
              values.every((value) => typeof value === "string" && value.length < 9) ? values.length : boom(),
          },
        }),
        map(({ key, window }) => ({ user: key, at: window.start })),
        log.sink("out"),
      );
      await assertPane(log, pipeline, /^tumblingWindow "activity": boom$/);
    }
  });
});

describe("a job on the wall clock", () => {
  it("goes on after each of a thousand refused records, in several epochs", async () => {
    const log = memory();
    const users = Array.from({ length: 1_000 }, (_none, index) => index % 3 === 0 ? "bad" : "ada");
    log.append("visits", visits(...users.map((user, at) => [user, at] as const)));
    log.end("visits");
    const pipeline = source(log).pipe(log.sink("out", { key: (visit) => isBad(visit) ? boom() : visit.user }));
    const job = await run(pipeline, {
      name: "visits",
      state: ":memory:",
      onError: deadLetter(log.sink("failed")),
      ...silent,
    });
    await finished(job);
    assertEquals(log.read("out").length, 666);
    assertEquals(new Set(lettersOf(log).map((letter) => letter.source)).size, 334);
    assertEquals(log.records("failed").length, 334);
  });
});
