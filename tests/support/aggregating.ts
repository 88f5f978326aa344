/** Aggregates over values in several parts, whose accumulators pass through the checkpoint's codec and are merged. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Aggregate } from "@tidemark/streams/operators";
import { ValueReader } from "../../state/value_reader.ts";
import { ValueWriter } from "../../state/value_writer.ts";

function bytesOf(value: unknown): Uint8Array {
  const writer = new ValueWriter();
  writer.value(value);
  return writer.take();
}

function stored<V>(value: V): V {
  return new ValueReader(bytesOf(value)).value() as V;
}

/** The result over values that come in parts: each part has an accumulator of its own, and they are merged in order. */
export function inParts<T, A, R>(aggregate: Aggregate<T, A, R>, parts: readonly (readonly T[])[]): R {
  const accumulators = parts.map((part) => stored(part.reduce(aggregate.add, stored(aggregate.seed()))));
  const whole = accumulators.reduce((one, other) => {
    const before = bytesOf(other);
    const merged = aggregate.merge!(one, other);
    assertEquals(bytesOf(other), before, "the second accumulator is as it was");
    return stored(merged);
  });
  return aggregate.result === undefined ? whole as unknown as R : aggregate.result(whole);
}

/** Whether an aggregate says of values in parts what `expected` says of all of them. */
export function assertMerges<T, A, R>(
  aggregate: Aggregate<T, A, R>,
  value: fc.Arbitrary<T>,
  check: (result: R, values: readonly T[]) => void,
): void {
  const parts = fc.array(fc.array(value, { maxLength: 20, size: "max" }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(parts.filter((parts) => parts.some(({ length }) => length > 0)), (parts) => {
      check(inParts(aggregate, parts), parts.flat());
    }),
    { seed: 20_240_307, numRuns: 300 },
  );
}
