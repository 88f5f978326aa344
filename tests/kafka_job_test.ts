/** What people and the world outside do to a job on Kafka while it runs, and before it starts: each is told, with what to do. */
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Observable } from "rxjs";
import { type Keyed, keyedReduce, run } from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import { first, Lines, refusal } from "./support/jobs.ts";
import { brokers, connect, createTopicWith, deleteTopic, ignore, plainClient } from "./support/kafka.ts";
import { freshTopic, startReading } from "./support/recording_reader.ts";

interface World {
  readonly name: string;
  readonly input: string;
  readonly output: string;
  readonly pipeline: Observable<Keyed<string, number>>;
}

/** A job that counts, with topics of two partitions. */
async function world(name = freshTopic()): Promise<World> {
  const [input, output] = [freshTopic(), freshTopic()];
  for (const topic of [input, output]) await createTopicWith(topic, {}, { partitions: 2 });
  return { name, input, output, pipeline: counting(input, output) };
}

function counting(input: string, output: string): World["pipeline"] {
  const broker = kafka({ brokers });
  return broker.source<string>(input).pipe(
    keyedReduce({ name: "counts", key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
    broker.sink(output, { key: ({ key }) => key }),
  );
}

async function produce(topic: string, ...users: string[]): Promise<void> {
  const producer = plainClient().producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  await producer.send({ topic, messages: users.map((user) => ({ key: user, value: JSON.stringify(user) })) });
  await producer.disconnect();
}

async function administer(work: (admin: ReturnType<ReturnType<typeof plainClient>["admin"]>) => Promise<unknown>) {
  const admin = plainClient().admin();
  await admin.connect();
  await work(admin);
  await admin.disconnect();
}

/** How many results a `read_committed` reader sees. */
async function results(topic: string): Promise<number> {
  const connection = await connect();
  await using reading = await startReading(connection, { topics: [topic] });
  const atEnd = () =>
    [0, 1].every((one) => reading.batches.some((it) => it.partition === one && it.position === it.end));
  await reading.until("the end", atEnd);
  const count = reading.records.length;
  await reading.reader.stop();
  await connection.close();
  return count;
}

describe("A job on Kafka", { ignore }, () => {
  it("is refused on a second state store while it runs on another one, and no result is doubled", async () => {
    const { name, input, output, pipeline } = await world();
    await produce(input, "ada", "bob", "cy");
    const lines = new Lines();
    await using job = await run(pipeline, { name, state: ":memory:", log: lines.log });
    const told = await refusal(counting(input, output), { name, state: ":memory:" });
    // Which of two sentences depends on whether the first one has published anything.
    assertMatch(told, /^Cannot run job .*(on another state store|the state store knows nothing of it)/);
    await first(kafka({ brokers }).source(output), 3, job);
    await job.stop();
    assertEquals(await results(output), 3);
  });

  it("that is started twice at once on two state stores runs once", async () => {
    const { name, input, output, pipeline } = await world();
    await produce(input, "ada", "bob", "cy");
    const attempts = await Promise.allSettled([
      run(pipeline, { name, state: ":memory:", log: () => {} }),
      run(counting(input, output), { name, state: ":memory:", log: () => {} }),
    ]);
    const refused = attempts.filter((one) => one.status === "rejected");
    const [job] = attempts.flatMap((one) => one.status === "fulfilled" ? [one.value] : []);
    assertEquals(refused.length, 1);
    assertMatch(
      refused[0].reason.message,
      /^Cannot run job .*(on another state store|the state store knows nothing of it)/,
    );
    await first(kafka({ brokers }).source(output), 3, job);
    await job.stop();
    assertEquals(await results(output), 3);
  });

  it("says that its topic has grown, goes on with the old partitions, and does not start again on the new ones", async () => {
    using kv = await Deno.openKv(":memory:");
    const { name, input, output, pipeline } = await world();
    const lines = new Lines();
    const job = await run(pipeline, { name, state: kv, log: lines.log });
    await administer((admin) => admin.createPartitions({ topicPartitions: [{ topic: input, count: 3 }] }));
    const line = await lines.line(/has 3 partitions/);
    assertMatch(
      line,
      /going on with the partitions that it was made with, but topic .* the job was made with 2: partition 2 is read by nobody/,
    );
    assertMatch(job.metrics.snapshot().trouble!, /has 3 partitions/);
    await produce(input, ...Array.from({ length: 30 }, (_, user) => `user ${user}`));
    await first(kafka({ brokers }).source(output), 1, job);
    await job.stop();
    assertMatch(
      await refusal(counting(input, output), { name, state: kv }),
      /had 2 partitions when the job was made and has 3 now/,
    );
  });

  it("says that its input was deleted while it runs, and ends with words when it is made anew", async () => {
    const { name, input, pipeline } = await world();
    const lines = new Lines();
    const job = await run(pipeline, { name, state: ":memory:", log: lines.log });
    const ended = assertRejects(() => job.finished, Error);
    await deleteTopic(input);
    const line = await lines.line(new RegExp(`${input}.*UNKNOWN_TOPIC_OR_PARTITION`));
    assertMatch(line, /waiting, because .*there is no such topic or partition.*check whether the topic was deleted/);
    await createTopicWith(input, {}, { partitions: 2 });
    assertMatch((await ended).message, /was deleted and made anew while it was read; start the job with reset/);
  });

  it("says that the topic of its results was deleted while it runs", async () => {
    const { name, input, output, pipeline } = await world();
    const lines = new Lines();
    const job = await run(pipeline, { name, state: ":memory:", log: lines.log });
    await deleteTopic(output);
    await produce(input, "ada");
    const line = await lines.line(new RegExp(`there is no topic "${output}"|"${output}".*UNKNOWN_TOPIC_OR_PARTITION`));
    assertMatch(line, /waiting, because .*check whether the topic was deleted/);
    await createTopicWith(output, {}, { partitions: 2 });
    await first(kafka({ brokers }).source(output), 1, job);
    await lines.line(/results are published again; all is well again/);
    await job.stop();
  });

  it("says that somebody has set the offsets of its group back", async () => {
    using kv = await Deno.openKv(":memory:");
    const { name, input, output, pipeline } = await world();
    await produce(input, "ada", "ada", "ada");
    const job = await run(pipeline, { name, state: kv, log: () => {} });
    await first(kafka({ brokers }).source(output), 3, job);
    await job.stop();
    const partitions = [0, 1].map((partition) => ({ partition, offset: "0" }));
    await administer((admin) => admin.setOffsets({ groupId: name, topic: input, partitions }));
    const lines = new Lines();
    await using again = await run(counting(input, output), { name, state: kv, log: lines.log });
    assertMatch(
      await lines.line(/the group's offset/),
      /the group's offset of .* is 0, but the job goes on at 3, where its checkpoint is; to read from elsewhere, start it with reset$/,
    );
    await again.stop();
    const quiet = new Lines();
    await using third = await run(counting(input, output), { name, state: kv, log: quiet.log });
    await third.stop();
    assertEquals(quiet.find(/the group's offset/), undefined);
  });

  it("whose name differs from another's only in . and _ is refused, with the topic that is in its way", async () => {
    const base = freshTopic().replaceAll("-", "");
    const [dotted, underscored] = [await world(`${base}.v1`), await world(`${base}_v1`)];
    const job = await run(dotted.pipeline, { name: dotted.name, state: ":memory:", log: () => {} });
    await job.stop();
    const told = await refusal(underscored.pipeline, { name: underscored.name, state: ":memory:" });
    assertMatch(told, new RegExp(`^Cannot create the topic "${base}_v1\\.tidemark": its name and that of the topic`));
    assertMatch(told, new RegExp(`"${base}\\.v1\\.tidemark" differ only in \\. and _`));
    assertMatch(told, /choose another name \(the topics of a job begin with the job's name\)$/);
  });
});

describe("kafka() with a name that no topic can have", () => {
  const broker = kafka({ brokers: ["localhost:9092"] });

  it("refuses it in a source and in a sink when the pipeline is built, and when it is to be created", async () => {
    for (const name of ["", "two words", "orders/eu", "ünïcode", ".", "..", "x".repeat(250)]) {
      assertThrows(
        () => broker.source(name),
        TypeError,
        `Cannot read from the topic ${JSON.stringify(name)}: in Kafka a name`,
      );
      assertThrows(
        () => broker.sink(name),
        TypeError,
        `Cannot write to the topic ${JSON.stringify(name)}: in Kafka a name`,
      );
      await assertRejects(() => broker.create(name), TypeError, `Cannot create the topic ${JSON.stringify(name)}`);
    }
    for (const name of ["a", "orders.v1_x-2", "x".repeat(249)]) assert(broker.source(name) !== undefined);
  });
});
