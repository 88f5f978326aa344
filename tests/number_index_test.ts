/** The map by safe integers, against a `Map`. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { NumberIndex } from "../base/number_index.ts";

const number = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.integer({ min: 0, max: 40 }).map((n) => 1_700_000_000_000 + n * 60_000),
  fc.maxSafeInteger(),
);
const step = fc.record({ number, what: fc.constantFrom("set", "set", "delete", "get") });

Deno.test("property: an index by numbers holds what a Map holds, whatever is set and deleted", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const index = new NumberIndex<number>(), truth = new Map<number, number>();
      for (const [at, { number, what }] of steps.entries()) {
        if (what === "set") index.set(number, at), truth.set(number, at);
        else if (what === "delete") index.delete(number), truth.delete(number);
        assertEquals([index.get(number), index.size], [truth.get(number), truth.size]);
      }
      assertEquals(index.entries().toSorted(byNumber), [...truth].toSorted(byNumber));
    }),
    { seed: 20_240_229, numRuns: 1000 },
  );
});

Deno.test("an index by numbers grows beyond one table and shrinks again, and loses nothing", () => {
  const index = new NumberIndex<string>();
  const numbers = Array.from({ length: 200_000 }, (_, at) => 1_700_000_000_000 + at * 60_000);
  for (const number of numbers) index.set(number, `at ${number}`);
  assertEquals([index.size, index.entries().length], [numbers.length, numbers.length]);
  assertEquals(numbers.findIndex((number) => index.get(number) !== `at ${number}`), -1);
  for (const number of numbers.slice(10)) index.delete(number);
  assertEquals(index.entries().toSorted(byNumber), numbers.slice(0, 10).map((number) => [number, `at ${number}`]));
  assertEquals(index.get(numbers[10]), undefined);
});

function byNumber([one]: [number, unknown], [other]: [number, unknown]): number {
  return one - other;
}
