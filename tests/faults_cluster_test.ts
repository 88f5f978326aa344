/** A cluster of three nodes that loses the node on which the job leans most. */
import { assert, assertEquals } from "@std/assert";
import type { Broker } from "./support/broker.ts";
import { describe } from "./support/crash/compare.ts";
import { KafkaWorld } from "./support/crash/kafka_world.ts";
import { clientOf } from "./support/kafka_clients.ts";
import { ignore, ownCluster, signalNode } from "./support/faults/own_cluster.ts";
import { transactionsOf } from "./support/faults/transactions.ts";

/** Which node has a part, from 0. */
type Find = (broker: Broker, world: KafkaWorld) => Promise<number>;

const FACTS: readonly { readonly what: string; readonly find: Find; readonly seed: number }[] = [
  { what: "the leader of its results' partition", find: leaderOfResults, seed: 31 },
  { what: "the coordinator of its transaction", find: coordinator, seed: 32 },
];

Deno.test({
  name: "A cluster of three nodes that loses one in mid-transaction costs no result and doubles none",
  ignore,
  async fn(test) {
    await using broker = await ownCluster({ nodes: 3 });
    for (const { what, find, seed } of FACTS) {
      await test.step(`when ${what} is killed, and the job ends without it`, async () => {
        const lost = await loseNode(broker, { seed, find });
        await broker.start(lost);
      });
    }
    await test.step("when the leader of its results' partition stands still until another one leads", () =>
      stallLeader(broker));
  },
});

async function leaderOfResults(_broker: Broker, world: KafkaWorld, kafka = world.kafka): Promise<number> {
  const admin = kafka.admin();
  await admin.connect();
  const { topics } = await admin.fetchTopicMetadata({ topics: [world.base.topics.counts] });
  await admin.disconnect();
  return topics[0].partitions.find(({ partitionId }) => partitionId === 0)!.leader - 1;
}

async function coordinator(broker: Broker, world: KafkaWorld): Promise<number> {
  const open = await transactionsOf(broker.brokers, world.base.job);
  assertEquals(open.map(({ state }) => state), ["Ongoing"]);
  return open[0].node;
}

/** Kills the node in mid-transaction, lets the job go on, and checks its results. */
async function loseNode(broker: Broker, { seed, find }: { seed: number; find: Find }): Promise<number> {
  await using world = await KafkaWorld.create({ seed, partitions: 2, brokers: broker.brokers });
  await world.append(3000);
  const process = world.start({ untilEnd: true, aim: { point: "written", occurrence: 1, action: "stop" } });
  await process.stands("written");
  const lost = await find(broker, world);
  await broker.kill(lost);
  process.goOn();
  await process.finished();
  assertEquals(describe(await world.differences()), "no difference");
  return lost;
}

/** A leader that is cut off and comes back believes that it leads still; what it takes then must not count. */
async function stallLeader(broker: Broker): Promise<void> {
  await using world = await KafkaWorld.create({
    seed: 33,
    partitions: 2,
    brokers: broker.brokers,
    child: { patience: 1500 },
  });
  await world.append(3000);
  const process = world.start({ untilEnd: true, aim: { point: "written", occurrence: 1, action: "stop" } });
  await process.stands("written");
  const node = await leaderOfResults(broker, world);
  signalNode(broker, node, "SIGSTOP");
  process.goOn();
  await process.finished();
  // The others are asked: it would say of itself that it leads, and for a while after it has woken up, too.
  const others = clientOf(broker.brokers.filter((_, index) => index !== node));
  assert(await leaderOfResults(broker, world, others) !== node);
  signalNode(broker, node, "SIGCONT");
  assertEquals(describe(await world.differences()), "no difference");
}
