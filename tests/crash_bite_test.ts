/** The crash suite proves its own bite: each of these breaks the protocol in one place, and the same comparison finds it. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { describe, type Difference } from "./support/crash/compare.ts";
import { KafkaWorld } from "./support/crash/kafka_world.ts";
import type { Mutant } from "./support/crash/phased_connector.ts";
import { CRASH, END, play, type Step } from "./support/crash/script.ts";
import { brokers, ignore } from "./support/kafka.ts";

const SEED = 21;

/** What is wrong after a story, in a world of its own. */
async function after(story: readonly Step[], mutant: Mutant | undefined): Promise<Difference[]> {
  await using world = await KafkaWorld.create({ seed: SEED, partitions: 1, brokers });
  await play(world, story, { mutant });
  return await world.differences();
}

/** A process that is stopped just before it publishes; a second one takes its task over; then the first one goes on. */
async function afterZombie(mutant: Mutant | undefined): Promise<{ outcome: string; differences: Difference[] }> {
  await using world = await KafkaWorld.create({ seed: SEED, partitions: 1, brokers });
  await world.append(200);
  const zombie = world.start({ aim: { point: "publishing", occurrence: 1, action: "stop" }, mutant });
  await zombie.says("! publishing");
  const successor = world.start({ mutant });
  await successor.says("published");
  zombie.goOn();
  const outcome = await Promise.race([
    zombie.says("published").then(() => "published"),
    zombie.says("refused").then(() => "refused"),
  ]);
  for (const process of [zombie, successor]) {
    process.kill();
    await process.death();
  }
  // The damage is done; what was left open by the kills is fenced again.
  await world.end();
  return { outcome, differences: await world.differences() };
}

function assertOnly(kind: Difference["kind"], differences: readonly Difference[]): void {
  console.log(`  found: ${describe(differences, 2)}`);
  assertGreater(differences.length, 0);
  assert(differences.every((one) => one.kind === kind), describe(differences));
}

const VISIBLE: readonly Step[] = [200, CRASH("ended"), END];
const UNSENT: readonly Step[] = [200, CRASH("publishing"), END];

Deno.test({
  name: "Nothing is lost or doubled by the stories with which the protocol is broken below",
  ignore,
  async fn() {
    assertEquals(describe(await after(VISIBLE, undefined)), "no difference");
    assertEquals(describe(await after(UNSENT, undefined)), "no difference");
    const { outcome, differences } = await afterZombie(undefined);
    assertEquals(outcome, "refused");
    assertEquals(describe(differences), "no difference");
  },
});

Deno.test({
  name: "Doubled results are found when the marker is ignored",
  ignore,
  fn: async () => assertOnly("doubled", await after(VISIBLE, "ignore the marker")),
});

Deno.test({
  name: "Doubled results are found when results are published without the marker",
  ignore,
  fn: async () => assertOnly("doubled", await after(VISIBLE, "publish without the marker")),
});

Deno.test({
  name: "Lost results are found when the marker is published before them",
  ignore,
  fn: async () => assertOnly("lost", await after(UNSENT, "publish the marker first")),
});

Deno.test({
  name: "Doubled results are found when an old publisher is not fenced and comes back",
  ignore,
  async fn() {
    const { outcome, differences } = await afterZombie("do not fence");
    assertEquals(outcome, "published");
    assertOnly("doubled", differences);
  },
});
