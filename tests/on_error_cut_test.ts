import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { map, type Observable, tap } from "rxjs";
import {
  count,
  deadLetter,
  eventTime,
  type Job,
  type Keyed,
  keyedReduce,
  memory,
  run,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import type { MemoryLog } from "../connectors/memory.ts";
import { byKey, failureOf, first, header, refusal } from "./support/jobs.ts";
import { runInOneEpoch, throwAtBad, type Visit, visits } from "./support/throwing.ts";
import { latest } from "./support/visited.ts";

/** A value nested so deep. */
function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = { inside: value };
  return value;
}

/** What no state can store, by what it is. */
const UNSTORABLE: Readonly<Record<string, readonly [make: () => unknown, reason: RegExp]>> = {
  "nested 300 deep": [() => nested(300), /deep/],
  "a function": [() => () => 1, /a function/],
  "a function inside": [() => ({ list: [{ act: () => 1 }] }), /a function/],
  "a symbol": [() => Symbol("x"), /a symbol/],
  "an instance of a class": [() => new (class Cart {})(), /an instance of Cart/],
  "a cycle": [() => {
    const value: Record<string, unknown> = {};
    value.self = value;
    return value;
  }, /a cycle|holds itself/],
  // Only what is too large is seen no sooner than at the cut.
  "too large": [() => new Uint8Array(70 * 1024 * 1024), /bytes, and may have/],
};

/** Keeps for each user how often he came; for a bad visit, what cannot be stored. */
function keeping(log: MemoryLog, bad: () => unknown): Observable<unknown> {
  return log.source<Visit>("visits").pipe(
    keyedReduce<Visit, string, unknown>({
      name: "kept",
      key: ({ user }) => user.replace("bad ", ""),
      initial: 0,
      reduce: (total, { user }) => user.startsWith("bad") ? bad() : Number(total) + 1,
    }),
    map(({ key, value }) => ({ key, value: typeof value === "number" ? value : "odd" })),
    log.sink("counts", { key: ({ key }) => key }),
  );
}

function lettersOf(log: MemoryLog): { source: string; reason: string }[] {
  return log.records("failed").map((record) => ({
    source: header(record, "tidemark.source"),
    reason: header(record, "tidemark.reason"),
  }));
}

async function finished(job: Job): Promise<void> {
  assertEquals(await job.finished, { reason: "finished" });
}

describe("onError: what a state cannot store is traced back to its record, also where it shows only at the cut", () => {
  for (const [what, [make, reason]] of Object.entries(UNSTORABLE)) {
    it(`a state's value that is ${what} is its record's fault, and the job goes on`, async () => {
      const log = memory();
      log.append("visits", visits(["ada", 1], ["bob", 2], ["ada", 3], ["bad eve", 4], ["ada", 5], ["bob", 6]));
      log.end("visits");
      const job = await runInOneEpoch(keeping(log, make), { onError: deadLetter(log.sink("failed")) });
      await finished(job);
      assertEquals(byKey(log.read<Keyed<string, number>>("counts")), { ada: [1, 2, 3], bob: [1, 2] });
      const [letter, ...more] = lettersOf(log);
      assertEquals(more, []);
      assertEquals(letter.source, "visits/0@3");
      assertMatch(letter.reason, /"kept"/);
      assertMatch(letter.reason, /"eve"/);
      assertMatch(letter.reason, reason);
      assert(letter.reason.length <= 500);
      assertEquals(job.metrics.snapshot().dead_letters, 1);
    });
  }

  it("several of them in one epoch are each found, wherever they stand", async () => {
    const log = memory();
    const users = ["bad a", "ada", "bad b", "bad c", "ada", "bob", "bad a", "bob", "bad d"];
    log.append("visits", visits(...users.map((user, at) => [user, at] as const)));
    log.end("visits");
    await finished(await runInOneEpoch(keeping(log, () => () => 1), { onError: deadLetter(log.sink("failed")) }));
    assertEquals(byKey(log.read<Keyed<string, number>>("counts")), { ada: [1, 2], bob: [1, 2] });
    assertEquals(lettersOf(log).map(({ source }) => source).sort(), [
      "visits/0@0",
      "visits/0@2",
      "visits/0@3",
      "visits/0@6",
      "visits/0@8",
    ]);
  });

  it("beside records that a function throws at, each goes there once", async () => {
    const log = memory();
    log.append("visits", visits(["bad eve", 1], ["ada", 2], ["throws", 3], ["bad eve", 4], ["ada", 5]));
    log.end("visits");
    const pipeline = keeping(log, () => () => 1);
    const throwing = log.source<Visit>("visits", { tombstones: "refuse" }).pipe(
      tap(({ user }) => {
        if (user === "throws") throw new RangeError("nobody throws");
      }),
      log.sink("all"),
    );
    const job = await runInOneEpoch([pipeline, throwing], { onError: deadLetter(log.sink("failed")) });
    await finished(job);
    assertEquals(byKey(log.read<Keyed<string, number>>("counts")), { ada: [1, 2] });
    assertEquals(log.read<Visit>("all").map((visit) => visit!.user), ["ada", "ada"]);
    assertEquals(lettersOf(log).map(({ source }) => source).sort(), ["visits/0@0", "visits/0@2", "visits/0@3"]);
    assertEquals(job.metrics.snapshot().records_in, 5);
  });

  it("a restart counts nothing twice, and the epochs after it are cut as ever", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    const options = { state: kv, onError: deadLetter(log.sink("failed")) };
    log.append("visits", visits(["ada", 1], ["bad eve", 2], ["ada", 3]));
    const job = await runInOneEpoch(keeping(log, () => nested(300)), options);
    await first(log.source("counts"), 2, job);
    await job.stop();
    log.append("visits", visits(["ada", 4], ["bad eve", 5], ["ada", 6]));
    log.end("visits");
    await finished(await runInOneEpoch(keeping(log, () => nested(300)), options));
    assertEquals(byKey(log.read<Keyed<string, number>>("counts")), { ada: [1, 2, 3, 4] });
    assertEquals(lettersOf(log).map(({ source }) => source), ["visits/0@1", "visits/0@4"]);
  });

  it('a result that fails when emit: "latest" hands it on is the fault of the record that made it', async () => {
    const log = memory();
    log.append("visits", visits(["ada", 1], ["bad", 2], ["ada", 3], ["bob", 4], ["bad", 5]));
    log.end("visits");
    const pipeline = log.source<Visit>("visits").pipe(
      latest(),
      tap(({ key }) => throwAtBad({ user: key, at: 0 })),
      log.sink("counts", { key: ({ key }) => key }),
    );
    await finished(await runInOneEpoch(pipeline, { onError: deadLetter(log.sink("failed")) }));
    assertEquals(byKey(log.read<Keyed<string, number>>("counts")), { ada: [2], bob: [1] });
    assertEquals(lettersOf(log).map(({ source }) => source).sort(), ["visits/0@1", "visits/0@4"]);
    assertEquals(lettersOf(log)[0].reason, 'sink "counts": there is no user bad');
  });

  it("a window whose result puts into a state below it what cannot be stored is the pane's fault", async () => {
    const log = memory();
    log.append("visits", visits(["ada", 1], ["bob", 2], ["bob", 3], ["eve", 4], ["ada", 12], ["ada", 23]));
    log.end("visits");
    const pipeline = log.source<Visit>("visits").pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: 0 }),
      tumblingWindow({ name: "activity", key: ({ user }) => user, size: 10, aggregate: count() }),
      keyedReduce({
        name: "last",
        key: ({ key }) => key,
        initial: (): unknown => undefined,
        reduce: (_last, { value }) => value === 2 ? () => value : value,
      }),
      map(({ key }) => key),
      log.sink("users"),
    );
    await finished(await runInOneEpoch(pipeline, { onError: deadLetter(log.sink("failed")) }));
    assertEquals(log.read("users"), ["ada", "eve", "ada", "ada"]);
    const [letter, ...more] = log.read<{ key: string; window_start_ms: number }>("failed");
    assertEquals(more, []);
    assertEquals([letter!.key, letter!.window_start_ms], ["bob", 0]);
  });
});

describe("without onError, what a state cannot store stops the job", () => {
  for (const [what, [make]] of Object.entries(UNSTORABLE)) {
    it(`a state's value that is ${what}: one sentence of bounded length names state, key and records`, async () => {
      const log = memory();
      log.append("visits", visits(["ada", 1], ["bad eve", 2], ["ada", 3]));
      log.end("visits");
      const why = await refusal(keeping(log, make), { name: "visits", state: ":memory:" });
      assertMatch(
        why,
        /^Job visits stopped at (visits\/0@1 in keyedReduce "kept"|task 0 while its epoch was cut \(visits\/0@0 to @2\)): /,
      );
      assertMatch(why, /"kept"/);
      assertMatch(why, /"eve"/);
      assert(why.length < 1000, why);
      assertEquals(log.read("counts"), []);
    });
  }
});

Deno.test("a result that is refused at the cut stops the job, however large the epoch is that it belongs to", async () => {
  const log = memory();
  const users = Array.from({ length: 20 }, (_none, n) => `user-${n}`);
  log.append("visits", users.map((user) => ({ key: user, value: user })));
  // Twenty results of 100 kB are more than an epoch may have. The last one has no JSON form.
  const pipeline = log.source<string>("visits", { tombstones: "refuse" }).pipe(
    keyedReduce({ name: "pads", key: (user) => user, initial: "", reduce: () => "x".repeat(100_000), emit: "latest" }),
    log.sink("pads", { key: ({ key }) => key, value: ({ key, value }) => key === "user-19" ? NaN : value }),
  );
  const job = await run(pipeline, { name: "pads", state: ":memory:", log: () => {} });
  assertMatch(await failureOf(job), /Job pads stopped at .*NaN/);
});
