/** The house holds itself to its rules: rooms, effects, sizes, and what every operator owes. */
import { assertEquals, assertMatch } from "@std/assert";
import { importCircles } from "./support/tidy/circles.ts";
import { strayClocks, strayKv } from "./support/tidy/effects.ts";
import { wrongImports, wrongModules } from "./support/tidy/imports.ts";
import { poorTestNames } from "./support/tidy/names.ts";
import { strayRegisters, unprovenOperators } from "./support/tidy/operators.ts";
import { suitesWithoutBdd, unfakedTime, unmappedPackages } from "./support/tidy/packages.ts";
import { longFiles, longFunctions } from "./support/tidy/sizes.ts";
import { readPages, readTree } from "./support/tidy/source.ts";

/**
 * The seam of operators: a task has scopes and a scope its task, a stage has its time and its timers, and those speak to their stage.
 * They know each other's types, and nothing else may.
 */
const SEAM: ReadonlySet<string> = new Set(
  ["due", "host", "own_time", "scope", "stage", "task", "timers"].map((name) => `operators/_${name}.ts`),
);

const tree = readTree(Deno.cwd());

Deno.test("the rooms look only into the rooms that the table allows", () => {
  assertEquals(wrongImports(tree), []);
});

Deno.test("no file imports itself by way of others, and only the seam of operators knows its own types in a circle", () => {
  assertEquals(importCircles(tree, { types: false }), []);
  const circles = importCircles(tree).filter((circle) => !circle.split(" -> ").every((path) => SEAM.has(path)));
  assertEquals(circles, []);
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
  assertEquals(longFiles([...tree, ...readPages(Deno.cwd())]), []);
});

Deno.test("functions are short enough to be seen at once", () => {
  assertEquals(longFunctions(tree), []);
});

Deno.test("every operator has a test and an example that asserts", () => {
  assertEquals(unprovenOperators(tree), []);
});

Deno.test("an operator names no register of the task, and does not know how streams are chained", () => {
  assertEquals(strayRegisters(tree), []);
});

Deno.test("names of tests are sentences", () => {
  assertEquals(poorTestNames(tree), []);
});

Deno.test("contract suites and suites of one operator are made of describe and it", () => {
  assertEquals(suitesWithoutBdd(tree), []);
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
      "playwright-core",
      "axe-core",
    ]
  ) {
    assertMatch(imports[name] ?? "", new RegExp(`(npm|jsr):${name.split("/testing")[0]}`));
  }
});
