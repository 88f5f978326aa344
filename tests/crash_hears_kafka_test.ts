/** A hop to all tasks on Kafka: every task has the whole table, also after a worker was killed. */
import { assertEquals } from "@std/assert";
import { assertHeard } from "./support/crash/heard.ts";
import { KafkaWorld } from "./support/crash/kafka_world.ts";
import { brokers, ignore } from "./support/kafka.ts";

Deno.test({
  name: "On Kafka, every task of two workers has heard of all counts once after one of them was killed",
  ignore,
  async fn() {
    await using world = await KafkaWorld.create({ seed: 71, partitions: 4, brokers, child: { hears: true } });
    world.flow(500);
    const one = world.start({ worker: "one" });
    await one.publishes(2);
    const two = world.start({ worker: "two" });
    await Promise.all([two.publishes(5), one.publishes(5)]);
    one.kill();
    assertEquals((await one.death()).signal, "SIGKILL");
    // Its tasks go on in the process that takes its place, from what they had heard.
    const successor = world.start({ worker: "one" });
    await Promise.all([successor.publishes(5), two.publishes(5)]);
    await world.still();
    for (const process of [two, successor]) process.stop();
    await Promise.all([two.finished(), successor.finished()]);
    await world.end();
    await assertHeard(world);
  },
});
