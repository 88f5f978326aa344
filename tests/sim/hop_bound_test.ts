/** How many control records a hop costs: at most one of each sender to each partition an interval. */
import { assert, assertEquals } from "@std/assert";
import { HOP_INTERVAL } from "../../runtime/limits.ts";
import { hopInterval } from "../../runtime/hops.ts";
import { guarded } from "./campaign.ts";
import type { Scenario } from "./scenario.ts";

const BASE: Scenario = {
  ...{ seed: 1, partitions: 4, workers: 1, named: true, tasks: "perPartition", records: 3000, inputMs: 6000 },
  ...{ transactional: false, untilEnd: false, counts: undefined, windows: false, padding: 0, badEvery: 0 },
  ...{ brokers: 1, onMissing: "stop", families: ["stays"], faults: [] },
};

/** What senders and partitions cost, in control records a second. */
const BOUNDS = { 4: 160, 64: 12_800 } as const;

for (const [text, bound] of Object.entries(BOUNDS)) {
  const partitions = Number(text);
  Deno.test(`${partitions} senders tell ${partitions} partitions of a hop at most ${bound} things a second`, async () => {
    const interval = hopInterval(partitions, partitions);
    assertEquals(interval, Math.max(HOP_INTERVAL.least, partitions * 1000 / 200));
    assertEquals(partitions * partitions / interval * 1000, bound);
    const { failure, control, took } = await guarded({ ...BASE, partitions, users: 40 * partitions });
    assertEquals(failure, undefined);
    // The first of each sender waits for no interval.
    const most = bound * took / 1000 + partitions * partitions;
    assert(control <= most, `${control} control records in ${took} ms, ${most} are allowed`);
    assert(control >= bound * BASE.inputMs / 1000 / 2, `${control} control records: the watermarks did not rise`);
  });
}
