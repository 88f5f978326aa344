/** Formats on a real Kafka: keys and values that Java wrote, and results with a schema of their own. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Buffer } from "node:buffer";
import { map } from "rxjs";
import { deadLetter, keyedReduce, run } from "@tidemark/streams";
import { avro } from "@tidemark/streams/avro";
import { kafka } from "@tidemark/streams/kafka";
import { registry } from "@tidemark/streams/registry";
import { bytesOf, java } from "./support/java_bytes.ts";
import { first, header } from "./support/jobs.ts";
import { brokers, connect, createTopicWith, ignore, plainClient } from "./support/kafka.ts";
import { freshTopic, startReading } from "./support/recording_reader.ts";
import { TestRegistry } from "./support/schema_registry.ts";

interface Order {
  readonly id: bigint;
  readonly amount: { readonly int: number } | { readonly double: number };
}

interface Total {
  readonly customer: bigint;
  readonly orders: number;
}

const TOTAL = {
  type: "record",
  name: "Total",
  fields: [{ name: "customer", type: "long" }, { name: "orders", type: "int" }],
};

describe("A job on Kafka with Avro", { ignore }, () => {
  it("reads keys and values that Java wrote, and writes results with a schema that it registers", async () => {
    await using server = new TestRegistry();
    server.add("orders-value", { schema: java.avro.schemas["orders-value"] });
    server.add("orders-key", { schema: java.avro.schemas["orders-key"] });
    const [input, output, letters] = [freshTopic(), freshTopic(), freshTopic()];
    for (const topic of [input, output, letters]) await createTopicWith(topic, {}, { partitions: 2 });
    const orders = java.avro.records.filter(({ subject }) => subject === "orders-value");
    const key = Buffer.from(bytesOf(java.avro.records, "key"));
    const producer = plainClient().producer();
    await producer.connect();
    const values = [...orders.map(({ bytes }) => Buffer.from(bytes, "base64")), Buffer.from("no Avro at all")];
    await producer.send({ topic: input, messages: values.map((value) => ({ key, value })) });
    await producer.disconnect();

    const broker = kafka({ brokers, compression: "zstd" });
    const schemas = registry({ url: server.url });
    const pipeline = broker.source<Order>(input, { codec: avro(schemas), key: avro(schemas), tombstones: "refuse" })
      .pipe(
        keyedReduce({ name: "totals", key: () => 4711n, initial: 0, reduce: (count) => count + 1 }),
        map(({ key, value }): Total => ({ customer: key, orders: value })),
        broker.sink(output, { key: ({ customer }) => customer, codec: avro(schemas, { schema: TOTAL }) }),
      );
    await using job = await run(pipeline, {
      name: output,
      state: ":memory:",
      until: "end",
      log: () => {},
      onBadRecord: deadLetter(broker.sink<unknown>(letters)),
    });
    assertEquals((await job.finished).reason, "finished");

    const totals = broker.source<Total>(output, { codec: avro(schemas), tombstones: "refuse" });
    assertEquals(
      await first(totals, orders.length),
      orders.map((_, at) => ({ customer: 4711n, orders: at + 1 })),
    );
    assertEquals(server.versions(`${output}-value`).length, 1);
    const connection = await connect();
    await using reading = await startReading(connection, { topics: [letters] });
    await reading.until("the letter", () => reading.records.length === 1);
    assertEquals(
      header(reading.records[0], "tidemark.reason"),
      "its first byte is 110, and Confluent's wire format begins with 0",
    );
    await reading.reader.stop();
    await connection.close();
  });
});
