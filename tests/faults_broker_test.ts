/** A broker that goes away while a transaction of a job is open: killed, stopped in order, or standing still. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Broker } from "./support/broker.ts";
import { describe } from "./support/crash/compare.ts";
import { KafkaWorld } from "./support/crash/kafka_world.ts";
import { ignore, ownCluster, signalNode } from "./support/faults/own_cluster.ts";
import { transactionsOf } from "./support/faults/transactions.ts";

/** How long the job's Kafka client waits for an answer where the broker stands still, in milliseconds. */
const PATIENCE = 1500;

Deno.test({
  name: "A broker that goes away in mid-transaction costs no result and doubles none",
  ignore,
  async fn(test) {
    await using broker = await ownCluster({ controller: "apart" });
    await test.step("when it is killed, and its data is as the kill left it", () =>
      inMidTransaction(broker, { seed: 21 }, async () => {
        await broker.kill();
        await broker.start();
      }));
    await test.step("when it is stopped in an orderly way", () =>
      inMidTransaction(broker, { seed: 22 }, async () => {
        await broker.stop();
        await broker.start();
      }));
    await test.step("when it is killed while records are being sent, and much more waits to be read", () =>
      inMidTransaction(broker, { seed: 23, events: 8000, point: "written" }, async () => {
        await broker.kill();
        await broker.start();
      }));
    await test.step("when it is killed as soon as the transaction's end has been asked for", () =>
      inMidTransaction(broker, {
        seed: 25,
        events: 2000,
        point: "ending",
        states: /^(Ongoing|PrepareCommit|CompleteCommit)$/,
      }, async () => {
        await broker.kill();
        await broker.start();
      }));
    await test.step("when it stands still, and hears of the transaction's end long after the job gave up", () =>
      standingStill(broker));
  },
});

/** The job is stopped in the middle of a transaction, and goes on when the fault is over. */
async function inMidTransaction(
  broker: Broker,
  { seed, events = 300, point = "sent", states = /^Ongoing$/ }: {
    readonly seed: number;
    readonly events?: number;
    readonly point?: "written" | "sent" | "ending";
    /** What the coordinator may say of it then. */
    readonly states?: RegExp;
  },
  fault: () => Promise<void>,
): Promise<void> {
  await using world = await KafkaWorld.create({ seed, partitions: 2, brokers: broker.brokers });
  await world.append(events);
  const process = world.start({ untilEnd: true, aim: { point, occurrence: 1, action: "stop" } });
  await process.stands(point);
  const found = await transactionsOf(broker.brokers, world.base.job);
  assertEquals(found.length, 1);
  assertMatch(found[0].state, states);
  await fault();
  process.goOn();
  await process.finished();
  assertEquals(describe(await world.differences()), "no difference");
}

async function standingStill(broker: Broker): Promise<void> {
  await using world = await KafkaWorld.create({
    seed: 24,
    partitions: 2,
    brokers: broker.brokers,
    child: { patience: PATIENCE },
  });
  await world.append(300);
  const process = world.start({ untilEnd: true, aim: { point: "sent", occurrence: 1, action: "stop" } });
  await process.stands("sent");
  signalNode(broker, 0, "SIGSTOP");
  process.goOn();
  // The request to end the transaction now lies in the broker's socket: it is heard late, when its sender is fenced or not yet.
  await process.says("refused ");
  signalNode(broker, 0, "SIGCONT");
  await process.finished();
  assertEquals(describe(await world.differences()), "no difference");
}
