import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { average, collect, count, first, last, max, maxBy, min, minBy, sum, topN } from "@tidemark/streams/operators";
import { assertMerges, inParts } from "./support/aggregating.ts";

interface Row {
  readonly rank: number;
  readonly place: number;
}

const row = fc.record({ rank: fc.integer({ min: 0, max: 8 }), place: fc.nat() });
const rank = ({ rank }: Row) => rank;

describe("merged accumulators", () => {
  it("of the plain aggregates are those of all values", () => {
    const all = (values: readonly Row[]) => values.map(rank);
    assertMerges(count<Row>(), row, (n, values) => assertEquals(n, values.length));
    assertMerges(sum(rank), row, (n, values) => assertEquals(n, all(values).reduce((a, b) => a + b, 0)));
    assertMerges(min(rank), row, (n, values) => assertEquals(n, Math.min(...all(values))));
    assertMerges(max(rank), row, (n, values) => assertEquals(n, Math.max(...all(values))));
    assertMerges(
      average(rank),
      row,
      (n, values) => assertEquals(n, all(values).reduce((a, b) => a + b) / values.length),
    );
    assertMerges(collect<Row>(), row, (rows, values) => assertEquals(rows, [...values]));
  });

  it("mix no numbers and bigints", () => {
    const mixed = sum((n: number | bigint) => n);
    assertThrows(() => inParts(mixed as never, [[1], [2n]] as never), TypeError, "numbers or bigints, and not both");
    assertEquals(inParts(sum((n: bigint) => n), [[], [2n], [], [3n]]), 5n);
  });
});

describe("first(), last(), minBy(), maxBy() and topN()", () => {
  it("keep the first and the last value", () => {
    assertMerges(first<Row>(), row, (one, values) => assertEquals(one, values[0]));
    assertMerges(last<Row>(), row, (one, values) => assertEquals(one, values.at(-1)));
  });

  it("keep the best value, the first of several", () => {
    const best = (values: readonly Row[], sign: number) => values.toSorted((a, b) => sign * (a.rank - b.rank))[0];
    assertMerges(minBy(rank), row, (one, values) => assertEquals(one, best(values, 1)));
    assertMerges(maxBy(rank), row, (one, values) => assertEquals(one, best(values, -1)));
  });

  it("keep the best of a number, in their order", () => {
    assertMerges(topN({ n: 3, by: rank }), row, (best, values) => {
      assertEquals(best, values.toSorted((a, b) => b.rank - a.rank).slice(0, 3));
    });
  });

  it("refuse what is no number, and options that make no sense", () => {
    assertThrows(() => minBy(() => NaN).add([], 1), TypeError, "minBy() takes finite numbers or bigints");
    assertThrows(() => topN({ n: 1, by: () => "a" as never }).add([], 1), TypeError, "topN() takes finite numbers");
    assertThrows(() => topN({ n: 0, by: () => 1 }), RangeError, "n must be an integer above 0, current value is 0");
    assertThrows(() => topN({ n: 1, by: 1 as never }), TypeError, "Cannot create topN(): by must be a function");
    assertThrows(() => maxBy(undefined as never), TypeError, "Cannot create maxBy(): by must be a function");
  });
});
