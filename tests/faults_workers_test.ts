/** Workers that are stopped under load, killed while others work, or run twice. */
import { assert, assertEquals } from "@std/assert";
import { describe } from "./support/crash/compare.ts";
import { KafkaWorld } from "./support/crash/kafka_world.ts";
import type { JobProcess } from "./support/crash/process.ts";
import { transactionsOf } from "./support/faults/transactions.ts";
import { brokers, connect, ignore } from "./support/kafka.ts";

/** Events a second while the traffic flows. */
const RATE = 1000;
/** How long a transaction may stay open where only fencing may end it, in milliseconds: longer than any test. */
const NO_TIMEOUT = 600_000;

/** Resolves when it has published so many times more. */
function publishes(process: JobProcess, times: number): Promise<void> {
  const until = process.published + times;
  return process.hears(`"published" ${times} times more`, () => process.published >= until);
}

async function end(process: JobProcess): Promise<void> {
  process.stop();
  await process.finished();
}

Deno.test({
  name:
    "a worker that gets SIGTERM under load ends with exit code 0, leaves nothing to republish, and another one goes on",
  ignore,
  async fn() {
    await using world = await KafkaWorld.create({ seed: 61, partitions: 4, brokers });
    world.flow(RATE);
    for (let life = 0; life < 3; life++) {
      const process = world.start();
      await process.says("running");
      const began = process.said.find((line) => / keys in /.test(line))!;
      assert(began.endsWith("nothing to republish"), began);
      await publishes(process, 5);
      await end(process);
    }
    await world.still();
    await world.end();
    assertEquals(describe(await world.differences()), "no difference");
  },
});

Deno.test({
  name: "two workers share the partitions; one is killed, its successor takes its place, and each result is there once",
  ignore,
  async fn() {
    await using world = await KafkaWorld.create({ seed: 62, partitions: 4, brokers });
    world.flow(RATE);
    const one = world.start({ worker: "one" });
    await publishes(one, 2);
    const two = world.start({ worker: "two" });
    await Promise.all([publishes(two, 5), publishes(one, 5)]);
    one.kill();
    await one.death();
    const successor = world.start({ worker: "one" });
    await Promise.all([publishes(successor, 5), publishes(two, 5)]);
    await world.still();
    await Promise.all([end(two), end(successor)]);
    await world.end();
    assertEquals(describe(await world.differences()), "no difference");
  },
});

Deno.test({
  name: "two live workers that believe to be the same one fence each other, and each result is there once",
  ignore,
  async fn() {
    await using world = await KafkaWorld.create({ seed: 63, partitions: 2, brokers });
    world.flow(RATE);
    const one = world.start({ worker: "one" });
    await publishes(one, 2);
    const other = world.start({ worker: "one" });
    // Whoever comes later takes the tasks over while the first one is at work.
    await publishes(other, 5);
    await world.still();
    await Promise.all([end(one), end(other)]);
    await world.end();
    assertEquals(describe(await world.differences()), "no difference");
  },
});

Deno.test({
  name:
    "a worker that dies with a transaction open holds readers back until the next one has taken over, and no longer",
  ignore,
  async fn() {
    await using world = await KafkaWorld.create({ seed: 64, partitions: 2, brokers });
    const { job, topics } = world.base;
    await world.append(300);
    // Not even the broker may end its transaction: only being fenced can.
    const dead = world.start({ transactionTimeout: NO_TIMEOUT, aim: { point: "sent", occurrence: 1, action: "die" } });
    await dead.death();
    const id = dead.said.find((line) => line.startsWith("producer "))!.slice("producer ".length);
    assertEquals((await transactionsOf(brokers, job)).map(({ state }) => state), ["Ongoing"]);
    // All of its records are with the broker, and a reader sees none: only the control record of the rehearsal lies before them.
    const connection = await connect();
    assertEquals(await connection.offsets(topics.counts, "latest"), [1, 1]);
    await connection.close();

    const next = world.start({ untilEnd: true });
    await next.says("running");
    // The dead one's records are aborted before the next one reads its first record.
    const after = (await transactionsOf(brokers, job)).find(({ transactionalId }) => transactionalId === id);
    assert(after?.state === "CompleteAbort" || after?.state === "Empty", `its transaction is ${after?.state}`);
    await next.finished();
    assertEquals(describe(await world.differences()), "no difference");
  },
});
