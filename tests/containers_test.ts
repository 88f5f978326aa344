/**
 * Kafka in containers, by Testcontainers: the connector's contract and whole jobs, on a broker that is left alone, on one that is
 * frozen and on one that is killed.
 *
 * After each fault a `read_committed` reader must see exactly the results of a run without any.
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { TRANSACTION_TIMEOUT } from "../connectors/kafka/limits.ts";
import {
  type ContainerBroker,
  containersAtHand,
  loadTestcontainers,
  startContainer,
} from "./support/broker/container.ts";
import { describe } from "./support/crash/compare.ts";
import { KafkaWorld } from "./support/crash/kafka_world.ts";
import type { JobProcess } from "./support/crash/process.ts";
import { CRASH, END, play } from "./support/crash/script.ts";
import type { World } from "./support/crash/world.ts";
import { kafkaContract } from "./support/kafka_contract.ts";

const { ok, reason } = await containersAtHand();
const ignore = !ok;
if (ok) await loadTestcontainers();
console.log(ok ? `Containers run ${reason}.` : `The tests in containers are ignored: ${reason}.`);

/** How long a broker stays frozen, in milliseconds: longer than a transaction may be open and a worker be silent. */
const FREEZE = TRANSACTION_TIMEOUT + 2000;

let plain: ContainerBroker | undefined;
Deno.test.beforeAll(async () => {
  if (ok) plain = await startContainer({ partitions: 1 });
});
Deno.test.afterAll(async () => {
  await plain?.[Symbol.asyncDispose]();
});

kafkaContract("kafka() on a container", () => plain!.brokers, { ignore });

Deno.test({
  name: "On a container, a job that is killed twice loses nothing and doubles nothing",
  ignore,
  async fn() {
    await using world = await KafkaWorld.create({ seed: 21, partitions: 2, brokers: plain!.brokers });
    await play(world, [300, CRASH("committed"), CRASH("sent"), 300, END]);
    await assertExact(world);
  },
});

Deno.test({
  name: "On a container that is frozen in mid-transaction for longer than it may last, results are exact",
  ignore,
  async fn() {
    await using broker = await startContainer({ partitions: 1 });
    await using world = await KafkaWorld.create({ seed: 22, partitions: 2, brokers: broker.brokers });
    const job = await stopsBeforeTheEnd(world);

    await broker.pause();
    const before = job.published;
    job.goOn();
    await new Promise((resolve) => setTimeout(resolve, FREEZE));
    assertEquals(await broker.status(), "paused");
    assertEquals(job.published, before, "nothing is published while the broker is frozen");

    await broker.unpause();
    await job.finished();
    assertGreater(job.published, before);
    await assertExact(world);
  },
});

Deno.test({
  name: "On a container that is killed in mid-transaction and started again with its data, results are exact",
  ignore,
  async fn() {
    await using broker = await startContainer({ partitions: 1 });
    await using world = await KafkaWorld.create({ seed: 23, partitions: 2, brokers: broker.brokers });
    const job = await stopsBeforeTheEnd(world);

    await broker.kill();
    const before = job.published;
    job.goOn();
    await job.says("refused ");
    assertEquals(await broker.status(), "exited");
    assertEquals(job.published, before, "nothing is published while the broker is dead");

    await broker.start();
    await job.finished();
    assertGreater(job.published, before);
    await assertExact(world);
  },
});

Deno.test({
  name: "A container and its data are gone when its broker is disposed of",
  ignore,
  async fn() {
    let broker: ContainerBroker;
    {
      await using running = await startContainer({});
      broker = running;
      assertEquals(await broker.status(), "running");
    }
    assertEquals(await broker.status().catch((error: Error) => /no such/i.test(error.message)), true);
  },
});

/** Starts a job with a past that stops itself when a transaction has all its records and its end has not been asked for. */
async function stopsBeforeTheEnd(world: World): Promise<JobProcess> {
  await play(world, [200, CRASH("ended"), 2000]);
  const job = world.start({ untilEnd: true, aim: { point: "sent", occurrence: 1, action: "stop" } });
  await job.says("! sent");
  return job;
}

async function assertExact(world: World): Promise<void> {
  const expected = await world.expected();
  assert(expected.count("counts") > 0 && expected.count("activity") > 0 && expected.count("late") > 0);
  assertEquals(describe(await world.differences()), "no difference");
}
