/** Measurements of several workers of one job on a real Kafka, and the steps of their transactions. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type Job, run, type SendStep, type WorkStep } from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import { scratch, until } from "./support/jobs.ts";
import { brokers, createTopicWith, ignore, plainClient } from "./support/kafka.ts";
import { freshTopic } from "./support/recording_reader.ts";

const PARTITIONS = 4;

/** Sends one record into each partition. */
async function produce(topic: string): Promise<void> {
  const producer = plainClient().producer();
  await producer.connect();
  const messages = Array.from({ length: PARTITIONS }, (_none, partition) => ({ partition, value: `"${partition}"` }));
  await producer.send({ topic, messages });
  await producer.disconnect();
}

describe("the measurements of workers on Kafka", { ignore }, () => {
  it("add up to what the job has done while tasks move, and none of them falls", async () => {
    const [name, input, output] = [freshTopic(), freshTopic(), freshTopic()];
    for (const topic of [input, output]) await createTopicWith(topic, {}, { partitions: PARTITIONS });
    await using folder = await scratch();
    using kv = await Deno.openKv(folder.path("state.db"));
    const broker = kafka({ brokers });
    const jobs: Job[] = [];
    const steps: WorkStep[] = [];
    const start = async (worker: string) => {
      const job = await run(broker.source(input).pipe(broker.sink(output)), { name, state: kv, worker, log: () => {} });
      job.metrics.steps.subscribe((step) => steps.push(step));
      jobs.push(job);
    };
    const counted = (kind: "source" | "sink", topic: string) =>
      jobs.map(({ metrics }) => metrics.measure().counts[kind][topic]);
    const seen: number[][] = [];
    const allIn = async (records: number) => {
      await until(`${records} records`, () => sum(counted("source", input)) === records, jobs.at(-1));
      seen.push(counted("source", input));
    };

    await start("a");
    await produce(input);
    await allIn(PARTITIONS);
    await start("b");
    await until(
      "two tasks for each worker",
      () => jobs.every(({ metrics }) => metrics.measure().tasks.owned === PARTITIONS / 2),
    );
    await produce(input);
    await allIn(2 * PARTITIONS);
    await jobs[0].stop();
    await until("all tasks with one worker", () => jobs[1].metrics.measure().tasks.owned === PARTITIONS);
    await produce(input);
    await allIn(3 * PARTITIONS);
    await jobs[1].stop();

    assertEquals(seen, [[4], [6, 2], [6, 6]]);
    assertEquals(sum(counted("sink", output)), 3 * PARTITIONS);
    const sends = steps.filter((step): step is SendStep => step.kind === "send");
    assertEquals(sum(sends.map(({ records }) => records)), 3 * PARTITIONS);
    for (const { topics, epochs, commits, error, took } of sends) {
      assertEquals([topics, error], [[output], undefined]);
      assert(epochs >= commits.length && commits.length > 0 && took > 0);
    }
    for (const { metrics } of jobs) assertGreater(metrics.measure().publish.count, 0);
    const latencies = steps.flatMap((step) => step.kind === "visible" ? step.latencies : []);
    assertEquals(latencies.length, sum(jobs.map(({ metrics }) => metrics.measure().latency.count)));
    assertGreater(latencies.length, 0);
  });
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
