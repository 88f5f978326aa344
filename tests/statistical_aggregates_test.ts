import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { quantile, quantiles, variance } from "@tidemark/streams/operators";
import { assertMerges, inParts } from "./support/aggregating.ts";

const same = (n: number) => n;
const near = (one: number, other: number, part: number) =>
  Math.abs(one - other) <= part * Math.max(Math.abs(one), Math.abs(other)) + 1e-9;
const numbers = fc.oneof(
  fc.integer({ min: -1_000, max: 1_000 }),
  fc.double({ min: -1e9, max: 1e9, noNaN: true }),
  fc.constant(0),
);

describe("quantile() and quantiles()", () => {
  it("are within their accuracy of the true value", () => {
    for (const q of [0, 0.25, 0.5, 0.95, 1]) {
      assertMerges(quantile(q, same), numbers, (value, values) => {
        const sorted = values.toSorted((a, b) => a - b);
        // A quantile between two values may be either of them.
        const [low, high] = [Math.floor, Math.ceil].map((round) => sorted[round(q * (sorted.length - 1))]);
        assert(near(value, low, 0.011) || near(value, high, 0.011), `${value} is neither ${low} nor ${high}`);
      });
    }
  });

  it("take bigints, and give several at once", () => {
    assertEquals(inParts(quantiles([1, 0], (n: bigint) => n), [[3n, 1n], [2n]]), [3, 1]);
    const values = Array.from({ length: 10_000 }, (_, n) => n + 1);
    const [half, most] = inParts(quantiles([0.5, 0.99], same, { accuracy: 0.001 }), [
      values.slice(0, 300),
      values.slice(300),
    ]);
    assert(near(half, 5_000, 0.002) && near(most, 9_900, 0.002), `${half} ${most}`);
  });

  it("have a state that does not grow with the number of values", () => {
    const aggregate = quantile(0.5, same);
    let sketch = aggregate.seed();
    for (let n = 0; n < 100_000; n++) sketch = aggregate.add(sketch, 1 + n % 1_000);
    assert(sketch.positive.size < 400, `${sketch.positive.size} bins`);
  });

  it("refuse options that make no sense", () => {
    assertThrows(() => quantile(2, same), RangeError, "Cannot create quantile(): a quantile must lie between 0 and 1");
    assertThrows(
      () => quantiles([0.5, NaN], same),
      RangeError,
      "a quantile must lie between 0 and 1, current value is NaN",
    );
    assertThrows(() => quantile(0.5, same, { accuracy: 1 }), RangeError, "accuracy must be above 0 and below 1");
    assertThrows(() => quantile(0.5, 1 as never), TypeError, "of must be a function");
    assertThrows(() => inParts(quantile(0.5, same), [[Infinity]]), TypeError, "quantile() takes finite numbers");
  });
});

describe("variance()", () => {
  it("is that of all values, as a whole or as a sample", () => {
    const of = (values: readonly number[], less: number) => {
      const mean = values.reduce((a, b) => a + b) / values.length;
      return values.length < 2 ? 0 : values.reduce((total, n) => total + (n - mean) ** 2, 0) / (values.length - less);
    };
    const small = fc.integer({ min: -1_000, max: 1_000 });
    assertMerges(variance(same), small, (value, values) => assert(near(value, of(values, 0), 1e-9)));
    assertMerges(variance(same, { sample: true }), small, (value, values) => assert(near(value, of(values, 1), 1e-9)));
  });
});
