/** The simulator bites: it finds every engine of `mutations.ts`, each in a copy of the tree. */
import { assert, assertEquals } from "@std/assert";
import { guarded } from "./campaign.ts";
import { scenarioOf } from "./draws.ts";
import { type Caught, isOfTheEngine, MutantTree } from "./mutant.ts";
import { resetScenarioOf } from "./resets.ts";
import { withFamilies } from "./scenario.ts";
import type { Mutation } from "./mutation.ts";
import { MUTATIONS } from "./mutations.ts";

const RUNS = 2000;
const SEED = 1;
/** How many runs the intact engine must pass here; in `sim_test.ts` it passes a thousand. */
const CONTROL_RUNS = 100;
/** How many mutations are tried at the same time. */
const AT_ONCE = 2;

Deno.test("The simulator finds nothing in a copy of the engine as it is", async () => {
  await using tree = await MutantTree.make();
  const { report } = await tree.run({ name: "as it is", edits: [] }, { seed: SEED, runs: CONTROL_RUNS });
  assertEquals(report, undefined);
});

Deno.test("The simulator finds each way to get the engine wrong", async (t) => {
  const found = new Map<Mutation, Promise<Caught>>();
  const left = MUTATIONS.values();
  const lanes = Array.from({ length: AT_ONCE }, async () => {
    await using tree = await MutantTree.make();
    for (const mutation of left) {
      const caught = tree.run(mutation, { seed: SEED, runs: RUNS });
      found.set(mutation, caught);
      await caught.catch(() => {});
    }
  });
  await Promise.all(lanes);
  for (const mutation of MUTATIONS) {
    await t.step(`it finds "${mutation.name}"`, async () => {
      const { families = [], resets, run } = mutation;
      const { runs, report } = await found.get(mutation)!;
      assert(report !== undefined, `nothing was wrong in ${runs} runs`);
      assert(isOfTheEngine(report), `it is not the engine that failed: ${report.message}`);
      const { failure } = await guarded(withFamilies((resets ? resetScenarioOf : scenarioOf)(report.seed), families));
      assertEquals(failure, undefined, `the engine as it is fails in the same run, that of seed ${report.seed}`);
      const masked = mutation.masked === undefined ? "" : `, without the second defence: ${mutation.masked}`;
      const known = [run ?? []].flat().includes(report.seed) ? "" : `, and not in run ${run}, as the mutation says`;
      console.log(
        `caught in run ${report.seed}${known}${masked}; ${report.kind}: ${report.message.split("\n")[0].slice(0, 160)}`,
      );
    });
  }
  assertEquals(new Set(MUTATIONS.map(({ name }) => name)).size, MUTATIONS.length);
});
