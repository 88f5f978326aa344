/** Why a result has not come, on a real Kafka: a partition without records, and a task that another worker has. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  count,
  eventTime,
  type Explanation,
  type Job,
  minutes,
  run,
  seconds,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import { scratch, until } from "./support/jobs.ts";
import { brokers, connect, ignore, plainClient } from "./support/kafka.ts";
import { freshTopic } from "./support/recording_reader.ts";

interface Visit {
  readonly user: string;
  readonly at: number;
}

const PARTITIONS = 4;
/** Long ago, so that no result waits for the wall clock. */
const begin = Date.UTC(2026, 0, 5, 12);

/** Topics of four partitions, of which only the first ones get records. */
async function world(used: number) {
  const [name, input, output] = [freshTopic(), freshTopic(), freshTopic()];
  const connection = await connect();
  for (const topic of [input, output]) await connection.createTopic(topic, PARTITIONS);
  await connection.close();
  const producer = plainClient().producer();
  await producer.connect();
  const messages = Array.from({ length: used * 2 }, (_none, n) => {
    const at = begin + Math.floor(n / used) * minutes(3);
    return { key: `user-${n % used}`, value: JSON.stringify({ user: `user-${n % used}`, at }), partition: n % used };
  });
  await producer.send({ topic: input, messages });
  await producer.disconnect();
  const broker = kafka({ brokers });
  const pipeline = broker.source<Visit>(input, { tombstones: "refuse" }).pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: seconds(10) }),
    tumblingWindow({ name: "activity", key: ({ user }) => user, size: minutes(1), aggregate: count() }),
    broker.sink(output, { key: ({ key }) => key }),
  );
  return { name, input, pipeline };
}

function read(job: Job, records: number): Promise<void> {
  return until(`${records} records to be read`, () => job.metrics.snapshot().records_in === records, job);
}

describe("job.explain() on Kafka", { ignore }, () => {
  it("names the one silent partition of four, and the cure", async () => {
    const { name, input, pipeline } = await world(3);
    await using job = await run(pipeline, { name, state: ":memory:", tasks: "single", log: () => {} });
    await read(job, 6);
    let why: readonly Explanation[] = [];
    // Its first fetch, which finds nothing, may come after the records of the others.
    await until("the partition to be fetched", () => {
      job.explain("activity").then((now) => why = now);
      return why.length === 1 && !why[0].sentence.includes("has not been read yet");
    }, job);
    assertEquals(why[0].reason, "nothing read yet");
    assertEquals(why[0].holder, { topic: input, partition: 3, lastEvent: undefined, raisedBy: undefined });
    assertMatch(
      why[0].sentence,
      new RegExp(
        `^activity: window \\[2026-01-05 12:00:00, 2026-01-05 12:01:00\\) waits: ${input}/3 has no record at all; no idleAfter is set, ` +
          "so it holds time for ever$",
      ),
    );
    assertMatch(why[0].cure!, /^Give watermark\(\) an idleAfter, .*; or give the topic fewer partitions$/);
  });

  it("tells from any worker of the job who has which task, and how far each has come", async () => {
    await using folder = await scratch();
    const { name, pipeline } = await world(4);
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
