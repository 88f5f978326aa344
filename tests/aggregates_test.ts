import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type Aggregate, average, collect, count, max, min, sum } from "@tidemark/streams/operators";

/** The result of an aggregate over values, its accumulator going through a checkpoint after each. */
function over<T, A, R>(aggregate: Aggregate<T, A, R>, values: readonly T[]): R {
  const end = values.reduce(
    (accumulator, value) => structuredClone(aggregate.add(accumulator, value)),
    aggregate.seed(),
  );
  return aggregate.result === undefined ? end as unknown as R : aggregate.result(end);
}

const price = (row: { price: number }) => row.price;
const rows = [5, -2, 9].map((price) => ({ price }));

describe("aggregates", () => {
  it("count() counts values, whatever they are", () => assertEquals(over(count<unknown>(), [undefined, null, 0]), 3));

  it("sum() adds the numbers of values up", () => assertEquals(over(sum(price), rows), 12));

  it("min() finds the smallest number, and max() the largest", () => {
    assertEquals([over(min(price), rows), over(max(price), rows)], [-2, 9]);
    assertEquals([over(min(price), rows.slice(0, 1)), over(max(price), rows.slice(1, 2))], [5, -2]);
  });

  it("average() is the mean of the numbers", () => assertEquals(over(average(price), rows), 4));

  it("collect() keeps values in the order in which they came, and hands out a copy", () => {
    const aggregate = collect<number>();
    const values = aggregate.add(aggregate.add(aggregate.seed(), 2), 1);
    const early = aggregate.result!(values);
    aggregate.add(values, 3);
    assertEquals([early, aggregate.result!(values)], [[2, 1], [2, 1, 3]]);
  });

  it("an aggregate begins anew for each window", () => {
    for (
      const make of [count<{ price: number }>(), sum(price), average(price), collect<{ price: number }>()] as Aggregate<
        unknown,
        unknown,
        unknown
      >[]
    ) {
      const first = make.seed();
      make.add(first, rows[0]);
      assertEquals(over(make, rows.slice(0, 1)), over(make, rows.slice(0, 1)));
      assertEquals(make.seed() === first && typeof first === "object", false);
    }
  });

  for (const [name, make] of Object.entries({ sum, min, max, average })) {
    it(`${name}() throws at once when it is not told the number of a value`, () => {
      const { message } = assertThrows(() => make(undefined as never), TypeError);
      assertEquals(message, `Cannot create ${name}(): of must be a function`);
    });
  }
});
