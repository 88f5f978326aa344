/** A topic that Kafka's own cleaner has been through: what it leaves is read on, and nothing of it is lost or doubled. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { run } from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import type { Line } from "../connectors/kafka/driver.ts";
import { KafkaJsDriver } from "../connectors/kafka/kafkajs_driver.ts";
import { findBroker, startBroker } from "./support/broker.ts";
import { scratch } from "./support/jobs.ts";
import { clientOf, connectTo } from "./support/kafka_clients.ts";
import { startReading } from "./support/recording_reader.ts";

const own = await findBroker({ own: true });
const suite = own.kind === "none" ? describe.ignore : describe;

interface Person {
  readonly name: string;
  readonly mood: string;
}

function message(person: Person): { key: string; value: string } {
  return { key: person.name, value: JSON.stringify(person) };
}

/** How long the cleaner may take, in milliseconds. */
const PATIENCE = 60_000;
const CONTROL = 0x20;

/** Compacted as soon as anything can be, and control records and tombstones go as soon as they may. */
const COMPACTED = {
  "cleanup.policy": "compact",
  "min.cleanable.dirty.ratio": "0.0",
  "segment.ms": "1",
  "delete.retention.ms": "0",
};

/** The batches of a partition as they lie on the disk: control or not, and how many records. */
async function batchesOf(line: Line, topic: string): Promise<{ control: boolean; count: number }[]> {
  const [{ leader }] = (await line.places(topic))!;
  const limits = { wait: 100, partitionBytes: 1_000_000, bytes: 1_000_000 };
  const [{ batches }] = await line.fetch(leader!, [{ topic, partition: 0, offset: 0 }], limits);
  const view = new DataView(batches.buffer, batches.byteOffset, batches.length);
  const found: { control: boolean; count: number }[] = [];
  for (let at = 0; at + 61 <= batches.length; at += 12 + view.getInt32(at + 8)) {
    found.push({ control: (view.getInt16(at + 21) & CONTROL) !== 0, count: view.getInt32(at + 57) });
  }
  return found;
}

suite("a job on a compacted topic", () => {
  it("reads on past control batches that the cleaner has left without records", async () => {
    await using broker = await startBroker({ properties: { "log.cleaner.backoff.ms": "20" } });
    const client = clientOf(broker.brokers);
    const admin = client.admin();
    await admin.connect();
    const configEntries = Object.entries(COMPACTED).map(([name, value]) => ({ name, value }));
    await admin.createTopics({ topics: [{ topic: "people", numPartitions: 1, configEntries }], waitForLeaders: true });
    await admin.createTopics({ topics: [{ topic: "seen", numPartitions: 1 }], waitForLeaders: true });
    await admin.disconnect();

    const plain = client.producer();
    await plain.connect();
    const send = (name: string, mood: string) => plain.send({ topic: "people", messages: [message({ name, mood })] });
    for (const id of ["one", "two", "three"]) {
      const producer = client.producer({ transactionalId: id, maxInFlightRequests: 1 });
      await producer.connect();
      const transaction = await producer.transaction();
      await transaction.send({ topic: "people", messages: [message({ name: id, mood: "old" })] });
      if (id !== "two") await transaction.commit();
      else {
        // Its next life ends it: the control record is of an epoch without data, by which alone the producer is remembered.
        const next = client.producer({ transactionalId: id, maxInFlightRequests: 1 });
        await next.connect();
        await (await next.transaction()).abort();
        await next.disconnect();
      }
      await producer.disconnect();
      await send("ada", `after ${id}`);
    }
    await send("one", "new");
    await send("three", "new");

    // Each further record rolls a segment, so that the cleaner gets to what lies before it.
    const line = new KafkaJsDriver(broker.brokers, {}).line();
    await line.connect();
    const deadline = performance.now() + PATIENCE;
    const cleaned = async () => (await batchesOf(line, "people")).some(({ control, count }) => control && count === 0);
    for (let roll = 0; !(await cleaned()); roll++) {
      assert(performance.now() < deadline, `the cleaner left ${JSON.stringify(await batchesOf(line, "people"))}`);
      await send("ada", `roll ${roll}`);
    }
    await send("ada", "last");
    await plain.disconnect();
    await line.close();

    await using folder = await scratch();
    const connector = kafka({ brokers: broker.brokers });
    const pipeline = connector.source<Person>("people").pipe(connector.sink("seen"));
    const job = await run(pipeline, { name: "census", state: folder.path("state.db"), until: "end", log: () => {} });
    assertEquals((await job.finished).reason, "finished");
    const connection = await connectTo(broker.brokers);
    await using reading = await startReading(connection, { topics: ["seen"] });
    await reading.until("the end", () => reading.batches.some(({ position, end }) => position === end));
    const people = reading.records.map(({ value }): Person => JSON.parse(new TextDecoder().decode(value!)));
    assertEquals(
      new Map(people.map(({ name, mood }) => [name, mood])),
      new Map([["one", "new"], ["three", "new"], ["ada", "last"]]),
    );
    await reading.reader.stop();
    await connection.close();
  });
});
