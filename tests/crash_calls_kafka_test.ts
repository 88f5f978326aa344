import { assertEquals, assertGreater } from "@std/assert";
import { between, killAll, plan, table } from "./support/crash/campaign.ts";
import { describe } from "./support/crash/compare.ts";
import { KafkaWorld } from "./support/crash/kafka_world.ts";
import { numbers, pickSeed } from "./support/crash/random.ts";
import { brokers, ignore } from "./support/kafka.ts";

Deno.test({
  name: "On Kafka, a job that is killed while its calls are under way calls again, and each result takes effect once",
  ignore,
  async fn() {
    const seed = pickSeed();
    await using world = await KafkaWorld.create({ seed, partitions: 4, brokers, child: { calls: true } });
    world.flow(1000);
    const aimed = ["committed", "publishing", "begun", "ended", "claimed", "pushing"] as const;
    const fallen = await killAll(world, plan(numbers(seed), { random: 6, aimed }));
    await world.still();
    await world.end();

    console.log(`  seed ${seed}: ${fallen.length} kills, ${between(fallen)} between the commit and its transaction`);
    console.log(table(fallen));
    assertGreater(fallen.length, 9);
    assertEquals(describe(await world.differences()), "no difference", `seed ${seed}`);
  },
});
