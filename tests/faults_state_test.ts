/** A state store that is locked, has no space left, or is another one than the job ran on last. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe } from "./support/crash/compare.ts";
import { KafkaWorld } from "./support/crash/kafka_world.ts";
import { lockFile } from "./support/faults/file_lock.ts";
import { smallDisk, whyNoDisk } from "./support/faults/small_disk.ts";
import { brokers, ignore } from "./support/kafka.ts";

const MEGABYTE = 1024 * 1024;
const noDisk = await whyNoDisk();
const whyIgnored = noDisk === undefined ? "" : `; no disk can be filled here, because ${noDisk}`;

Deno.test({
  name: "a job whose KV file is locked by another process waits, says so, and goes on when it is free",
  ignore,
  async fn() {
    await using world = await KafkaWorld.create({ seed: 51, partitions: 2, brokers });
    const { job, state } = world.base;
    const process = world.start();
    await world.append(300);
    await process.says("published");
    const lock = await lockFile(state);
    await world.append(300);
    await process.says(
      `log Job ${job}: waiting for the state store, because The state at the given Deno KV cannot be written: database is locked`,
    );
    await lock.free();
    await process.says(`log Job ${job}: the state store answers again`);
    process.stop();
    await process.finished();
    await world.end();
    assertEquals(describe(await world.differences()), "no difference");
  },
});

Deno.test({
  name: `a job whose disk is full waits, says so, and has lost nothing, killed or not${whyIgnored}`,
  // Where the tests must be whole, a disk that cannot be mounted is a failure.
  ignore: ignore || (noDisk !== undefined && Deno.env.get("CI") !== "true"),
  async fn() {
    await using disk = await smallDisk(24 * MEGABYTE);
    await using world = await KafkaWorld.create({
      ...{ seed: 52, partitions: 2, brokers },
      child: { state: `${disk.path}/state.db` },
    });
    const waits = `log Job ${world.base.job}: waiting for the state store, because `;
    const first = world.start();
    await world.append(200);
    await first.says("published");
    await disk.full();
    await world.append(4000);
    await first.says(waits);
    assertMatch(first.said.find((line) => line.startsWith(waits))!, /cannot be written: .*disk is full/);
    await disk.free();
    await first.says(`log Job ${world.base.job}: the state store answers again`);

    await disk.full();
    await world.append(4000);
    const told = () => first.said.filter((line) => line.startsWith(waits)).length;
    await first.hears("a second wait", () => told() === 2);
    first.kill();
    await first.death();
    await disk.free();
    await world.end();
    assertEquals(describe(await world.differences()), "no difference");
    await world.ended();
  },
});

Deno.test({
  name: "a job that has published is refused on an empty state, with the choices",
  ignore,
  async fn() {
    await using world = await KafkaWorld.create({ seed: 53, partitions: 2, brokers });
    await world.append(300);
    await world.end();
    const empty = await Deno.makeTempDir({ prefix: "tidemark-empty-" });
    const again = world.start({ state: `${empty}/state.db`, untilEnd: true });
    assertMatch(
      await again.failed(),
      new RegExp(
        `Cannot run job ${world.base.job}: the state store knows nothing of it, but it has run before and published its results: ` +
          "the store is another one, or it was emptied\\. Give the job the store that it ran on last, start it with reset to process " +
          "its input anew, results already visible included, or give it another name",
      ),
    );
    assertEquals(describe(await world.differences()), "no difference");
    await world.ended();
    await Deno.remove(empty, { recursive: true });
    assert(world.processes.length === 2);
  },
});
