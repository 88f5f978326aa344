/** A hop to all tasks on the embedded log: every task has the whole table, however often the job is killed. */
import { killAll, plan, table } from "./support/crash/campaign.ts";
import { EmbeddedWorld } from "./support/crash/embedded_world.ts";
import { assertHeard } from "./support/crash/heard.ts";
import { numbers, pickSeed } from "./support/crash/random.ts";

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
