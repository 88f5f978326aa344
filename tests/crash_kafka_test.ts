import { assert, assertEquals, assertGreater } from "@std/assert";
import { between, killAll, plan, table } from "./support/crash/campaign.ts";
import { describe } from "./support/crash/compare.ts";
import { KafkaWorld } from "./support/crash/kafka_world.ts";
import type { Point } from "./support/crash/points.ts";
import { numbers, pickSeed } from "./support/crash/random.ts";
import { CRASH, END, play } from "./support/crash/script.ts";
import { brokers, ignore } from "./support/kafka.ts";

const AIMED: readonly Point[] = [
  ...["committed", "committed", "publishing", "publishing", "begun", "begun"] as const,
  ...["written", "sent", "sent", "ending", "ending", "ended", "ended", "ended"] as const,
  ...["claimed", "fenced", "restoring", "pushing", "committing"] as const,
];

Deno.test({
  name: "On Kafka, a job that is killed again and again loses nothing and doubles nothing",
  ignore,
  async fn() {
    const seed = pickSeed();
    const random = numbers(seed);
    await using world = await KafkaWorld.create({ seed, partitions: 4, brokers });
    world.flow(1000);
    const fallen = await killAll(world, plan(random, { random: 12, aimed: AIMED }));
    await world.still();
    await world.end();

    const expected = await world.expected();
    console.log(
      `  seed ${seed}: ${fallen.length} kills, ${expected.size} results, ${
        expected.count("late")
      } of them late records`,
    );
    console.log(`  ${between(fallen)} exactly between the KV commit and the end of the transaction`);
    console.log(table(fallen));
    assertGreater(between(fallen), 9);
    assertEquals(describe(await world.differences()), "no difference", `seed ${seed}`);
    assert(expected.count("late") > 0 && expected.count("activity", '"late"') > 0, "the traffic held late records");
  },
});

Deno.test({
  name: "On Kafka, a job survives a crash in each of its own recoveries, before and after its results are visible",
  ignore,
  async fn() {
    await using world = await KafkaWorld.create({ seed: 12, partitions: 2, brokers });
    await play(world, [
      ...[200, CRASH("committed"), CRASH("claimed"), CRASH("fenced"), CRASH("restoring"), CRASH("publishing")],
      ...[
        CRASH("sent"),
        CRASH("ended"),
        200,
        CRASH("pushing"),
        CRASH("written"),
        CRASH("ending"),
        CRASH("fenced"),
        END,
      ],
    ]);
    assertEquals(describe(await world.differences()), "no difference");
  },
});

Deno.test({
  name: "On Kafka, a job that dies while it is being born, before its tasks have markers, is born again",
  ignore,
  async fn() {
    await using world = await KafkaWorld.create({ seed: 13, partitions: 2, brokers });
    await play(world, [CRASH("claimed"), CRASH("claimed", 2), 100, CRASH("committed"), END]);
    assertEquals(describe(await world.differences()), "no difference");
  },
});

Deno.test({
  name:
    "On Kafka, a crash loses nothing of an epoch that some tasks had committed when the transaction before it ended",
  ignore,
  async fn() {
    await using world = await KafkaWorld.create({ seed: 14, partitions: 4, brokers });
    // So much waits that epochs fill up and do not fit into one atomic: the fourth is the first one of an epoch after such a one.
    const crash = CRASH("committed", 4);
    await play(world, [15_000, crash, crash, crash, END], { slow: true });
    assertEquals(describe(await world.differences()), "no difference");
  },
});
