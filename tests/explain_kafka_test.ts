/** Why a result has not come, on a real Kafka: a partition without records, and a task that another worker has. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type Job, run } from "@tidemark/streams";
import { scratch, until } from "./support/jobs.ts";
import { ignore } from "./support/kafka.ts";
import { startSilentPartition, visitsByMinute, visitTopics } from "./support/silent_partition.ts";

function read(job: Job, records: number): Promise<void> {
  return until(`${records} records to be read`, () => job.metrics.snapshot().records_in === records, job);
}

describe("job.explain() on Kafka", { ignore }, () => {
  it("names the one silent partition of four, and the cure", async () => {
    const { job: started, input, why } = await startSilentPartition();
    await using _job = started;
    assertEquals(why.reason, "nothing read yet");
    assertMatch(
      why.sentence,
      new RegExp(
        `^activity: window \\[2026-01-05 12:00:00, 2026-01-05 12:01:00\\) waits: ${input}/3 has no record at all; no idleAfter is set, ` +
          "so it holds time for ever$",
      ),
    );
    assertMatch(why.cure!, /^Give watermark\(\) an idleAfter, .*; or give the topic fewer partitions$/);
  });

  it("tells from any worker of the job who has which task, and how far each has come", async () => {
    await using folder = await scratch();
    const topics = await visitTopics(4, [0, 1, 2, 3]);
    const { name } = topics, pipeline = visitsByMinute(topics);
    const state = folder.path("state.db");
    const start = (worker: string) => run(pipeline, { name, state, worker, log: () => {} });
    await using one = await start("one");
    await read(one, 8);
    await using two = await start("two");
    await until("the results to be visible", () => one.epochs().some(({ publish }) => publish !== undefined), one);
    const { at, publish } = one.epochs().find(({ publish }) => publish !== undefined)!;
    assert(publish!.at >= at && publish!.took >= 0 && publish!.epochs >= 1, JSON.stringify(publish));
    await until("the second worker to have tasks", () => two.metrics.snapshot().records_in > 0, two);
    await until("the first worker to have less", () => one.metrics.snapshot().records_in < 8, one);

    for (const [job, worker, other] of [[one, "one", "two"], [two, "two", "one"]] as const) {
      const details = await job.details();
      assertEquals(details.tasks.map(({ task }) => task), [0, 1, 2, 3]);
      assertEquals(details.workers.map(({ name }) => name), [worker, other]);
      const own = details.tasks.filter(({ source }) => source === "live");
      assert(own.length > 0 && own.length < 4, `${own.length} tasks are its own`);
      assert(own.every((task) => task.worker === worker));
      const others = details.tasks.filter(({ source }) => source === "committed");
      assert(others.every((task) => task.worker === other), JSON.stringify(others));
      assertEquals(own.length + others.length, 4);
      // Every record is counted once, whoever counts.
      assertEquals(details.records_in, 8);
      assertEquals(details.partitions.map(({ marks: [{ raisedBy }] }) => raisedBy), [1, 1, 1, 1]);
      const elsewhere = (await job.explain("activity")).filter(({ reason }) => reason === "elsewhere");
      assertEquals(elsewhere.length, 1);
      assertMatch(
        elsewhere[0].sentence,
        new RegExp(
          `^activity: tasks? [0-9, and]+ (is|are) with worker ${other}, as of .* ago; the watermark of task \\d is .*`,
        ),
      );
    }
  });
});
