import { assert, assertEquals, assertGreater, assertGreaterOrEqual, assertRejects } from "@std/assert";
import { LiveCheck } from "./soak/live_check.ts";
import { soak } from "./soak/soak.ts";
import { pickSeed } from "./support/crash/random.ts";
import type { Row } from "./support/crash/rows.ts";
import { ignore } from "./support/faults/own_cluster.ts";

/** Counts of one user. */
function counts(...values: number[]): Row[] {
  return values.map((value) => ({ output: "counts", key: "ada", value, time: 0 }));
}

/** What is found wrong when counts that should be 1, 2, 3 are seen one after the other. */
function found(...values: number[]): string[] {
  const check = new LiveCheck();
  for (const row of counts(1, 2, 3)) check.expect(row);
  for (const row of counts(...values)) {
    const difference = check.see(row);
    if (difference !== undefined) return [`${difference.kind} ${difference.row}`];
  }
  return check.missing().map(({ kind, row }) => `${kind} ${row}`);
}

Deno.test("LiveCheck finds nothing where each row comes once and in its order", () => {
  assertEquals(found(1, 2, 3), []);
});

Deno.test("LiveCheck tells what is lost, doubled or alien as soon as it is seen", () => {
  assertEquals(found(1, 3), ["lost 2 at 0; 3 at 0 came instead"]);
  assertEquals(found(1, 2, 2, 3), ["doubled 2 at 0"]);
  assertEquals(found(1, 2, 3, 4), ["alien 4 at 0"]);
  assertEquals(found(1), ["lost 2 at 0", "lost 3 at 0"]);
});

Deno.test("LiveCheck knows where it is after thousands of rows, and what came twice", () => {
  const check = new LiveCheck();
  for (let value = 1; value <= 5000; value++) {
    const [row] = counts(value);
    check.expect(row);
    assertEquals(check.see(row), undefined);
  }
  assertEquals([check.lag, check.checked, check.missing()], [0, 5000, []]);
  assertEquals(check.see(counts(4990)[0])?.kind, "doubled");
});

Deno.test({
  name: "A job of two workers gives each result once while workers and the broker are killed, stopped and restarted",
  ignore,
  async fn() {
    const seed = pickSeed();
    console.log(`  seed ${seed}`);
    const say = (line: string) => console.log(`  ${line}`);
    const { faults, kills, checked, events, late, latePanes } = await soak({ seed, minutes: 0.5, say });
    assert(Object.values(faults).every((times) => times > 0), "everything happened to it");
    assertGreaterOrEqual(kills, 12);
    // Each event has its count, and beside it the windows.
    assertGreater(checked, events);
    assert(late > 0 && latePanes > 0, "the traffic held late records");
  },
});

Deno.test({
  name: "A soak fails as soon as it sees a result twice: here each new owner ignores what was published",
  ignore,
  async fn() {
    const say = () => {};
    const error = await assertRejects(() => soak({ seed: 1, minutes: 2, mutant: "ignore the marker", say }), Error);
    assert(error.message.startsWith("The results differ from the truth: 1 doubled"), error.message);
  },
});
