/** Runs the engine in the simulated world: as many runs as a minute or so allows, different ones every day. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { guarded } from "./campaign.ts";
import { scenarioOf } from "./draws.ts";
import type { Scenario } from "./scenario.ts";
import { sweepRuns } from "./sweep.ts";
import { runCampaign, summaryOf } from "./threads.ts";

/** As a run takes about 0.2 s of a processor, with four or so families in each. */
const RUNS = 1000;
/** The first seed of this day. */
const SEED = Math.floor(Date.now() / 86_400_000) * 100_000;

/** A small job of counts, windows and late events for two workers. */
const SMALL: Scenario = {
  ...{ seed: 1, partitions: 2, workers: 2, named: true, tasks: "perPartition", records: 24, inputMs: 200 },
  ...{ transactional: false, untilEnd: false, counts: "every", windows: true, padding: 0, badEvery: 12 },
  ...{ brokers: 1, onMissing: "stop", faults: [] },
};

Deno.test("A run is the same whenever it is made: every request, answer and time", async () => {
  for (const seed of [3, 11, 62, 340]) {
    const first = await guarded(scenarioOf(seed), true);
    const second = await guarded(scenarioOf(seed), true);
    assertEquals(first.lines.findIndex((line, i) => line !== second.lines[i]), -1, `seed ${seed}`);
    assertEquals(first.hash, second.hash);
    assert(first.lines.length > 100, "the trace holds what happened");
  }
  assertNotEquals((await guarded(scenarioOf(3))).hash, (await guarded(scenarioOf(4))).hash);
});

Deno.test({
  name: "Results are exact and nothing stays open, whatever happens to the workers, the broker and the store",
  // The threads end by themselves. They are not awaited when one of them has found a failure.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    console.log(`Simulating from seed ${SEED} on`);
    const campaign = await runCampaign({ seed: SEED, runs: RUNS, threads: 2 });
    console.log(summaryOf(campaign));
    assertEquals(campaign.report?.text, undefined);
    const { runs, kills, pauses, lost, takeovers, refused } = campaign.totals;
    assertEquals(runs, RUNS);
    for (const [what, times] of Object.entries({ kills, pauses, lost, takeovers, refused })) {
      assert(times > 10, `there were ${what}: ${times}`);
    }
  },
});

const SWEPT: Record<string, Scenario> = {
  "counts and windows": SMALL,
  "a worker that is stopped and started again": {
    ...{ ...SMALL, seed: 3 },
    faults: [{ on: "call", worker: 0, target: "transaction", nth: 9, act: { do: "stop", restart: 200 } }],
  },
  "a job that ends": { ...SMALL, seed: 5, untilEnd: true, inputMs: 0 },
  "epochs larger than an atomic": { ...SMALL, seed: 7, records: 8, padding: 80_000 },
  "one task for all partitions": { ...SMALL, seed: 9, tasks: "single" },
};

for (const [what, base] of Object.entries(SWEPT)) {
  Deno.test({
    name: `Results are exact wherever a worker dies or stands still, at each of its await points: ${what}`,
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const runs = await sweepRuns(base);
      const campaign = await runCampaign({ base, seed: 0, runs, threads: 2 });
      console.log(summaryOf(campaign));
      assertEquals(campaign.report?.text, undefined);
      assert(runs > 150, `it waits at ${runs / 2} points`);
      const { kills, pauses } = campaign.totals;
      assertEquals([kills, pauses], [runs / 2, runs / 2]);
    },
  });
}
