/** The engine in the simulated world: as many runs as a minute or so allows, other ones every day. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { guarded } from "./campaign.ts";
import { scenarioOf } from "./scenario.ts";
import { runCampaign, summaryOf } from "./threads.ts";

const RUNS = 2000;
/** The seeds of this day. */
const SEED = Math.floor(Date.now() / 86_400_000) * 100_000;

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
  // Threads end by themselves, and are not waited for where one of them has found something.
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
