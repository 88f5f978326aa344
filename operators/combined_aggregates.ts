/**
 * Several aggregates as one.
 *
 * @module
 */
import { type Aggregate, keepingNothing, keepsNothing } from "./_aggregate.ts";
import { copyOf, copyWherePlain } from "./_own.ts";

// deno-lint-ignore no-explicit-any
type AnyAggregate = Aggregate<any, any, any>;

/** The values that all of some aggregates take. */
export type InputOf<P> =
  { [N in keyof P]: P[N] extends Aggregate<infer T, infer _A, infer _R> ? (value: T) => void : never }[
    keyof P
  ] extends (value: infer I) => void ? I : never;

/** The results of some aggregates, by name. */
export type ResultsOf<P> = { [N in keyof P]: P[N] extends Aggregate<infer _T, infer _A, infer R> ? R : never };

/**
 * Several aggregates of the same values. The result has theirs by name.
 *
 * @param parts the aggregates, by name
 * @returns an aggregate for windows, which can merge when all parts can
 * @throws {TypeError} when a part lacks `seed` or `add`
 *
 * @example A count and a maximum
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { aggregates, count, max } from "@tidemark/streams";
 * const aggregate = aggregates({ n: count(), most: max((price: number) => price) });
 * assertEquals(aggregate.result!([2, 3].reduce(aggregate.add, aggregate.seed())), { n: 2, most: 3 });
 * ```
 */
export function aggregates<P extends Readonly<Record<string, AnyAggregate>>>(
  parts: P,
): Aggregate<InputOf<P>, Map<string, unknown>, ResultsOf<P>> {
  const all: [string, AnyAggregate][] = Object.entries(parts);
  for (const [name, part] of all) {
    if (typeof part?.seed === "function" && typeof part.add === "function") continue;
    throw new TypeError(`Cannot create aggregates(): ${name} must be an aggregate, with seed and add`);
  }
  const pure = all.map(([, part]) => keepsNothing(part));
  const add = (accumulators: Map<string, unknown>, value: InputOf<P>) => {
    for (let at = 0; at < all.length; at++) {
      const [name, part] = all[at];
      // Accumulators share no value, so that none sees what another does to it.
      const own = pure[at] ? value : copyWherePlain(value);
      accumulators.set(name, part.add(accumulators.get(name), own));
    }
    return accumulators;
  };
  const combined: Aggregate<InputOf<P>, Map<string, unknown>, ResultsOf<P>> = {
    seed: () => new Map(all.map(([name, part]) => [name, part.seed()])),
    add: pure.every(Boolean) ? keepingNothing(add) : add,
    result: (accumulators) =>
      Object.fromEntries(all.map(([name, part]) => {
        const accumulator = accumulators.get(name);
        return [name, part.result === undefined ? copyOf(accumulator) : part.result(accumulator)];
      })) as ResultsOf<P>,
  };
  if (all.every(([, part]) => typeof part.merge === "function")) {
    combined.merge = (accumulators, other) => {
      for (const [name, part] of all) accumulators.set(name, part.merge!(accumulators.get(name), other.get(name)));
      return accumulators;
    };
  }
  return combined;
}
