/** What must be true of a job in which every task hears the counts of all users. */
import { assertEquals, assertGreater } from "@std/assert";
import { describe } from "./compare.ts";
import type { World } from "./world.ts";

/** Each result is there once, and each task has the last count of each user. */
export async function assertHeard(world: World): Promise<void> {
  assertEquals(describe(await world.differences()), "no difference", `seed ${world.seed}`);
  const counts = await world.counted();
  assertGreater(counts.size, world.partitions);
  const heard = await world.heard();
  assertEquals(heard.length, world.partitions);
  for (const rows of heard) assertEquals(new Map([...rows].sort()), new Map<string, unknown>([...counts].sort()));
}
