import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { between, diedAt, killAll, plan, table } from "./support/crash/campaign.ts";
import { describe } from "./support/crash/compare.ts";
import { KafkaWorld } from "./support/crash/kafka_world.ts";
import { killPair } from "./support/crash/pair.ts";
import type { Point } from "./support/crash/points.ts";
import { numbers, pickSeed } from "./support/crash/random.ts";
import { brokers, ignore } from "./support/kafka.ts";

/** How often a process dies at each moment of its life, in the order in which it comes to them. */
const MOMENTS: Readonly<Record<Point, number>> = {
  claimed: 5,
  fenced: 5,
  restoring: 5,
  marked: 5,
  pushing: 5,
  committing: 6,
  committed: 6,
  publishing: 5,
  begun: 5,
  written: 5,
  sent: 6,
  ending: 6,
  ended: 6,
};
/** The first to die leaves something behind that the next one has to restore, to fence and to publish. */
const FIRST: Point = "committed";
/** Kills of one worker at no moment in particular. */
const RANDOM = 20;
/** Kills of workers that share the tasks. */
const SHARING = 24;

Deno.test({
  name:
    "On Kafka, a job that is killed more than a hundred times at every moment of its life loses and doubles nothing",
  ignore,
  async fn() {
    const seed = pickSeed();
    const random = numbers(seed);
    const points = Object.keys(MOMENTS) as Point[];
    const aimed = points.flatMap((point) =>
      Array.from({ length: MOMENTS[point] - Number(point === FIRST) }, () => point)
    );

    await using world = await KafkaWorld.create({ seed, partitions: 4, brokers });
    world.flow(1000);
    const alone = await killAll(world, plan(random, { random: RANDOM, aimed: [FIRST, ...aimed] }));
    const sharing = await killPair(world, { random, kills: SHARING });
    await world.still();
    await world.end();

    const expected = await world.expected();
    const shared = sharing.filter((one) => one.shared).length;
    console.log(
      `  seed ${seed}: ${alone.length + sharing.length} kills, ${expected.size} results, ${
        expected.count("late")
      } of them late records`,
    );
    console.log(`  ${between(alone)} exactly between the KV commit and the end of the transaction`);
    console.log(`One worker:\n${table(alone)}`);
    console.log(`Two workers, ${shared} of ${sharing.length} while both of them had tasks:\n${table(sharing)}`);

    assertEquals(describe(await world.differences()), "no difference", `seed ${seed}`);
    assert(expected.count("late") > 0 && expected.count("activity", '"late"') > 0, "the traffic held late records");
    for (const point of points) assertEquals(diedAt(alone, point), MOMENTS[point], `deaths when ${point}`);
    assertGreaterOrEqual(alone.length + sharing.length, 100);
    assertGreaterOrEqual(shared, SHARING / 2);
    assert(sharing.some(({ both }) => both), "some were killed together");
  },
});
