/** A hop to all tasks: every task has the whole table, however often workers are killed. */
import { assertEquals, assertGreater } from "@std/assert";
import { killAll, plan, table } from "./support/crash/campaign.ts";
import { describe } from "./support/crash/compare.ts";
import { EmbeddedWorld } from "./support/crash/embedded_world.ts";
import { KafkaWorld } from "./support/crash/kafka_world.ts";
import type { JobProcess } from "./support/crash/process.ts";
import { numbers, pickSeed } from "./support/crash/random.ts";
import type { World } from "./support/crash/world.ts";
import { brokers, ignore } from "./support/kafka.ts";

/** Each result is there once, and each task has the last count of each user. */
async function assertHeard(world: World): Promise<void> {
  assertEquals(describe(await world.differences()), "no difference", `seed ${world.seed}`);
  const counts = await world.counted();
  assertGreater(counts.size, world.partitions);
  const heard = await world.heard();
  assertEquals(heard.length, world.partitions);
  for (const rows of heard) assertEquals(new Map([...rows].sort()), new Map<string, unknown>([...counts].sort()));
}

/** Resolves when a process has published so many times more. */
function publishes(process: JobProcess, times: number): Promise<void> {
  const until = process.published + times;
  return process.hears(`"published" ${times} times more`, () => process.published >= until);
}

Deno.test("On the embedded log, every task has heard of all counts once after a job was killed again and again", async () => {
  const seed = pickSeed();
  await using world = await EmbeddedWorld.create({ seed, partitions: 3, child: { hears: true } });
  world.flow(2000);
  const aimed = ["committed", "committing", "committing", "claimed", "restoring", "pushing"] as const;
  const fallen = await killAll(world, plan(numbers(seed), { random: 4, aimed }));
  await world.still();
  await world.end();
  console.log(`  seed ${seed}: ${fallen.length} kills\n${table(fallen)}`);
  await assertHeard(world);
});

Deno.test({
  name: "On Kafka, every task of two workers has heard of all counts once after one of them was killed",
  ignore,
  async fn() {
    await using world = await KafkaWorld.create({ seed: 71, partitions: 4, brokers, child: { hears: true } });
    world.flow(500);
    const one = world.start({ worker: "one" });
    await publishes(one, 2);
    const two = world.start({ worker: "two" });
    await Promise.all([publishes(two, 5), publishes(one, 5)]);
    one.kill();
    assertEquals((await one.death()).signal, "SIGKILL");
    // Its tasks go on in the process that takes its place, from what they had heard.
    const successor = world.start({ worker: "one" });
    await Promise.all([publishes(successor, 5), publishes(two, 5)]);
    await world.still();
    for (const process of [two, successor]) process.stop();
    await Promise.all([two.finished(), successor.finished()]);
    await world.end();
    await assertHeard(world);
  },
});
