import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { approximateDistinct, distinct } from "@tidemark/streams/operators";
import { assertMerges, inParts } from "./support/aggregating.ts";

const key = fc.oneof(fc.nat(5), fc.constantFrom("1", "2", "a"), fc.constantFrom(1n, 2n), fc.boolean());

describe("distinct()", () => {
  it("counts different values, whatever their type", () => {
    assertMerges(distinct<number | string | bigint | boolean>(), key, (n, values) => {
      assertEquals(n, new Set(values).size);
    });
  });

  it("refuses more than its limit, and values that are no key", () => {
    const two = distinct<number>({ limit: 2 });
    assertEquals(inParts(two, [[1, 2], [2, 1]]), 2);
    assertThrows(
      () => inParts(two, [[1, 2, 3]]),
      RangeError,
      "distinct() has 2 different values, as many as its limit",
    );
    assertThrows(() => inParts(two, [[1, 2], [3]]), RangeError, "as many as its limit");
    assertThrows(
      () => distinct().add(new Set(), {}),
      TypeError,
      "distinct() takes texts, numbers, bigints or booleans",
    );
    assertThrows(() => distinct({ limit: 0 }), RangeError, "limit must be an integer above 0, current value is 0");
    assertThrows(() => distinct({ of: 1 as never }), TypeError, "Cannot create distinct(): of must be a function");
  });
});

describe("approximateDistinct()", () => {
  it("is exact while there are few values", () => {
    assertMerges(approximateDistinct<number | string | bigint | boolean>(), key, (n, values) => {
      assertEquals(n, new Set(values).size);
    });
  });

  it("is within four standard errors, however many there are, and merged as if it were one", () => {
    for (const error of [0.005, 0.02, 0.1]) {
      for (const n of [50, 100, 1_000, 10_000, 200_000]) {
        const aggregate = approximateDistinct<string>({ error });
        const add = (from: number, to: number) => {
          let registers = aggregate.seed();
          for (let at = from; at < to; at++) registers = aggregate.add(registers, `user-${at}`);
          return registers;
        };
        const whole = aggregate.result!(add(0, n));
        assert(Math.abs(whole - n) <= Math.max(2, 4 * error * n), `${whole} of ${n} with error ${error}`);
        const halves = aggregate.merge!(add(0, Math.floor(n * 0.6)), add(Math.floor(n * 0.4), n));
        assertEquals(aggregate.result!(halves), whole);
      }
    }
  });

  it("has a state of a fixed size", () => {
    const aggregate = approximateDistinct<number>();
    let registers = aggregate.seed();
    for (let n = 0; n < 10_000; n++) registers = aggregate.add(registers, n);
    assertEquals([registers.few, registers.all!.length], [null, 4_096]);
    assertThrows(() => approximateDistinct({ error: 0 }), RangeError, "error must lie between 0.004 and 0.26");
  });
});
