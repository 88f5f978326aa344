import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { from } from "rxjs";
import {
  aggregates,
  collect,
  count,
  eventTime,
  last,
  max,
  quantile,
  slidingWindow,
  sum,
  watermark,
} from "@tidemark/streams/operators";
import { assertMerges } from "./support/aggregating.ts";

describe("aggregates()", () => {
  it("are all of their parts", () => {
    const parts = aggregates({ n: count(), most: max((n: number) => n), all: collect<number>() });
    assertMerges(parts, fc.integer(), (result, values) => {
      assertEquals(result, { n: values.length, most: Math.max(...values), all: [...values] });
    });
  });

  it("have a type for each name, and take names that an object has already", () => {
    const { seed, add, result } = aggregates({ constructor: count(), p95: quantile(0.95, (n: number) => n) });
    const { constructor: n, p95 }: { constructor: number; p95: number } = result!(add(seed(), 7));
    assertEquals([n, p95], [1, 7]);
  });

  it("let no part see what another does to a value", () => {
    const spoil = {
      seed: () => 0,
      add(total: number, value: { n: number }) {
        value.n = -1;
        return total + 1;
      },
    };
    const { seed, add, result } = aggregates({ spoil, kept: last<{ n: number }>() });
    assertEquals(result!(add(seed(), { n: 5 })), { spoil: 1, kept: { n: 5 } });
  });

  it("merge only if all of them do", () => {
    const lone = { seed: () => 0, add: (total: number) => total + 1 };
    assertEquals(aggregates({ n: count(), lone }).merge, undefined);
    assertThrows(() => aggregates({ n: {} as never }), TypeError, "Cannot create aggregates(): n must be an aggregate");
  });

  it("have a window of their own", () => {
    const results: unknown[] = [];
    from([1, 2, 3]).pipe(
      eventTime((at) => at),
      watermark({ maxOutOfOrderness: 0 }),
      slidingWindow({
        key: () => 0,
        size: 4,
        slide: 2,
        aggregate: aggregates({ n: count(), total: sum((n: number) => n) }),
      }),
    ).subscribe(({ window, value }) => results.push([window.start, value.n, value.total]));
    assertEquals(results, [[-2, 1, 1], [0, 3, 6], [2, 2, 5]]);
  });
});
