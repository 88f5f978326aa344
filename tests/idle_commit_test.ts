/** Idleness is a part of the checkpoint. */
import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { count, eventTime, memory, tumblingWindow, watermark } from "@tidemark/streams";
import { runWith } from "../runtime/run.ts";
import { ManualClock, until } from "./support/jobs.ts";

describe("a partition that falls silent", () => {
  it("is committed as idle, though there is nothing else to commit, and once only", async () => {
    const clock = new ManualClock();
    const now = clock.now();
    const log = memory({ now: clock.now });
    log.create("visits", { partitions: 2 });
    log.append("visits", [0, 1].map((partition) => ({ value: { at: now }, partition, timestamp: now })));
    const pipeline = log.source<{ at: number }>("visits").pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: 0, idleAfter: 200, whenIdle: "hold" }),
      tumblingWindow({ name: "all", key: () => "all", size: 1000, aggregate: count() }),
      log.sink("out"),
    );
    const job = await runWith(pipeline, { name: "idle", state: ":memory:", tasks: "single", log: () => {} }, clock);
    const epochs = () => job.metrics.snapshot().epochs;
    await until("both records to be committed", () => job.metrics.snapshot().records_in === 2 && epochs() > 0, job);
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
});
