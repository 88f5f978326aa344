import { assert, assertEquals, assertInstanceOf, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { lastValueFrom, take, toArray } from "rxjs";
import { kafka } from "../connectors/kafka/mod.ts";
import { KafkaJsDriver } from "../connectors/kafka/kafkajs_driver.ts";
import { peekTopic } from "../connectors/kafka/peek.ts";
import type { InputRecord } from "../connectors/connector.ts";
import { UnavailableError } from "../state/errors.ts";
import { brokers, connect, createTopicWith, ignore, NO_STORE, plainClient } from "./support/kafka.ts";
import { kafkaContract } from "./support/kafka_contract.ts";
import { freshTopic, publish, record, startReading, textOf } from "./support/recording_reader.ts";

kafkaContract("kafka()", () => brokers, { ignore });

Deno.test("kafka() refuses brokers that are no addresses", () => {
  assertThrows(() => kafka({ brokers: [] }), TypeError, "brokers must name at least one broker");
  assertThrows(
    () => kafka({ brokers: ["localhost"] }),
    TypeError,
    'must be host:port or [IPv6]:port, current value is "localhost"',
  );
});

Deno.test("kafka() says in one sentence that no broker answers, and names them", async () => {
  // Nothing listens on a port that was just given back.
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const error = await assertRejects(() => connect([`127.0.0.1:${port}`]), UnavailableError);
  assertStringIncludes(error.message, `Cannot connect to Kafka: no Kafka broker answers at 127.0.0.1:${port}`);
  assertStringIncludes(error.message, "check that the broker runs");
  assert(!error.message.includes("KafkaJS") && !error.message.includes("\n"));
});

Deno.test({
  name: "kafka() knows no topic that is not there, and asking does not make it",
  ignore,
  async fn() {
    const connection = await connect();
    const topic = freshTopic();
    assertEquals(await connection.topic(topic), undefined);
    assertEquals(await connection.topic(topic), undefined);
    const error = await assertRejects(() => connection.bounds(topic), Error);
    assertStringIncludes(error.message, `There is no topic "${topic}" in Kafka`);
    await connection.close();
  },
});

Deno.test({
  name: "kafka() takes the limits of a topic from its configuration",
  ignore,
  async fn() {
    const connection = await connect();
    const [small, appended, aged] = [freshTopic(), freshTopic(), freshTopic()];
    await createTopicWith(small, { "max.message.bytes": "20000", "message.timestamp.after.max.ms": "5000" });
    await createTopicWith(aged, { "message.timestamp.before.max.ms": "86400000" });
    await createTopicWith(appended, { "message.timestamp.type": "LogAppendTime" });
    const info = (await connection.topic(small))!;
    assert(info.maxRecordBytes > 19_000 && info.maxRecordBytes < 20_000);
    assertEquals([info.maxTimestampAhead, info.maxTimestampBehind], [5000, Infinity]);
    assertEquals((await connection.topic(aged))!.maxTimestampBehind, 86_400_000);
    const { maxTimestampAhead, maxTimestampBehind } = (await connection.topic(appended))!;
    assertEquals([maxTimestampAhead, maxTimestampBehind], [Infinity, Infinity]);
    // What is promised is taken: the largest record alone, and many that need several batches.
    const largest = new Uint8Array(info.maxRecordBytes);
    const many = Array.from({ length: 30 }, (_, index) => record(small, { value: new Uint8Array(3000 + index) }));
    await publish({ connection, store: NO_STORE }, [record(small, { value: largest }), ...many]);
    await using reading = await startReading(connection, { topics: [small] });
    await reading.count(31);
    assertEquals(reading.records.map(({ value }) => value!.length), [
      largest.length,
      ...many.map((one) => one.value!.length),
    ]);
    await reading.reader.stop();
    await connection.close();
  },
});

for (const codec of ["gzip", "snappy", "lz4", "zstd"]) {
  Deno.test({
    name: `kafka() reads what was compressed with ${codec}`,
    ignore,
    async fn() {
      const connection = await connect();
      const topic = freshTopic();
      await createTopicWith(topic, { "compression.type": codec });
      const written = Array.from(
        { length: 2000 },
        (_, index) => record(topic, { text: `value ${index % 17} of ${index}` }),
      );
      const noise = crypto.getRandomValues(new Uint8Array(50_000));
      await publish({ connection, store: NO_STORE }, [...written, record(topic, { value: noise })]);
      await using reading = await startReading(connection, { topics: [topic] });
      await reading.count(2001);
      assertEquals(reading.records.slice(0, 2000).map(({ value }) => value), written.map(({ value }) => value));
      assertEquals(reading.records[2000].value, noise);
      await reading.reader.stop();
      await connection.close();
    },
  });
}

Deno.test({
  name: "kafka() reads what another client wrote, and shows its progress to it",
  ignore,
  async fn() {
    const connection = await connect();
    const topic = freshTopic();
    await connection.createTopic(topic, 1);
    const producer = plainClient().producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    await producer.send({
      topic,
      messages: [{ key: "k", value: "v", headers: { one: "1" }, timestamp: "1700000000000" }, { value: null }],
    });
    await producer.disconnect();
    await using reading = await startReading(connection, { topics: [topic] });
    await reading.count(2);
    const [first, second] = reading.records;
    assertEquals([textOf(first), first.timestamp, second.value, second.key], ["v", 1_700_000_000_000, null, null]);
    assertEquals(first.headers, [["one", new TextEncoder().encode("1")]]);
    await reading.reader.stop();
    await connection.close();
  },
});

// Whoever looks at a topic without a job cannot wait for the end of its connections, so the sanitizers would see them.
const unwatched = { sanitizeOps: false, sanitizeResources: false };

Deno.test({
  ...unwatched,
  name: "source() looks at a topic without a job and leaves no group behind",
  ignore,
  async fn() {
    const connection = await connect();
    const topic = freshTopic();
    await connection.createTopic(topic, 1);
    await publish({ connection, store: NO_STORE }, [1, 2, 3].map((value) => record(topic, { text: `${value}` })));
    await connection.close();
    const seen = await lastValueFrom(kafka({ brokers }).source<number>(topic).pipe(take(2), toArray()));
    assertEquals(seen, [1, 2]);
  },
});

Deno.test({
  ...unwatched,
  name: "source() fails with one sentence where there is no such topic",
  ignore,
  async fn() {
    const topic = freshTopic();
    const error = await assertRejects(() => lastValueFrom(kafka({ brokers }).source(topic)));
    assertInstanceOf(error, Error);
    assertStringIncludes(error.message, `There is no topic "${topic}" in Kafka`);
  },
});

Deno.test({
  name: "a look at a topic ends its connections when it is stopped",
  ignore,
  async fn() {
    const connection = await connect();
    const topic = freshTopic();
    await connection.createTopic(topic, 2);
    await publish({ connection, store: NO_STORE }, [record(topic, { text: "seen" })]);
    await connection.close();
    const seen = Promise.withResolvers<InputRecord>();
    let partitions = 0;
    const peek = peekTopic(new KafkaJsDriver(brokers, {}), topic, {
      partitions: (count) => partitions = count,
      record: seen.resolve,
      ended: () => seen.reject(new Error("a topic in Kafka does not end")),
      failed: seen.reject,
    });
    assertEquals([textOf(await seen.promise), partitions], ["seen", 2]);
    peek.stop();
    await peek.closed;
  },
});

Deno.test({
  name: "kafka() finds the cluster when the first of its brokers is away",
  ignore,
  async fn() {
    // Nobody listens where a listener has just been closed.
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const away = `127.0.0.1:${(listener.addr as Deno.NetAddr).port}`;
    listener.close();
    const connection = await connect([away, away, ...brokers]);
    await connection.createTopic(freshTopic(), 1);
    await connection.close();
  },
});
