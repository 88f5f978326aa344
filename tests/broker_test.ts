import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Kafka, logLevel } from "kafkajs";
import { findBroker, sharedBroker, startBroker } from "./support/broker.ts";
import { startCluster } from "./support/broker/cluster.ts";
import { jarsAtHand } from "./support/broker/jars.ts";
import { askCluster } from "./support/broker/wire.ts";

const own = await findBroker({ own: true });
const any = await findBroker();
const jars = await jarsAtHand();

async function values(kafka: Kafka, topic: string, count: number): Promise<string[]> {
  const consumer = kafka.consumer({ groupId: `reads-${crypto.randomUUID()}`, maxWaitTimeInMs: 50 });
  const complete = Promise.withResolvers<void>();
  const seen: string[] = [];
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachMessage: ({ message }) => {
      seen.push(String(message.value));
      if (seen.length === count) complete.resolve();
      return Promise.resolve();
    },
  });
  await complete.promise;
  await consumer.disconnect();
  return seen;
}

Deno.test({
  name: "startBroker() keeps its port and its records over kill() and start()",
  ignore: own.kind === "none",
  async fn() {
    await using broker = await startBroker({ partitions: 1 });
    const kafka = new Kafka({ brokers: broker.brokers, logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    await producer.send({ topic: "kept", messages: [{ value: "before" }] });
    const first = broker.pid;

    await broker.kill();
    assertEquals(broker.pid, undefined);
    await broker.start();

    assertNotEquals(broker.pid, first);
    await producer.send({ topic: "kept", messages: [{ value: "after" }] });
    assertEquals(await values(kafka, "kept", 2), ["before", "after"]);
    await producer.disconnect();
  },
});

Deno.test({
  name: "startCluster() removes its data at the end",
  ignore: !jars.ok,
  async fn() {
    let directory: string;
    {
      await using broker = await startCluster();
      directory = broker.directory;
      assert(Deno.statSync(directory).isDirectory);
    }
    assertEquals(await Deno.stat(directory).then(() => "there", () => "gone"), "gone");
  },
});

Deno.test({
  name: "sharedBroker() gives the same broker each time",
  ignore: any.kind === "none",
  // Under a bare `deno test` the broker is this file's own, and lives until the file ends.
  sanitizeResources: false,
  sanitizeOps: false,
  async fn() {
    const broker = await sharedBroker();
    assertEquals(await sharedBroker(), broker);
    assert((await askCluster(broker.brokers[0])).nodes.length >= 1);
  },
});
