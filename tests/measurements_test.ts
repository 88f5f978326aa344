/** The measurements of a worker: counts that never fall, durations in buckets, and what its tasks hold. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { count, deadLetter, eventTime, memory, run, tumblingWindow, watermark, type WorkStep } from "@tidemark/streams";
import { Meter } from "../runtime/metrics.ts";
import { runWith } from "../runtime/run.ts";
import { Durations } from "../base/durations.ts";
import { Troubles } from "../runtime/troubles.ts";
import { WorkTime } from "../runtime/work_time.ts";
import { ManualClock, until } from "./support/jobs.ts";

interface Visit {
  readonly user: string;
  readonly at: number;
}

const silent = { log: () => {} };
const noon = Date.UTC(2026, 0, 5, 12);

function visits(log: ReturnType<typeof memory>) {
  return log.source<Visit>("visits", { tombstones: "refuse" }).pipe(
    eventTime(({ at }) => at),
    watermark({ name: "clock", maxOutOfOrderness: 1000 }),
    tumblingWindow({
      name: "activity",
      key: ({ user }) => {
        if (user === "nobody") throw new Error("nobody is here");
        return user;
      },
      size: 1000,
      aggregate: count(),
    }),
    log.sink("activity"),
  );
}

function visit(user: string, after: number, headers?: Record<string, string>) {
  return { key: user, value: { user, at: noon + after }, timestamp: noon + after, headers };
}

describe("the measurements of a worker", () => {
  it("count what its committed epochs have read, written and left out, by topic and stage", async () => {
    const log = memory();
    log.create("visits", { partitions: 2 });
    await using job = await run(visits(log), {
      ...silent,
      name: "counted",
      state: ":memory:",
      onError: deadLetter(log.sink("dead")),
    });
    assertEquals(job.metrics.measure().counts, {
      source: { visits: 0 },
      sink: { activity: 0, dead: 0 },
      late: { activity: 0 },
      deadLetter: { dead: 0 },
      missing: { visits: 0 },
    });
    const own = [visit("ada", 0), visit("ada", 5000), visit("ada", 100), visit("nobody", 5100), visit("ada", 9000)];
    log.append("visits", own.map((one) => ({ ...one, partition: 0 })));
    await until("five records", () => job.metrics.measure().counts.source.visits === 5, job);
    const { counts, epochs, tasks, partitions, commit } = job.metrics.measure();
    // A record that an error threw back was processed again, and counts once.
    assertEquals(counts, {
      source: { visits: 5 },
      sink: { activity: 2, dead: 0 },
      late: { activity: 1 },
      deadLetter: { dead: 1 },
      missing: { visits: 0 },
    });
    assertGreater(epochs, 0);
    assert(commit.count > 0 && commit.count <= epochs);
    assertEquals(commit.counts.reduce((sum, one) => sum + one), commit.count);
    assertEquals(tasks, { owned: 2, waiting: 0, finished: 0 });
    assertEquals(partitions, [
      { topic: "visits", partition: 0, lag: 0, lagTime: 0 },
      { topic: "visits", partition: 1, lag: 0, lagTime: 0 },
    ]);
  });

  it("tell the watermark of each task, and leave out what no task knows", async () => {
    const clock = new ManualClock(noon + 20_000);
    const log = memory();
    log.create("visits", { partitions: 2 });
    const job = await runWith(visits(log), { ...silent, name: "marks", state: ":memory:", tasks: "single" }, clock);
    assertEquals(job.metrics.measure().watermarks, [
      { watermark: "clock", task: 0, lag: undefined, bound: 1000, spread: undefined },
    ]);
    log.append("visits", [{ ...visit("ada", 4000), partition: 0 }, { ...visit("bob", 9000), partition: 1 }]);
    await clock.advance(100);
    await until("two records", () => job.metrics.measure().counts.source.visits === 2, job);
    const { watermarks, states, at } = job.metrics.measure();
    assertEquals(at, noon + 20_100);
    // The watermark is a millisecond below the least event time that may still come.
    assertEquals(watermarks, [
      { watermark: "clock", task: 0, lag: 20_100 - 4000 + 1000 + 1, bound: 1000, spread: 5000 },
    ]);
    assertEquals(states.map(({ state, cells }) => ({ state, cells })), [{ state: "activity", cells: 2 }]);
    await job.stop();
    assertEquals(job.metrics.measure().ended, "stopped");
  });

  it("never fall: a second run of the job in this process begins at 0, and totals stay in the heads", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    for (const part of [0, 1]) {
      log.append("visits", [visit("ada", part * 1000), visit("bob", part * 1000)]);
      await using job = await run(visits(log), { ...silent, name: "again", state: kv });
      await until("two records", () => job.metrics.measure().counts.source.visits === 2, job);
      assertEquals(job.metrics.snapshot().records_in, 2 * (part + 1));
    }
  });
});

describe("the steps of a worker", () => {
  it("are its commits, with the traces of some of their records", async () => {
    const log = memory();
    await using job = await run(visits(log), { ...silent, name: "traced", state: ":memory:" });
    const steps: WorkStep[] = [];
    job.metrics.steps.subscribe((step) => steps.push(step));
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    log.append("visits", [visit("ada", 0), visit("ada", 10, { traceparent })]);
    await until("a commit", () => job.metrics.measure().counts.source.visits === 2, job);
    const commits = steps.flatMap((step) => step.kind === "commit" && step.records > 0 ? [step] : []);
    assertEquals(commits.reduce((sum, { records }) => sum + records, 0), 2);
    assertEquals(commits.flatMap(({ traceparents }) => traceparents), [traceparent]);
    for (const { error, took, pushed, tasks } of commits) {
      assertEquals([error, tasks], [undefined, 1]);
      assert(took >= 0 && pushed >= 0);
    }
  });

  it("say why a commit has failed", async () => {
    const kv = await Deno.openKv(":memory:");
    const log = memory();
    const job = await run(visits(log), { ...silent, name: "broken", state: kv, giveUpAfter: 0 });
    const steps: WorkStep[] = [];
    job.metrics.steps.subscribe((step) => steps.push(step));
    kv.close();
    log.append("visits", [visit("ada", 0)]);
    const failure = await job.finished.then(() => undefined, (error: Error) => error);
    assert(failure !== undefined);
    assertEquals(steps.map((step) => [step.kind, step.kind !== "visible" && step.error !== undefined]), [[
      "commit",
      true,
    ]]);
    assertEquals(job.metrics.measure().ended, "failed");
    assertEquals(job.metrics.measure().tasks, { owned: 0, waiting: 1, finished: 0 });
  });
});

describe("the steps of a meter", () => {
  it("have each transaction once, and those that have failed before they had anything", () => {
    const meter = new Meter();
    const steps: WorkStep[] = [];
    const outbox = (epoch: number) => ({
      waiting: [{ rows: [1, 2], commit: epoch, counts: [{ kind: "sink" as const, of: "out", by: 2 }] }],
    });
    const delivered = new Map([["out", 1]]);
    const end = (error?: Error) => meter.published(2, { now: 5, elapsed: 5 }, error);
    // Nobody wants to know.
    meter.sending([outbox(1)], delivered);
    end();
    meter.steps.subscribe((step) => steps.push(step));
    end();
    meter.sending([outbox(2), outbox(3)], delivered);
    end();
    end();
    const error = new Error("no life begins");
    end(error);
    assertEquals(steps, [
      ...[{
        kind: "send",
        ended: 5,
        took: 2,
        error: undefined,
        topics: ["out"],
        epochs: 2,
        records: 4,
        commits: [2, 3],
      }],
      ...[{ kind: "send", ended: 5, took: 2, error, topics: [], epochs: 0, records: 0, commits: [] }],
    ] as WorkStep[]);
  });
});

describe("durations in buckets", () => {
  it("belong to the first bucket whose bound they do not exceed", () => {
    const durations = new Durations([1, 10]);
    for (const ms of [0.5, 1, 1.1, 10, 11]) durations.record(ms);
    assertEquals(durations.snapshot(), { bounds: [1, 10], counts: [2, 2, 1], count: 5, sum: 23.6 });
  });
});

describe("the time of a loop", () => {
  it("is other time between two activities, so that all of it together is the time that has passed", () => {
    const time = new WorkTime();
    time.spent("push", 100, 104);
    time.spent("input", 110, 150);
    time.spent("push", 150, 151);
    assertEquals([time.push, time.input, time.other], [5, 40, 6]);
  });
});

describe("an open trouble", () => {
  it("is known since its beginning, whatever its reason is by now", () => {
    let now = 1000;
    const troubles = new Troubles({ events: { tell: () => {} }, clock: { elapsed: () => now } });
    troubles.tell("store", new Error("it is away"));
    troubles.tell("members", new Error("others are in the group"));
    now = 4000;
    troubles.tell("store", new Error("it is still away"));
    assertEquals(troubles.open, [
      { kind: "store", since: 3000, blocks: true },
      { kind: "members", since: 3000, blocks: false },
    ]);
    troubles.tell("store", undefined);
    assertEquals(troubles.open.map(({ kind }) => kind), ["members"]);
  });
});
