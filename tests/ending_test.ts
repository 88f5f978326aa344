/** Ends of input: each source ends when its own input has, and holds nobody back after that. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { map, merge, type Observable } from "rxjs";
import { count, eventTime, keyedReduce, memory, tumblingWindow, watermark } from "@tidemark/streams";
import type { MemoryLog } from "../connectors/memory.ts";
import { runWith } from "../runtime/run.ts";
import { at, type Event, perTen } from "./support/events.ts";
import { first, ManualClock, until } from "./support/jobs.ts";
import { HandMadeTask, jobSink, jobSource } from "./support/task_host.ts";

const silent = { log: () => {} };
const event = (user: string, at: number): Event => ({ user, at });
const records = (...all: Event[]) => all.map((value) => ({ key: value.user, value, timestamp: value.at }));

/** Counts of both topics in windows of ten, each topic with a watermark of its own. */
function together(log: MemoryLog): Observable<unknown> {
  const timed = (topic: string) =>
    log.source<Event>(topic).pipe(eventTime(({ at }) => at), watermark({ maxOutOfOrderness: 0 }));
  return merge(timed("short"), timed("long")).pipe(
    tumblingWindow({ name: "w", key: ({ user }) => user, size: 10, aggregate: count() }),
    map(({ key, window, value }) => `${key} ${window.start}: ${value}`),
    log.sink("out"),
  );
}

describe("a source that ends before another", () => {
  it("holds the others' time back no longer, and the task ends with the last of them", async () => {
    const log = memory();
    log.append("short", records(event("ada", 1)));
    log.append("long", records(event("bob", 2), event("bob", 15), event("bob", 25)));
    log.end("short");
    const clock = new ManualClock();
    const job = await runWith(together(log), { name: "ends", state: ":memory:", ...silent }, clock);
    await clock.advance(1_000);
    assertEquals(await first(log.source<string>("out"), 3, job), ["ada 0: 1", "bob 0: 1", "bob 10: 1"]);
    log.append("long", records(event("bob", 40)));
    assertEquals((await first(log.source<string>("out"), 4, job)).at(-1), "bob 20: 1");
    log.end("long");
    assertEquals(await job.finished, { reason: "finished" });
    assertEquals(log.read<string>("out").at(-1), "bob 40: 1");
  });

  it("has ended for the next run as well", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    log.append("short", records(event("ada", 1)));
    log.append("long", records(event("bob", 2)));
    log.end("short");
    const clock = new ManualClock();
    const one = await runWith(together(log), { name: "ends", state: kv, ...silent }, clock);
    await until("both to be read", () => one.metrics.snapshot().records_in === 2, one);
    await one.stop();
    log.append("long", records(event("bob", 15)));
    const two = await runWith(together(log), { name: "ends", state: kv, ...silent }, clock);
    assertEquals(await first(log.source<string>("out"), 2, two), ["ada 0: 1", "bob 0: 1"]);
    log.end("long");
    await two.finished;
    assertEquals(log.read("out"), ["ada 0: 1", "bob 0: 1", "bob 10: 1"]);
    assertEquals(two.metrics.snapshot().late, 0);
  });

  it("beside one that is idle does not make time jump", () => {
    const seen: string[] = [];
    const idle = watermark<Event>({ maxOutOfOrderness: 0, idleAfter: 10, whenIdle: "hold" });
    const job = new HandMadeTask().run(
      merge(jobSource<Event>("a").pipe(at, idle), jobSource<Event>("b").pipe(at, idle)).pipe(
        perTen("w"),
        map(({ key, window, pane }) => void seen.push(`${key} ${window.start} ${pane}`)),
        jobSink("out"),
      ),
    );
    job.push("a", event("ada", 1)).push("b", event("bob", 25)).quiet("b", 0, 0).tick(50);
    assertEquals(seen, []);
    job.end("a");
    assertEquals(seen, ["ada 0 onTime"], "bob's 24 counts, and not the end of time");
    job.tick(100).push("b", event("bob", 26)).push("b", event("bob", 31));
    assertEquals(seen, ["ada 0 onTime", "bob 20 onTime"]);
    assertEquals(job.task.late, 0);
    job.tick(10_000).end("b").tick(20_000);
    assertEquals(seen.at(-1), "bob 30 onTime");
  });

  it("ends nothing that is not its own: a pipeline that stops early is refused", () => {
    const job = new HandMadeTask().run(
      merge(jobSource<Event>("a"), jobSource<Event>("b")).pipe(
        keyedReduce({ name: "c", key: ({ user }: Event) => user, initial: 0, reduce: (n: number) => n + 1 }),
        jobSink("out"),
      ),
    );
    job.end("a");
    assertEquals([job.task.failure, job.ends], [undefined, 0]);
    job.push("b", event("bob", 1)).end("b");
    assertEquals([job.task.failure, job.ends, job.written.length], [undefined, 1, 1]);
  });
});

describe("idleness", () => {
  const clocked = () =>
    jobSource<Event>("events", 2).pipe(
      at,
      watermark({ name: "clock", maxOutOfOrderness: 0, idleAfter: 100, whenIdle: "hold" }),
      perTen("w"),
      map(({ key, window }) => `${key} ${window.start}`),
      jobSink("out"),
    );

  it("of a partition is in the checkpoint, and lasts until the partition sends", () => {
    const one = new HandMadeTask().run(clocked());
    one.push("events", event("ada", 5), { partition: 0 }).push("events", event("bob", 4), { partition: 1 });
    one.quiet("events", 1, 0).tick(200);
    const checkpoint = one.cut();
    assertEquals(checkpoint.clocks["clock"].partitions, [["events", 0, 4, false], ["events", 1, 3, true]]);
    const two = new HandMadeTask(checkpoint).run(clocked());
    two.tick(0).push("events", event("ada", 12), { partition: 0 });
    assertEquals(two.written.map(([, line]) => line), ["ada 0", "bob 0"], "bob's partition holds nobody back");
    two.push("events", event("bob", 13), { partition: 1 }).push("events", event("ada", 30), { partition: 0 });
    assertEquals(two.written.length, 2, "it has sent, and counts again");
  });

  it("is told as a change, once each", () => {
    const job = new HandMadeTask().run(clocked());
    job.push("events", event("ada", 5), { partition: 0 }).push("events", event("bob", 4), { partition: 1 });
    job.quiet("events", 1, 0);
    assertEquals([job.task.tick(50), job.task.tick(200), job.task.tick(300)], [false, true, false]);
  });

  it('makes nothing late that a stage with emit: "latest" still holds', () => {
    const idle = watermark<Event>({ maxOutOfOrderness: 0, idleAfter: 100, whenIdle: "hold" });
    const job = new HandMadeTask().run(
      merge(
        jobSource<Event>("quiet").pipe(
          at,
          idle,
          keyedReduce({
            name: "c",
            key: ({ user }: Event) => user,
            initial: 0,
            reduce: (n: number) => n + 1,
            emit: "latest",
          }),
          map(({ key }) => event(key, 0)),
        ),
        jobSource<Event>("busy").pipe(at, idle),
      ).pipe(perTen("w"), map(({ key, window }) => `${key} ${window.start}`), jobSink("out")),
    );
    job.push("quiet", event("ada", 5)).push("busy", event("bob", 95)).quiet("quiet", 0, 0).tick(200);
    job.push("busy", event("bob", 120)).cut();
    assertEquals(job.task.late, 0);
    assertEquals(job.written.map(([, line]) => line), ["ada 0", "bob 90"]);
  });
});

describe("the name of a clock", () => {
  for (const name of ["constructor", "__proto__", "toString"]) {
    it(`may be ${name}`, async () => {
      using kv = await Deno.openKv(":memory:");
      const log = memory();
      const pipeline = log.source<Event>("events").pipe(
        eventTime(({ at }) => at),
        watermark({ name, maxOutOfOrderness: 0 }),
        tumblingWindow({ name: "w", key: ({ user }) => user, size: 10, aggregate: count() }),
        map(({ key, window, value }) => `${key} ${window.start}: ${value}`),
        log.sink("out"),
      );
      for (const times of [[1, 25], [26, 30]]) {
        log.append("events", records(...times.map((time) => event("ada", time))));
        const job = await runWith(pipeline, { name: "clocks", state: kv, ...silent }, new ManualClock());
        await until("all to be read", () => job.metrics.snapshot().records_in === log.records("events").length, job);
        await job.stop();
        assertEquals(job.metrics.snapshot().late, 0);
      }
      assertEquals(log.read("out"), ["ada 0: 1", "ada 20: 2"]);
    });
  }
});
