import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { histogram } from "@tidemark/streams/operators";
import { assertMerges } from "./support/aggregating.ts";

const same = (n: number) => n;

describe("histogram()", () => {
  it("counts between boundaries", () => {
    assertMerges(histogram([-10, 0, 7.5], same), fc.integer({ min: -20, max: 20 }), (counts, values) => {
      const within = (low: number, high: number) => values.filter((n) => n >= low && n < high).length;
      assertEquals(counts, [within(-Infinity, -10), within(-10, 0), within(0, 7.5), within(7.5, Infinity)]);
    });
  });

  it("refuses boundaries that do not ascend", () => {
    const sentence = "Cannot create histogram(): boundaries must be finite numbers in ascending order";
    for (const bounds of [[], [1, 1], [2, 1], [NaN], [0, Infinity]]) {
      assertThrows(() => histogram(bounds, same), RangeError, sentence);
    }
  });
});
