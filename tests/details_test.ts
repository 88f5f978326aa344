/** The details of a job: one snapshot of plain data. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { count, embeddedLog, eventTime, minutes, seconds, tumblingWindow, watermark } from "@tidemark/streams";
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
    const { tasks, partitions, stages, watermarks, commit_ms: _commit, latency_ms: _latency, ...job_ } = details;
    assertEquals(job_, {
      ...{ job: "shop", at: noon + minutes(2), worker: "a", state: "running", trouble: undefined, failure: undefined },
      ...{ taskCount: 2, records_in: 3, records_per_second: 0, outputs: { activity: 1 }, late: 0, dead_letters: 0 },
      ...{ unpublishable: 0, missing: 0, epochs: 2, lag: 0, lagTime: 0 },
      ...{ waiting: { epochs: 0, bytes: 0 }, leftOut: { tasks: 0, partitions: 0 } },
    });
    const task = { source: "live", worker: "a", epoch: 1, visible: 1, lag: 0, finished: false } as const;
    const marks = [noon + seconds(80) - 1, noon + seconds(10) - 1];
    assertEquals(tasks, [
      { ...task, task: 0, records_in: 2, watermark: marks[0] },
      { ...task, task: 1, records_in: 1, watermark: marks[1] },
    ]);
    const partition = { topic: "visits", endAge: 0, quietFor: 0, lagTime: 0, paused: false };
    const mark = { watermark: "visits:10000", idle: false, holds: true };
    assertEquals(partitions, [
      { ...partition, task: 0, partition: 0, position: 2, end: 2, marks: [{ ...mark, mark: marks[0], raisedBy: 1 }] },
      { ...partition, task: 1, partition: 1, position: 1, end: 1, marks: [{ ...mark, mark: marks[1], raisedBy: 0 }] },
    ]);
    assertEquals(watermarks, [{
      ...{ name: "visits:10000", watermark: marks[1], without: 0, tasks: 2, lag: seconds(110) + 1 },
      ...{ bound: seconds(10), idleAfter: minutes(1), spread: seconds(70) },
    }]);
    const [{ stage, keys, waiting, next }] = stages;
    assertEquals([stage, keys, waiting, next], ["activity", 2, 2, noon + minutes(1) - 1]);
    await job.stop();
    assertEquals((await job.details()).state, "stopped");
  });
});
