/** Stages touch what they keep before they change it: else an epoch that is undone and repeated has another outcome. */
import { assert, assertEquals } from "@std/assert";
import { WatchedCells } from "../support/watched_cells.ts";
import { guarded } from "./campaign.ts";
import { scenarioOf } from "./draws.ts";
import { FAMILIES } from "./families/all.ts";
import { withFamilies } from "./scenario.ts";

/** A family whose job has a policy for what fails, so that its epochs are undone. */
const REFUSING = "refusals";
const RUNS = 4;

Deno.test("Each stage touches a kept value before it changes it, and an undo restores all of them", async (t) => {
  for (const { name } of FAMILIES) {
    await t.step(name, async () => {
      using watched = new WatchedCells();
      for (let seed = 1; seed <= RUNS; seed++) {
        const { failure } = await guarded(withFamilies({ ...scenarioOf(seed), faults: [] }, [name, REFUSING]));
        assertEquals(failure, undefined, `seed ${seed}`);
        assertEquals(watched.found, [], `seed ${seed}`);
      }
      assert(watched.compared > 0, "values were compared");
    });
  }
});
