/** Idleness is a part of the checkpoint. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { map } from "rxjs";
import { count, eventTime, type Job, memory, tumblingWindow, watermark } from "@tidemark/streams";
import type { MemoryLog } from "../connectors/memory.ts";
import { runWith } from "../runtime/run.ts";
import { first, ManualClock, until } from "./support/jobs.ts";

/** When a quiet partition is idle, in milliseconds. */
const IDLE_AFTER = 200;
const SIZE = 1000;

interface World {
  readonly clock: ManualClock;
  readonly log: MemoryLog;
  readonly start: (state: string | Deno.Kv) => Promise<Job>;
  /** Appends a visit of that time, counted from the beginning of the test. */
  readonly visit: (partition: number, after?: number) => void;
}

function world(): World {
  const clock = new ManualClock(1_700_000_000_000);
  const began = clock.now();
  const log = memory({ now: clock.now });
  log.create("visits", { partitions: 2 });
  const pipeline = log.source<{ at: number }>("visits").pipe(
    eventTime(({ at }) => at),
    log.sink("seen"),
    watermark({ maxOutOfOrderness: 0, idleAfter: IDLE_AFTER, whenIdle: "hold" }),
    tumblingWindow({ name: "all", key: () => "all", size: SIZE, aggregate: count() }),
    map(({ window, value }) => [window.start - began, value]),
    log.sink("out"),
  );
  return {
    clock,
    log,
    start: (state) => runWith(pipeline, { name: "idle", state, tasks: "single", log: () => {} }, clock),
    visit: (partition, after = 0) =>
      log.append("visits", [{ value: { at: began + after }, partition, timestamp: began + after }]),
  };
}

/** Runs until everybody is known as idle, and stops. */
async function fallSilent({ clock, start }: World, kv: Deno.Kv, records: number): Promise<void> {
  const job = await start(kv);
  await until("the records to be read", () => job.metrics.snapshot().records_in === records, job);
  // Partitions are idle from the first fetch on that found nothing: by then each has been asked.
  await clock.advance(2 * IDLE_AFTER);
  await clock.advance(2 * IDLE_AFTER);
  await job.stop();
}

describe("a partition that falls silent", () => {
  it("is committed as idle, though there is nothing else to commit, and once only", async () => {
    const { clock, log, start, visit } = world();
    visit(0);
    visit(1);
    const job = await start(":memory:");
    const epochs = () => job.metrics.snapshot().epochs;
    await until("both records to be committed", () => log.records("seen").length === 2, job);
    const before = epochs();
    await clock.advance(100);
    assertEquals(epochs(), before, "nobody is idle yet");
    await clock.advance(300);
    await until("idleness to be committed", () => epochs() > before, job);
    const after = epochs();
    await clock.advance(2_000);
    assertEquals(epochs(), after, "it is known already");
    await job.stop();
  });

  for (
    const [who, partitions] of [["has had records", [0, 1]], ["has never had one", [0]]] as const
  ) {
    it(`is idle after a restart, and holds nobody back before time passes, where it ${who}`, async () => {
      using kv = await Deno.openKv(":memory:");
      const all = world();
      for (const partition of partitions) all.visit(partition);
      await fallSilent(all, kv, partitions.length);
      // The clock stands still from here on: nobody can become idle.
      const job = await all.start(kv);
      all.visit(0, SIZE);
      assertEquals(await first(all.log.source("out"), 1, job), [[0, partitions.length]]);
      await job.stop();
    });
  }

  it("holds time from its next record on, after a restart as before", async () => {
    using kv = await Deno.openKv(":memory:");
    const all = world();
    all.visit(0);
    await fallSilent(all, kv, 1);
    const job = await all.start(kv);
    all.visit(1, SIZE / 2);
    await until("it to be read", () => job.metrics.snapshot().records_in === 2, job);
    all.visit(0, 5 * SIZE);
    await until("the other one to be read", () => job.metrics.snapshot().records_in === 3, job);
    await job.stop();
    assertEquals(all.log.records("out").length, 0, "the window is open still");
  });
});
