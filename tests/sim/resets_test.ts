/** A job with hops is reset, while workers die, stand still and lose answers: once, and then everything comes once more. */
import { assert, assertEquals } from "@std/assert";
import type { Scenario } from "./scenario.ts";
import { sweepRuns } from "./sweep.ts";
import { runCampaign, summaryOf } from "./threads.ts";

const RUNS = 120;
const DAY = Math.floor(Date.now() / 86_400_000);
/** The first seed of this day. */
const SEED = DAY * 100_000;

/** A small job with a hop of three partitions. */
const SMALL: Scenario = {
  ...{ seed: 1, partitions: 2, workers: 2, named: true, tasks: "perPartition", records: 12, inputMs: 100 },
  ...{ transactional: false, untilEnd: false, counts: undefined, windows: false, padding: 0, badEvery: 0 },
  ...{ brokers: 1, onMissing: "stop", families: ["places"], faults: [] },
};

Deno.test({
  name: "A job with hops is reset once, and has everything once more, whatever happens meanwhile",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const campaign = await runCampaign({ seed: SEED, runs: RUNS, resets: true, threads: 2 });
    console.log(summaryOf(campaign));
    assertEquals(campaign.report?.text, undefined);
    const { runs, kills, pauses } = campaign.totals;
    assertEquals(runs, RUNS);
    assert(kills > RUNS && pauses > 20, `there were ${kills} kills and ${pauses} pauses`);
  },
});

for (const [how, together] of [["one worker is", false], ["all workers are", true]] as const) {
  Deno.test({
    name: `A job with hops is reset once, wherever a worker dies or stands still, where ${how} started with reset`,
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const base: Scenario = {
        ...SMALL,
        faults: [{ on: "time", at: 400, act: { do: "reset", restart: 100, together } }],
      };
      const points = await sweepRuns(base);
      assert(points > 4 * RUNS, `it waits at ${points / 2} points`);
      // Each day another part of them; `deno task sim --resets --sweep` has all.
      const campaign = await runCampaign({ base, seed: DAY * RUNS % (points - RUNS), runs: RUNS, threads: 2 });
      console.log(summaryOf(campaign));
      assertEquals(campaign.report?.text, undefined);
    },
  });
}
