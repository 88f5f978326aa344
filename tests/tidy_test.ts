/** The house holds itself to its rules: rooms, effects, sizes, and what every operator owes. */
import { assertEquals, assertMatch } from "@std/assert";
import { strayClocks, strayKv } from "./support/tidy/effects.ts";
import { wrongImports, wrongModules } from "./support/tidy/imports.ts";
import { poorTestNames } from "./support/tidy/names.ts";
import { unprovenOperators } from "./support/tidy/operators.ts";
import { suitesWithoutBdd, unfakedTime, unmappedPackages } from "./support/tidy/packages.ts";
import { longFiles, longFunctions } from "./support/tidy/sizes.ts";
import { readTree } from "./support/tidy/source.ts";

/** Suites that are older than this rule. */
const STILL_DENO_TEST: ReadonlySet<string> = new Set(
  [
    "aggregates_test",
    "connector_contract",
    "durations_test",
    "event_time_test",
    "kafka_publish_contract",
    "keyed_reduce_test",
    "late_side_output_test",
    "operators_contract_test",
    "record_info_test",
    "tumbling_window_test",
    "watermark_test",
  ].map((name) => `tests/${name}.ts`),
);

const tree = readTree(Deno.cwd());

Deno.test("the rooms look only into the rooms that the table allows", () => {
  assertEquals(wrongImports(tree), []);
});

Deno.test("a mod.ts does nothing but re-export", () => {
  assertEquals(wrongModules(tree), []);
});

Deno.test("Deno KV is named only in the files that own it", () => {
  assertEquals(strayKv(tree), []);
});

Deno.test("wall clock, timers and randomness come only through the clock", () => {
  assertEquals(strayClocks(tree), []);
});

Deno.test("files and operators are short enough to be read in one go", () => {
  assertEquals(longFiles(tree), []);
});

Deno.test("functions are short enough to be seen at once", () => {
  assertEquals(longFunctions(tree), []);
});

Deno.test("every operator has a test and an example that asserts", () => {
  assertEquals(unprovenOperators(tree), []);
});

Deno.test("names of tests are sentences", () => {
  assertEquals(poorTestNames(tree), []);
});

Deno.test("contract suites and suites of one operator are made of describe and it", () => {
  const old = suitesWithoutBdd(tree).map((complaint) => complaint.split(/[ :]/, 1)[0]);
  assertEquals([...new Set(old)].filter((path) => !STILL_DENO_TEST.has(path)), []);
});

Deno.test("a test waits for no wall clock but a faked one", () => {
  assertEquals(unfakedTime(tree), []);
});

Deno.test("packages are imported by their names in the import map, and the ones for tests stand in it", () => {
  assertEquals(unmappedPackages(tree), []);
  const { imports } = JSON.parse(Deno.readTextFileSync("deno.json"));
  for (
    const name of [
      "@std/assert",
      "@std/testing",
      "@sinonjs/fake-timers",
      "testcontainers",
      "fast-check",
      "rxjs/testing",
    ]
  ) {
    assertMatch(imports[name] ?? "", new RegExp(`(npm|jsr):${name.split("/testing")[0]}`));
  }
});
