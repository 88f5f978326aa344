/** The details of a job: one snapshot of plain data. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { filter, tap } from "rxjs";
import {
  count,
  deduplicate,
  embeddedLog,
  eventTime,
  memory,
  minutes,
  readDetails,
  seconds,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import { testPipeline } from "@tidemark/streams/testing";
import type { EmbeddedLog } from "../connectors/embedded/log.ts";
import { runWith } from "../runtime/run.ts";
import { ManualClock, scratch, until } from "./support/jobs.ts";

interface Visit {
  readonly user: string;
  readonly at: number;
}

const noon = Date.UTC(2026, 0, 5, 12);
const silent = { log: () => {} };

function activity(log: EmbeddedLog) {
  return log.source<Visit>("visits", { tombstones: "refuse" }).pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: seconds(10), idleAfter: minutes(1) }),
    tumblingWindow({ name: "activity", key: ({ user }) => user, size: minutes(1), aggregate: count() }),
    log.sink("activity"),
  );
}

function visit(after: number, partition: number) {
  const at = noon + after;
  return { key: "ada", value: { user: "ada", at }, timestamp: at, partition };
}

describe("job.details()", () => {
  it("show a late record, the record that had closed its window, and the bound that would have kept it", async () => {
    const broker = memory();
    const pipeline = broker.source<Visit>("visits", { tombstones: "refuse" }).pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: seconds(10) }),
      tumblingWindow({ name: "activity", key: ({ user }) => user, size: minutes(1), aggregate: count() }),
      broker.sink("activity"),
    );
    await using test = await testPipeline(pipeline, { start: noon });
    const at = (after: number, timestamp: number) => ({ value: visit(after, 0).value, timestamp: noon + timestamp });
    await test.push("visits", [at(0, 0), at(seconds(90), 100), at(seconds(150), 200), at(seconds(20), 540)]);
    const { lateRecords: [late], stages: [stage], late: count_ } = await test.details();
    assertEquals(count_, 1);
    // The window was closed at 12:00:59.999, and the watermark is at 12:02:19.999.
    assertEquals(late, {
      ...{ stage: "activity", task: 0, topic: "visits", partition: 0, offset: 3, eventTime: noon + seconds(20) },
      ...{ window: { start: noon, end: noon + minutes(1) }, lateness: seconds(80) },
      closedBy: { topic: "visits", partition: 0, offset: 1, eventTime: noon + seconds(90), before: 440 },
      sentence:
        "visits/0@3 (12:00:20) was late by 1 min 20 s for [12:00:00, 12:01:00): visits/0@1 (12:01:30) had closed " +
        "it 440 ms before",
    });
    assertEquals(stage.keptBy, {
      ...{ all: seconds(90) + 1, most: seconds(90) + 1 },
      sentence:
        "activity: a bound of 1 min 30 s would have kept 99.9 % of all records, and one of 1 min 30 s all of them",
    });

    // With the bound that was advised nothing is late.
    const kept = broker.source<Visit>("visits", { tombstones: "refuse" }).pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: stage.keptBy!.all }),
      tumblingWindow({ name: "activity", key: ({ user }) => user, size: minutes(1), aggregate: count() }),
      broker.sink("activity"),
    );
    await using again = await testPipeline(kept, { start: noon });
    await again.push("visits", [at(0, 0), at(seconds(90), 100), at(seconds(150), 200), at(seconds(20), 540)]);
    assertEquals((await again.details()).late, 0);
  });

  it("are those of a real job on the embedded log, and are plain data", async () => {
    await using folder = await scratch();
    using kv = await Deno.openKv(folder.path("state.db"));
    const log = embeddedLog(kv);
    await log.create("visits", { partitions: 2 });
    await log.create("activity", { partitions: 2 });
    await log.append("visits", [visit(0, 0), visit(seconds(90), 0), visit(seconds(20), 1)]);
    const clock = new ManualClock(noon + minutes(2));
    const job = await runWith(activity(log), { name: "shop", state: kv, worker: "a", ...silent }, clock);
    await until("the records to be read and committed", () => {
      const { records_in, epochs } = job.metrics.snapshot();
      return records_in === 3 && epochs === 2;
    }, job);
    const details = await job.details();
    assertEquals(details, structuredClone(details));
    assert(!JSON.stringify(details).includes("null"), "a number that JSON does not have would become null");
    const {
      tasks,
      partitions,
      stages,
      watermarks,
      lateRecords,
      deadLetters,
      recentEpochs,
      lastEvent,
      hotKeys,
      workers,
      sentences,
      ...rest
    } = details;
    assertEquals([lastEvent, workers.map(({ name }) => name)], [job.events.last, ["a"]]);
    assertEquals([lateRecords, deadLetters, hotKeys], [[], [], []]);
    assertEquals(recentEpochs.reduce((sum, { records }) => sum + records, 0), 3);
    assertEquals(recentEpochs.reduce((sum, { results }) => sum + results, 0), 1);
    assertEquals(recentEpochs.reduce((sum, { tasks }) => sum + tasks, 0), 2);
    assert(recentEpochs.every(({ at }) => at === noon + minutes(2)));
    const { commit_ms: { max }, publish_ms, latency_ms: _latency, ...job_ } = rest;
    assertEquals([max, publish_ms], [0, { p50: 0, p95: 0, p99: 0, max: 0 }]);
    assertEquals(job_, {
      ...{
        job: "shop",
        at: noon + minutes(2),
        worker: "a",
        state: "running",
        trouble: undefined,
        waitsSince: undefined,
        failure: undefined,
      },
      ...{ taskCount: 2, records_in: 3, records_per_second: 0, outputs: { activity: 1 }, late: 0, dead_letters: 0 },
      ...{ unpublishable: 0, missing: 0, epochs: 2, lag: 0, lagTime: 0 },
      time: undefined,
      entered: { "source:visits": 3, "eventTime": 3, "watermark": 3, "tumblingWindow:activity": 3, "sink:activity": 1 },
      ...{ waiting: { epochs: 0, bytes: 0 }, leftOut: { tasks: 0, partitions: 0 } },
    });
    assertEquals(sentences, {
      pace: "All is read. There has been nothing new for 0 ms.",
      limit: undefined,
      skew: "No task is hot: the busiest, task 0, has had 67 % of all records; a fair share is 50 %.",
      state: "The stages keep 2 values of about 8 B in the tasks of this worker.",
      visible: "Everything that is committed is visible. Stopping loses nothing: what is not read yet is read at the " +
        "next start.",
    });
    const cut = { since: noon + minutes(2), at: noon + minutes(2) };
    const task = { ...cut, source: "live", worker: "a", epoch: 1, visible: 1, lag: 0, finished: false } as const;
    const marks = [noon + seconds(80) - 1, noon + seconds(10) - 1];
    assertEquals(tasks, [
      { ...task, task: 0, records_in: 2, watermark: marks[0] },
      { ...task, task: 1, records_in: 1, watermark: marks[1] },
    ]);
    const partition = { topic: "visits", endAge: 0, quietFor: 0, lagTime: 0, paused: false } as const;
    const mark = { watermark: "visits:10000", disorder: undefined, idle: false, holds: true };
    assertEquals(partitions, [
      {
        ...partition,
        task: 0,
        partition: 0,
        position: 2,
        end: 2,
        marks: [{ ...mark, mark: marks[0], raisedBy: 1 }],
        lastTimestamp: noon + seconds(90),
      },
      {
        ...partition,
        task: 1,
        partition: 1,
        position: 1,
        end: 1,
        marks: [{ ...mark, mark: marks[1], raisedBy: 0 }],
        lastTimestamp: noon + seconds(20),
      },
    ]);
    assertEquals(watermarks, [{
      ...{ name: "visits:10000", watermark: marks[1], without: 0, tasks: 2, lag: seconds(110) + 1 },
      ...{ bound: seconds(10), idleAfter: minutes(1), spread: seconds(70), disorder: undefined },
      sentence:
        "visits:10000: visits/1 holds event time at 12:00:09.999, to which its record at offset 0 has brought it",
    }]);
    const [{ stage, keys, waiting, next }] = stages;
    assertEquals([stage, keys, waiting, next], ["activity", 2, 2, noon + minutes(1) - 1]);
    await job.stop();
    assertEquals((await job.details()).state, "stopped");

    // The same from the state alone, but for what only a worker knows.
    const { details: read, explanations } = await readDetails("shop", { state: kv });
    assertEquals(read, structuredClone(read));
    assertEquals([read.state, read.records_in, read.outputs], ["stopped", 3, { activity: 1 }]);
    assertEquals(read.tasks.map(({ lag: _lag, ...rest }) => rest), [
      {
        ...cut,
        task: 0,
        source: "committed",
        worker: "a",
        epoch: 1,
        visible: 1,
        records_in: 2,
        watermark: marks[0],
        finished: false,
      },
      {
        ...cut,
        task: 1,
        source: "committed",
        worker: "a",
        epoch: 1,
        visible: 1,
        records_in: 1,
        watermark: marks[1],
        finished: false,
      },
    ]);
    assertEquals(read.partitions.map(({ position, marks }) => [position, marks]), [
      [2, [{ ...mark, mark: marks[0], raisedBy: 1 }]],
      [1, [{ ...mark, mark: marks[1], raisedBy: 0 }]],
    ]);
    const [why] = explanations;
    assertEquals([why.reason, why.cure], ["elsewhere", "Start the job; it goes on where it was"]);
    assertMatch(
      why.sentence,
      /^tasks 0 and 1 were last with worker a, .+ ago; the watermark of task 1 is .*12:00:09.999, held by visits\/1@0$/,
    );
  });

  it("follow what a stage removes by the clock, without a value", async () => {
    const broker = memory();
    const pipeline = broker.source<Visit>("visits", { tombstones: "refuse" }).pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: 0, name: "all" }),
      tap(({ user }) => seen.push(user)),
      filter(({ user }) => user !== "clock"),
      deduplicate({ name: "visits", key: ({ user }) => user, within: minutes(1) }),
      broker.sink("first"),
    );
    const seen: string[] = [];
    await using test = await testPipeline(pipeline, { start: noon });
    const keys = async () => (await test.details()).stages.map(({ keys, records_in }) => [keys, records_in]);
    await test.push("visits", visit(0, 0));
    assertEquals(await keys(), [[1, 1]]);
    assertEquals(await keys(), [[1, 1]]);
    await test.push("visits", { value: { user: "clock", at: noon + minutes(5) }, timestamp: noon + minutes(5) });
    assertEquals([seen, await keys()], [["ada", "clock"], [[0, 1]]]);
  });

  it("name the record that raised a mark after a restart too", async () => {
    await using folder = await scratch();
    using kv = await Deno.openKv(folder.path("state.db"));
    const log = embeddedLog(kv);
    await log.create("visits", { partitions: 2 });
    await log.create("activity", { partitions: 2 });
    await log.append("visits", [visit(0, 0), visit(seconds(90), 0)]);
    for (const records of [2, 3]) {
      const clock = new ManualClock(noon + minutes(2));
      const job = await runWith(activity(log), { name: "shop", state: kv, ...silent }, clock);
      await until(`${records} records to be processed`, () => job.metrics.snapshot().records_in === records, job);
      const { partitions: [{ marks: [mark] }] } = await job.details();
      assertEquals(mark.raisedBy, 1);
      await job.stop();
      // It raises no mark.
      await log.append("visits", [visit(seconds(80), 0)]);
    }
  });
});

describe("readDetails()", () => {
  it("shows the late records that a job has left", async () => {
    await using folder = await scratch();
    using kv = await Deno.openKv(folder.path("state.db"));
    const log = embeddedLog(kv);
    await log.create("visits", { partitions: 2 });
    await log.create("activity", { partitions: 2 });
    await log.append("visits", [visit(0, 0), visit(seconds(200), 0), visit(seconds(30), 0)]);
    const job = await runWith(
      activity(log),
      { name: "shop", state: kv, ...silent },
      new ManualClock(noon + minutes(4)),
    );
    await until("the records to be read", () => job.metrics.snapshot().records_in === 3, job);
    await job.stop();
    const { late, lateRecords } = (await readDetails("shop", { state: kv })).details;
    assertEquals([late, lateRecords.length], [1, 1]);
    const [{ sentence, stage, task, closedBy }] = lateRecords;
    assertEquals([stage, task, closedBy?.offset], ["activity", 0, 1]);
    assertMatch(
      sentence,
      /^visits\/0@2 \(.*12:00:30\) was late by 2 min 10 s for .*: visits\/0@1 \(.*12:03:20\) had closed it/,
    );

    // A reset forgets them.
    const clock = new ManualClock(noon + minutes(5));
    const again = await runWith(activity(log), { name: "shop", state: kv, reset: "latest", ...silent }, clock);
    await again.stop();
    assertEquals((await readDetails("shop", { state: kv })).details.lateRecords, []);
  });

  it("refuses a job that was never started, and a state that is not there", async () => {
    await using folder = await scratch();
    using kv = await Deno.openKv(":memory:");
    await assertRejects(() => readDetails("shop", { state: kv }), Error, "was never started on this state");
    const path = folder.path("other.db");
    await assertRejects(() => readDetails("shop", { state: path }), Error, `there is no state at ${path}`);
    await assertRejects(() => Deno.stat(path), Deno.errors.NotFound);
  });
});
