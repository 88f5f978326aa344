/** A real Kafka that lets a job write slowly: a quota, and a network that is slow. Results come slower, and each is written once. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { mergeMap } from "rxjs";
import { run } from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import type { Broker } from "./support/broker.ts";
import { ignore, ownCluster } from "./support/faults/own_cluster.ts";
import { limitProducers } from "./support/faults/quota.ts";
import { first, Lines, until } from "./support/jobs.ts";
import { clientOf, makeTopic } from "./support/kafka_clients.ts";

/** What a producer may write, in bytes a second. */
const RATE = 30_000;
const VALUE = "x".repeat(480);

/** Bytes of a topic's log on the broker's disk. */
async function written({ directory }: Broker, topic: string): Promise<number> {
  let bytes = 0;
  const look = async (path: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(path)) {
      if (isDirectory) await look(`${path}/${name}`);
      else if (name.endsWith(".log") && path.includes(`/${topic}-`)) bytes += (await Deno.stat(`${path}/${name}`)).size;
    }
  };
  await look(directory);
  return bytes;
}

describe("A quota of 30 kB/s", { ignore }, () => {
  it("makes results slower, never stuck: an epoch that is too large for one transaction is published in pieces", async () => {
    await using broker = await ownCluster();
    const { brokers } = broker;
    const [input, output] = ["input", "output"];
    for (const topic of [input, output]) await makeTopic(brokers, topic);
    await limitProducers(brokers[0], RATE);
    const lines = new Lines();
    const connector = kafka({ brokers, transactionTimeout: 4000 });
    // One record makes one epoch, of more than the quota lets through within the time of a transaction.
    const count = 800;
    const pipeline = connector.source<number>(input, { tombstones: "refuse" }).pipe(
      mergeMap((n) => Array.from({ length: n }, (_, index) => `${index} ${VALUE}`)),
      connector.sink(output),
    );
    const job = await run(pipeline, {
      name: "slow",
      state: ":memory:",
      log: lines.log,
    });
    const producer = clientOf(brokers).producer();
    await producer.connect();
    await producer.send({ topic: input, messages: [{ value: String(count) }] });
    await producer.disconnect();
    const results = await first(kafka({ brokers }).source<string>(output, { tombstones: "refuse" }), count, job);
    assertEquals(results.map((text) => Number.parseInt(text)), Array.from({ length: count }, (_, index) => index));
    await until("the end", () => job.metrics.snapshot().trouble === undefined, job);
    assert(lines.find(/holds back what is written, now for \d+ ms, because a quota of this client is used up/));
    await job.stop();
    // Nothing was written twice for slowness alone.
    assertLess(await written(broker, output), 1.1 * count * (VALUE.length + 60));
  });
});
