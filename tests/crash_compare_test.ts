import { assert, assertEquals } from "@std/assert";
import { compare } from "./support/crash/compare.ts";
import { truth } from "./support/crash/oracle.ts";
import { Rows } from "./support/crash/rows.ts";

/** Counts of one user, as a reader saw them. */
function counts(...values: number[]): Rows {
  const rows = new Rows();
  for (const value of values) rows.add({ output: "counts", key: "ada", value, time: 0 });
  return rows;
}

/** What is found wrong with counts that should be 1, 2, 3. */
function found(...values: number[]): string[] {
  return compare(counts(1, 2, 3), counts(...values)).map(({ kind, row }) => `${kind} ${row}`);
}

Deno.test("compare() finds nothing where everything was seen once and in order", () => {
  assertEquals(found(1, 2, 3), []);
});

Deno.test("compare() tells what is lost, doubled, alien or out of order", () => {
  assertEquals(found(1, 3), ["lost 2 at 0"]);
  assertEquals(found(1, 2, 2, 3), ["doubled 2 at 0"]);
  assertEquals(found(1, 2, 3, 4), ["alien 4 at 0"]);
  assertEquals(found(1, 3, 2), ["disordered 3 at 0 instead of 2 at 0"]);
  assertEquals(found(1, 2, 1, 2, 3), ["doubled 1 at 0", "doubled 2 at 0"]);
  assertEquals(found(), ["lost 1 at 0", "lost 2 at 0", "lost 3 at 0"]);
});

Deno.test("compare() looks at each key and each output alone", () => {
  const seen = counts(1, 2, 3);
  seen.add({ output: "late", key: "ada", value: 1, time: 0, source: "0@7" });
  assertEquals(compare(counts(1, 2, 3), seen), [{ kind: "alien", place: "late of ada", row: "1 at 0 from 0@7" }]);
});

Deno.test("The traffic of the crash tests has disorder, late panes and records that are too late", () => {
  const rows = truth(7, [1000, 1000]);
  assertEquals(rows.count("counts"), 2000);
  assert(rows.count("late") >= 5, `${rows.count("late")} records are too late`);
  assert(rows.count("activity", '"late"') >= 5, `${rows.count("activity", '"late"')} panes are late`);
  assert(rows.count("activity", '"onTime"') >= 200);
});
