import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { map, type Observable } from "rxjs";
import { count, embeddedLog, eventTime, lateSideOutput, memory, tumblingWindow, watermark } from "@tidemark/streams";
import type { EmbeddedLog } from "../connectors/embedded/log.ts";
import type { MemoryLog } from "../connectors/memory.ts";
import { runWith } from "../runtime/run.ts";
import type { Job, RunOptions } from "@tidemark/streams";
import { first, ManualClock, until } from "./support/jobs.ts";

interface Visit {
  readonly user: string;
  readonly at: number;
}

const silent = { log: () => {} };

/** When a quiet partition holds nobody back any more, and how long windows are, in milliseconds. */
const IDLE_AFTER = 200;
const SIZE = 1_000;

function visit(user: string, at: number, partition = 0) {
  return { key: user, value: { user, at }, timestamp: at, partition };
}

function activity(log: MemoryLog | EmbeddedLog, whenIdle: "advance" | "hold" = "advance"): Observable<unknown> {
  return log.source<Visit>("visits").pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: 0, idleAfter: IDLE_AFTER, whenIdle }),
    tumblingWindow({ name: "activity", key: ({ user }) => user, size: SIZE, aggregate: count() }),
    lateSideOutput((late) => late.pipe(log.sink("late"))),
    map(({ key, window, value }) => [key, window.start, value]),
    log.sink("activity"),
  );
}

const start = 1_700_000_000_000;
const begin = Math.floor(start / SIZE) * SIZE;

async function began(
  log: MemoryLog | EmbeddedLog,
  options: Partial<RunOptions>,
  whenIdle?: "advance" | "hold",
): Promise<{
  job: Job;
  clock: ManualClock;
}> {
  const clock = new ManualClock(start);
  const job = await runWith(activity(log, whenIdle), { name: "idle", state: ":memory:", ...silent, ...options }, clock);
  return { job, clock };
}

/** All records of the input are read, and the empty fetch that follows is too. */
async function read(job: Job, records: number): Promise<void> {
  await until(`${records} records to be read`, () => job.metrics.snapshot().records_in === records, job);
}

/** The first partition has something to read all the time, until the second has been quiet for long enough. */
async function keepBusy(log: MemoryLog, { job, clock }: { job: Job; clock: ManualClock }): Promise<void> {
  for (let passed = 0; passed <= IDLE_AFTER + 50; passed += 50) {
    log.append("visits", [visit("ada", begin + SIZE + passed, 0)]);
    await read(job, log.records("visits").length);
    await clock.advance(50);
  }
}

describe("idleAfter in a job", () => {
  it("the windows of a quiet topic fire, as the wall clock goes on", async () => {
    const log = memory();
    log.append("visits", [visit("ada", begin + 1), visit("ada", begin + 900)]);
    const { job, clock } = await began(log, {});
    await read(job, 2);
    await clock.advance(IDLE_AFTER);
    assertEquals(log.read("activity"), []);
    await clock.advance(SIZE);
    await first(log.source("activity"), 1, job);
    assertEquals(log.read("activity"), [["ada", begin, 2]]);
    await job.stop();
  });

  it("time that goes on with the wall clock is whole milliseconds, though a monotonic clock has parts of them", async () => {
    const log = memory();
    log.append("visits", [visit("ada", begin + 1), visit("ada", begin + 900)]);
    const clock = new ManualClock(start);
    const fine = { ...clock, elapsed: () => clock.elapsed() * 1.0007 };
    const job = await runWith(activity(log), { name: "idle", state: ":memory:", ...silent }, fine);
    await read(job, 2);
    await clock.advance(2 * IDLE_AFTER);
    await clock.advance(SIZE);
    await first(log.source("activity"), 1, job);
    assert(Number.isSafeInteger(job.metrics.snapshot().watermark));
    await job.stop();
  });

  it('with whenIdle: "hold" time waits for the next record', async () => {
    const log = memory();
    log.append("visits", [visit("ada", begin + 1), visit("ada", begin + 900)]);
    const { job, clock } = await began(log, {}, "hold");
    await read(job, 2);
    await clock.advance(3 * SIZE);
    assertEquals(log.read("activity"), []);
    assertEquals(job.metrics.snapshot().watermark, begin + 900 - 1);
    log.append("visits", [visit("ada", begin + SIZE)]);
    await first(log.source("activity"), 1, job);
    assertEquals(log.read("activity"), [["ada", begin, 2]]);
    await job.stop();
  });

  it("a topic that has never had a record stays at the beginning of time", async () => {
    const log = memory();
    const { job, clock } = await began(log, {});
    await clock.advance(2 * SIZE);
    assertEquals(job.metrics.snapshot().watermark, undefined);
    log.append("visits", [visit("ada", 1)]);
    await read(job, 1);
    await job.stop();
    assertEquals(job.metrics.snapshot().late, 0);
  });

  it("a quiet partition no longer holds back the others of its task", async () => {
    for (const whenIdle of ["advance", "hold"] as const) {
      const log = memory();
      log.create("visits", { partitions: 2 });
      log.append("visits", [visit("ada", begin + 1, 0), visit("bob", begin + 2, 1), visit("ada", begin + SIZE, 0)]);
      const { job, clock } = await began(log, { tasks: "single" }, whenIdle);
      await read(job, 3);
      assertEquals(log.read("activity"), []);
      await keepBusy(log, { job, clock });
      await first(log.source("activity"), 2, job);
      assertEquals(log.read("activity"), [["ada", begin, 1], ["bob", begin, 1]]);
      await job.stop();
    }
  });

  it("a waking partition does not pull time back, and holds it where it is", async () => {
    const log = memory();
    log.create("visits", { partitions: 2 });
    log.append("visits", [visit("ada", begin + SIZE, 0), visit("bob", begin + 2, 1)]);
    const { job, clock } = await began(log, { tasks: "single" }, "hold");
    await read(job, 2);
    await keepBusy(log, { job, clock });
    await first(log.source("activity"), 1, job);
    assertEquals(log.read("activity"), [["bob", begin, 1]]);
    const reached = job.metrics.snapshot().watermark!;
    assert(reached >= begin + SIZE);

    // Bob's partition wakes behind: his visit is late for a window that has fired, and time stays.
    log.append("visits", [visit("bob", begin + 3, 1)]);
    await first(log.source("late"), 1, job);
    assertEquals(log.read("late"), [{ user: "bob", at: begin + 3 }]);
    assertEquals(job.metrics.snapshot().watermark, reached);
    log.append("visits", [visit("eve", begin + SIZE + 500, 1), visit("ada", begin + 5_000, 0)]);
    await read(job, log.records("visits").length);
    assertEquals(job.metrics.snapshot().watermark, begin + SIZE + 499);
    // It takes part again: the next window waits for it.
    assertEquals(log.read("activity").length, 1);
    log.append("visits", [visit("eve", begin + 2 * SIZE, 1)]);
    await first(log.source("activity"), 3, job);
    await job.stop();
    assert(job.metrics.snapshot().watermark! > reached);
  });

  for (const kind of ["memory()", "the embedded log"]) {
    it(`what has fired on ${kind} stays fired after a restart`, async () => {
      using kv = await Deno.openKv(":memory:");
      const log = kind === "memory()" ? memory() : embeddedLog(kv);
      for (const topic of ["visits", "activity", "late"]) await log.create(topic, { partitions: 1 });
      await log.append("visits", [visit("ada", begin + 1), visit("ada", begin + 900)]);
      const { job, clock } = await began(log, { state: kv });
      await read(job, 2);
      await clock.advance(IDLE_AFTER + SIZE);
      await first(log.source("activity"), 1, job);
      await job.stop();
      const reached = job.metrics.snapshot().watermark!;

      // The same window again is late now, whatever the clocks of the data say.
      await log.append("visits", [visit("ada", begin + 901)]);
      const again = await began(log, { state: kv });
      await first(log.source("late"), 1, again.job);
      assert(again.job.metrics.snapshot().watermark! >= reached);
      await log.end("visits");
      assertEquals(await again.job.finished, { reason: "finished" });
      assertEquals(await first(log.source("activity"), 1), [["ada", begin, 2]]);
      assertEquals(again.job.metrics.snapshot().outputs, { activity: 1, late: 1 });
    });
  }
});
