import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { map, type Observable } from "rxjs";
import { count, eventTime, keyedReduce, memory, tumblingWindow, watermark } from "@tidemark/streams";
import type { MemoryLog } from "../connectors/memory.ts";
import { runWith } from "../runtime/run.ts";
import { first, ManualClock, until } from "./support/jobs.ts";
import { type Count, latest as latestCounts, silent, type Visit, visits } from "./support/visited.ts";

/** How often each user has come, once an epoch. */
function latest(log: MemoryLog): Observable<Count> {
  return log.source<Visit>("visits").pipe(
    latestCounts(),
    log.sink("counts", { key: ({ key }) => key }),
  );
}

/** Windows fire in the order of their ends; within one, keys in the order in which they came. */
function byWindow(log: MemoryLog): (a: (string | number)[], b: (string | number)[]) => number {
  const order = log.read<[string, number, number]>("changed").map((row) => row![0]);
  return (a, b) => Number(a[1]) - Number(b[1]) || order.indexOf(String(a[0])) - order.indexOf(String(b[0]));
}

describe('emit: "latest" in a job', () => {
  it("emits the last value of each key that changed, once an epoch", async () => {
    const clock = new ManualClock();
    const log = memory();
    log.append("visits", visits(["ada", 1], ["bob", 2], ["ada", 3]));
    const job = await runWith(latest(log), { name: "latest", state: ":memory:", minEpoch: 1000, ...silent }, clock);
    await first(log.source("counts"), 2, job);

    log.append("visits", visits(["ada", 4]));
    await until("a visit to be read", () => job.metrics.snapshot().records_in === 4);
    log.append("visits", visits(["eve", 5], ["ada", 6]));
    await until("all visits to be read", () => job.metrics.snapshot().records_in === 6);
    assertEquals(log.read("counts").length, 2);
    await clock.advance(1000);
    await first(log.source("counts"), 4, job);
    await job.stop();
    assertEquals(log.read<Count>("counts"), [
      { key: "ada", value: 2 },
      { key: "bob", value: 1 },
      { key: "ada", value: 4 },
      { key: "eve", value: 1 },
    ]);
    assertEquals(job.metrics.snapshot().epochs, 2);
    assertEquals(job.metrics.snapshot().outputs, { counts: 4 });
  });

  it("says nothing of a key that its reducer forgot", async () => {
    const log = memory();
    log.append("visits", visits(["ada", 1], ["bob", 2], ["ada", 0]));
    const pipeline = log.source<Visit>("visits").pipe(
      keyedReduce({
        name: "counts",
        key: ({ user }) => user,
        initial: 0,
        reduce: (total, { at }) => at === 0 ? undefined : total + 1,
        emit: "latest",
      }),
      log.sink("counts"),
    );
    const job = await runWith(pipeline, { name: "latest", state: ":memory:", ...silent }, new ManualClock());
    await first(log.source("counts"), 1, job);
    await job.stop();
    assertEquals(log.read<Count>("counts"), [{ key: "bob", value: 1 }]);
  });

  it("emits before it hands event time on: a window below finds every value in time", async () => {
    const log = memory();
    log.append("visits", visits(["ada", 1], ["bob", 5], ["eve", 25], ["ada", 26]));
    log.end("visits");
    const pipeline = log.source<Visit>("visits").pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: 0 }),
      latestCounts(),
      tumblingWindow({ name: "changed", key: ({ key }) => key, size: 10, aggregate: count() }),
      map(({ key, window, value }) => [key, window.start, value]),
      log.sink("changed"),
    );
    const job = await runWith(pipeline, { name: "latest", state: ":memory:", ...silent }, new ManualClock());
    await job.finished;
    // Ada's value is that of her last record: one a key and epoch.
    assertEquals(log.read("changed"), [["bob", 0, 1], ["ada", 20, 1], ["eve", 20, 1]].sort(byWindow(log)));
    assertEquals(job.metrics.snapshot().late, 0);
  });

  it("goes on after a restart, and emits no value again", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    const parts = [["ada", "ada", "bob"], ["ada"], ["bob", "bob"]];
    let emitted = 0;
    for (const part of parts) {
      log.append("visits", visits(...part.map((user, at) => [user, at] as const)));
      const job = await runWith(latest(log), { name: "latest", state: kv, ...silent }, new ManualClock());
      emitted += new Set(part).size;
      await first(log.source("counts"), emitted, job);
      await job.stop();
    }
    assertEquals(log.read<Count>("counts"), [
      { key: "ada", value: 2 },
      { key: "bob", value: 1 },
      { key: "ada", value: 3 },
      { key: "bob", value: 3 },
    ]);
  });

  it("what a stop cuts is emitted by it", async () => {
    using kv = await Deno.openKv(":memory:");
    const clock = new ManualClock();
    const log = memory();
    log.append("visits", visits(["ada", 1]));
    const job = await runWith(latest(log), { name: "latest", state: kv, minEpoch: 1e9, ...silent }, clock);
    await first(log.source("counts"), 1, job);
    log.append("visits", visits(["ada", 2], ["ada", 3]));
    await until("all visits to be read", () => job.state("counts").get("ada") === 3);
    await job.stop();
    assertEquals(log.read<Count>("counts"), [{ key: "ada", value: 1 }, { key: "ada", value: 3 }]);
  });

  it("under a window: its event time is in the checkpoint, so nothing is late after a restart", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    const pipeline = log.source<Visit>("visits").pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: 5 }),
      latestCounts(),
      tumblingWindow({ name: "changed", key: ({ key }) => key, size: 10, aggregate: count() }),
      map(({ key, window, value }) => [key, window.start, value]),
      log.sink("changed"),
    );
    for (const part of [[["ada", 1], ["bob", 14]], [["eve", 11], ["bob", 12]], [["ada", 33]]] as const) {
      log.append("visits", visits(...part));
      const job = await runWith(pipeline, { name: "latest", state: kv, ...silent }, new ManualClock());
      await until("the visits to be read", () => job.metrics.snapshot().records_in === log.records("visits").length);
      await job.stop();
      assertEquals(job.metrics.snapshot().late, 0);
    }
    log.end("visits");
    const last = await runWith(pipeline, { name: "latest", state: kv, ...silent }, new ManualClock());
    await last.finished;
    assertEquals(
      log.read<[string, number, number]>("changed").map((row) => row!.join(" ")).sort(),
      ["ada 0 1", "ada 30 1", "bob 10 2", "eve 10 1"],
    );
  });
});
