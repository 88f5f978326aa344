import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertMatch } from "@std/assert";
import { map, tap } from "rxjs";
import { deadLetter, type Keyed, keyedReduce, memory } from "@tidemark/streams";
import { runWith } from "../runtime/run.ts";
import { assertCounted, byKey, failureOf, first, header, ManualClock, refusal, until } from "./support/jobs.ts";
import {
  type Count,
  counting,
  perTen,
  runInOneEpoch,
  silent,
  throwAtBad,
  type Visit,
  visits,
} from "./support/throwing.ts";
import { latest } from "./support/visited.ts";

describe("onError, while a record is pushed", () => {
  it("a throwing function stops the job: nothing of its epoch is visible, and the corrected job goes on before it", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    log.append("visits", visits(["ada", 1]));
    const job = await runInOneEpoch(counting(log), { state: kv });
    await first(log.source("counts"), 1, job);
    log.append("visits", visits(["ada", 2], ["bob", 3], ["bad", 4], ["ada", 5]));
    assertEquals(
      await failureOf(job),
      `Job visits stopped at visits/0@3 in keyedReduce "counts": there is no user bad. ` +
        `Correct the function, or give onError a deadLetter(sink), and start the job again.`,
    );
    assertCounted(log.read<Count>("counts"), ["ada"]);

    // The same program stops there again, and still nothing is visible.
    const again = await refusal(counting(log), { name: "visits", state: kv });
    assertMatch(again, /visits\/0@3/);

    log.end("visits");
    const corrected = await runInOneEpoch(counting(log, () => {}), { state: kv });
    assertEquals(await corrected.finished, { reason: "finished" });
    assertCounted(log.read<Count>("counts"), ["ada", "ada", "bob", "bad", "ada"]);
  });

  it("a throw between the stages is told with the stage that it did not reach", async () => {
    const log = memory();
    log.append("visits", visits(["ada", 1], ["bad", 2]));
    const before = log.source<Visit>("visits", { tombstones: "refuse" }).pipe(tap(throwAtBad), log.sink("all"));
    const after = log.source<Visit>("visits", { tombstones: "refuse" }).pipe(log.sink("all"), tap(throwAtBad));
    assertMatch(
      await refusal(before, { name: "visits", state: ":memory:" }),
      /^Job visits stopped at visits\/0@1 in sink "all": /,
    );
    assertMatch(
      await refusal(after, { name: "visits", state: ":memory:" }),
      /^Job visits stopped at visits\/0@1 in the pipeline: /,
    );
  });

  it("what is thrown need not be an Error", async () => {
    const log = memory();
    log.append("visits", visits(["ada", 1]));
    const pipeline = log.source<Visit>("visits").pipe(
      tap(() => {
        // deno-lint-ignore no-throw-literal -- users do
        throw "just a word";
      }),
      log.sink("all"),
    );
    assertMatch(await refusal(pipeline, { name: "visits", state: ":memory:" }), /in sink "all": just a word\. Correct/);
  });

  it("onError: a dead letter takes the record, its effects are undone, innocent records of its epoch count once", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    log.append("visits", visits(["ada", 1], ["bob", 2], ["bad ada", 3], ["ada", 4], ["bad bob", 5], ["ada", 6]));
    log.end("visits");
    const job = await runInOneEpoch(counting(log), { state: kv, onError: deadLetter(log.sink("failed")) });
    assertEquals(await job.finished, { reason: "finished" });
    assertCounted(log.read<Count>("counts"), ["ada", "bob", "ada", "ada"]);

    const failed = log.records("failed");
    assertEquals(failed.map((record) => header(record, "tidemark.source")), ["visits/0@2", "visits/0@4"]);
    assertEquals(
      failed.map((record) => header(record, "tidemark.reason")),
      [`keyedReduce "counts": there is no user bad ada`, `keyedReduce "counts": there is no user bad bob`],
    );
    assertEquals(failed.map(({ value }) => value), [2, 4].map((offset) => log.records("visits")[offset].value));
    const { records_in, dead_letters, outputs } = job.metrics.snapshot();
    assertEquals({ records_in, dead_letters, outputs }, { records_in: 6, dead_letters: 2, outputs: { counts: 4 } });
  });

  it("onError: only what is since the last cut is undone", async () => {
    const log = memory();
    const clock = new ManualClock();
    const job = await runWith(counting(log), {
      name: "visits",
      state: ":memory:",
      onError: deadLetter(log.sink("failed")),
      ...silent,
    }, clock);
    const users: string[] = [];
    for (const part of [["ada", "ada"], ["bad ada", "ada"], ["bad ada", "bad ada"], ["ada", "bad bob", "bob"]]) {
      log.append("visits", visits(...part.map((user, at) => [user, at] as const)));
      users.push(...part.filter((user) => !user.startsWith("bad")));
      await first(log.source("counts"), users.length, job);
    }
    await first(log.source("failed"), 4, job);
    await job.stop();
    assertCounted(log.read<Count>("counts"), users);
    assertEquals(job.state("counts").get("ada"), { visits: 4 });
  });

  it("onError: a restart after dead letters counts nothing twice", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    const options = { state: kv, onError: deadLetter(log.sink("failed")) };
    const users: string[] = [];
    for (const part of [["ada", "bad ada", "ada"], ["bad bob", "bob"], ["bad ada"]]) {
      log.append("visits", visits(...part.map((user, at) => [user, at] as const)));
      users.push(...part.filter((user) => !user.startsWith("bad")));
      const job = await runInOneEpoch(counting(log), options);
      await first(log.source("counts"), users.length, job);
      await first(log.source("failed"), log.records("visits").length - users.length, job);
      await job.stop();
    }
    assertCounted(log.read<Count>("counts"), users);
    assertEquals(log.read("failed").length, 3);
  });

  it("onError: with windows, a record that is to blame moves no clock, and the windows are as without it", async () => {
    const log = memory();
    log.append(
      "visits",
      visits(["ada", 1], ["bob", 2], ["bad", 95], ["ada", 3], ["ada", 12], ["bad", 99], ["bob", 4], ["ada", 25], [
        "ada",
        30,
      ], ["ada", 1]),
    );
    log.end("visits");
    const job = await runInOneEpoch(perTen(log, { check: throwAtBad }), { onError: deadLetter(log.sink("failed")) });
    assertEquals(await job.finished, { reason: "finished" });
    assertEquals(log.read("activity"), [
      { key: "ada", start: 0, value: 2, pane: "onTime", index: 0 },
      { key: "bob", start: 0, value: 1, pane: "onTime", index: 0 },
      { key: "bob", start: 0, value: 2, pane: "late", index: 1 },
      { key: "ada", start: 10, value: 1, pane: "onTime", index: 0 },
      { key: "ada", start: 20, value: 1, pane: "onTime", index: 0 },
      { key: "ada", start: 30, value: 1, pane: "onTime", index: 0 },
    ]);
    assertEquals(log.read("failed").length, 2);
    assertEquals(log.read("late"), [{ user: "ada", at: 1 }]);
    const { late, dead_letters, records_in } = job.metrics.snapshot();
    assertEquals({ late, dead_letters, records_in }, { late: 1, dead_letters: 2, records_in: 10 });
  });

  it('onError: with emit: "latest" the last values are those of the innocent records', async () => {
    const log = memory();
    log.append("visits", visits(["ada", 1], ["bad", 2], ["ada", 3], ["bob", 4], ["bad", 5], ["ada", 6]));
    log.end("visits");
    const pipeline = log.source<Visit>("visits", { tombstones: "refuse" }).pipe(
      tap(throwAtBad),
      latest(),
      log.sink("counts", { key: ({ key }) => key }),
    );
    const job = await runInOneEpoch(pipeline, { onError: deadLetter(log.sink("failed")) });
    await job.finished;
    assertEquals(
      new Map(log.read<Count>("counts").map((row) => [row!.key, row!.value])),
      new Map([["ada", 3], ["bob", 1]]),
    );
    assertEquals(log.read("failed").length, 2);
  });

  it("onError: with two pipelines, a record that one of them throws at has no effect in the other either", async () => {
    const log = memory();
    log.append("visits", visits(["ada", 1], ["bad ada", 2], ["ada", 13], ["bob", 14], ["bad bob", 15], ["bob", 26]));
    log.end("visits");
    const job = await runInOneEpoch([perTen(log), counting(log)], { onError: deadLetter(log.sink("failed")) });
    await job.finished;
    assertCounted(log.read<Count>("counts"), ["ada", "ada", "bob", "bob"]);
    assertEquals(
      log.read<{ key: string; start: number; value: number }>("activity").map((
        row,
      ) => [row!.key, row!.start, row!.value]),
      [["ada", 0, 1], ["ada", 10, 1], ["bob", 10, 1], ["bob", 20, 1]],
    );
    assertEquals(log.read("failed").length, 2);
  });

  it("onError: a record that the dead-letter topic cannot take stops the job with a sentence", async () => {
    const log = memory();
    log.append("visits", [{ value: { user: "bad", at: 1, text: "x".repeat(1024 * 1024 - 60) } }]);
    const why = await refusal(counting(log), {
      name: "visits",
      state: ":memory:",
      onError: deadLetter(log.sink("failed")),
    });
    assertMatch(
      why,
      /^Job visits stopped at visits\/0@0: keyedReduce "counts": there is no user bad; and it cannot be a dead letter: a record of \d+ bytes is larger than topic failed takes/,
    );
  });

  it("onError: bad records and throwing functions in one epoch go where each belongs", async () => {
    const log = memory();
    log.append("visits", [
      ...visits(["ada", 1], ["bad", 2]),
      { value: new TextEncoder().encode("{") },
      ...visits(["ada", 3]),
    ]);
    log.end("visits");
    const job = await runInOneEpoch(counting(log), {
      onError: deadLetter(log.sink("failed")),
      onBadRecord: deadLetter(log.sink("dead")),
    });
    await job.finished;
    assertCounted(log.read<Count>("counts"), ["ada", "ada"]);
    assertEquals(log.read("failed").length, 1);
    assertEquals(log.records("dead").length, 1);
    assertEquals(job.metrics.snapshot().dead_letters, 2);
  });

  it("a throwing encoder stops the job, unless onError takes the record", async () => {
    const log = memory();
    log.append("visits", visits(["ada", 1], ["bad", 2]));
    const pipeline = log.source<Visit>("visits").pipe(
      log.sink("all", {
        value: (visit) => {
          throwAtBad(visit);
          return visit;
        },
      }),
    );
    const sentence =
      'Job visits stopped at visits/0@1 in sink "all" while a result was encoded: there is no user bad. ' +
      "Correct the sink's value, or give onError a deadLetter(sink), and start the job again.";
    const options = { name: "visits", state: ":memory:" };
    assertEquals(await refusal(pipeline, options, new ManualClock()), sentence);
    assertEquals(log.read("all"), []);
    log.end("visits");
    await (await runInOneEpoch(pipeline, { onError: deadLetter(log.sink("failed")) })).finished;
    assertEquals(log.read("all"), [{ user: "ada", at: 1 }]);
    assertEquals(log.records("failed").map((record) => header(record, "tidemark.reason")), [
      'sink "all": there is no user bad',
    ]);
  });

  it("a result that has no JSON form stops the job with a sentence", async () => {
    const log = memory();
    log.append("visits", visits(["ada", 1]));
    const pipeline = log.source<Visit>("visits", { tombstones: "refuse" }).pipe(
      map(({ at }) => BigInt(at)),
      log.sink("times"),
    );
    assertMatch(
      await refusal(pipeline, { name: "visits", state: ":memory:" }),
      /^Job visits stopped at visits\/0@0 in sink "times" while a result was encoded: .*BigInt/,
    );
  });

  it("a partition that the sink's topic does not have stops the job with a sentence", async () => {
    const log = memory();
    log.append("visits", visits(["ada", 1]));
    const pipeline = log.source<Visit>("visits").pipe(log.sink("all", { partition: () => 3 }));
    assertMatch(
      await refusal(pipeline, { name: "visits", state: ":memory:" }),
      /in sink "all" while a result was encoded: topic all has 1 partitions, the sink's partition is 3\. Correct the sink's value/,
    );
  });

  it('a throw at the cut, in what emit: "latest" emits, stops the job', async () => {
    const log = memory();
    log.append("visits", visits(["ada", 1]));
    const pipeline = log.source<Visit>("visits").pipe(
      latest(),
      tap(() => {
        throw new RangeError("nothing may pass");
      }),
      log.sink("counts"),
    );
    assertMatch(
      await refusal(pipeline, { name: "visits", state: ":memory:" }),
      /^Job visits stopped at task 0 in sink "counts": nothing may pass\./,
    );
    assertEquals(log.read("counts"), []);
  });

  it("a value that the state's codec cannot carry stops the job with a sentence that names the stage", async () => {
    const log = memory();
    log.append("visits", visits(["ada", 1]));
    const pipeline = log.source<Visit>("visits").pipe(
      keyedReduce({
        name: "functions",
        key: ({ user }) => user,
        initial: (): unknown => undefined,
        reduce: () => () => 1,
      }),
      map(({ key }) => key),
      log.sink("users"),
    );
    const why = await refusal(pipeline, { name: "visits", state: ":memory:" });
    assertMatch(why, /"functions"/);
    assertMatch(why, /function/);
  });

  it("a throw at the last cut, which a stop makes, is told by the job's end", async () => {
    using kv = await Deno.openKv(":memory:");
    const clock = new ManualClock();
    const log = memory();
    log.append("visits", visits(["ada", 1]));
    const pipeline = (check: (visit: Keyed<string, number>) => void) =>
      log.source<Visit>("visits").pipe(
        latest(),
        tap(check),
        log.sink("counts"),
      );
    const options = { name: "visits", state: kv, minEpoch: 1e9, ...silent };
    const job = await runWith(pipeline(({ key }) => throwAtBad({ user: key, at: 0 })), options, clock);
    await first(log.source("counts"), 1, job);
    log.append("visits", visits(["bad", 2], ["ada", 3]));
    await until("all visits to be read", () => job.metrics.snapshot().records_in === 3);
    await job.stop();
    assertMatch(await failureOf(job), /^Job visits stopped at task 0 in sink "counts": there is no user bad\./);
    assertEquals(log.read("counts").length, 1);

    log.end("visits");
    await (await runWith(pipeline(() => {}), options, new ManualClock())).finished;
    assertEquals(byKey(log.read<Count>("counts")), { ada: [1, 2], bad: [1] });
  });
});
