/** The house holds itself to its rules: rooms, effects, sizes, and what every operator owes. */
import { assertEquals } from "@std/assert";
import { strayClocks, strayKv } from "./support/tidy/effects.ts";
import { wrongImports, wrongModules } from "./support/tidy/imports.ts";
import { poorTestNames } from "./support/tidy/names.ts";
import { unprovenOperators } from "./support/tidy/operators.ts";
import { longFiles, longFunctions } from "./support/tidy/sizes.ts";
import { readTree } from "./support/tidy/source.ts";

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
