import { assert, assertEquals } from "@std/assert";
import { killAll, plan, table } from "./support/crash/campaign.ts";
import { describe } from "./support/crash/compare.ts";
import { EmbeddedWorld } from "./support/crash/embedded_world.ts";
import type { Point } from "./support/crash/points.ts";
import { numbers, pickSeed } from "./support/crash/random.ts";
import { CRASH, END, play } from "./support/crash/script.ts";

const AIMED: readonly Point[] = [
  ...["committed", "committed", "committing", "committing"] as const,
  ...["claimed", "restoring", "pushing", "pushing"] as const,
];

Deno.test("On the embedded log, a job that is killed again and again loses nothing and doubles nothing", async () => {
  const seed = pickSeed();
  const random = numbers(seed);
  await using world = await EmbeddedWorld.create({ seed, partitions: 4 });
  world.flow(4000);
  const fallen = await killAll(world, plan(random, { random: 12, aimed: AIMED }));
  await world.still();
  await world.end();

  const expected = await world.expected();
  console.log(
    `  seed ${seed}: ${fallen.length} kills, ${expected.size} results, ${expected.count("late")} of them late records`,
  );
  console.log(table(fallen));
  const differences = await world.differences();
  assertEquals(describe(differences), "no difference", `seed ${seed}`);
  assert(expected.count("late") > 0 && expected.count("activity", '"late"') > 0, "the traffic held late records");
});

Deno.test("On the embedded log, a job survives a crash in each of its own recoveries", async () => {
  await using world = await EmbeddedWorld.create({ seed: 11, partitions: 2 });
  await play(world, [
    200,
    CRASH("committed"),
    CRASH("claimed"),
    CRASH("restoring"),
    CRASH("pushing"),
    ...[300, CRASH("committing"), CRASH("committing"), 100, CRASH("committed"), END],
  ]);
  assertEquals(describe(await world.differences()), "no difference");
});
