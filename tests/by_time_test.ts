/** Entries by time: like an array that is sorted anew each time. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { ByTime } from "../operators/_by_time.ts";

/** The numbers of the entries from a time on, as walking over them finds them. */
function walked(entries: ByTime<number>, from: number): number[] {
  const found: number[] = [];
  let position = entries.seek(from);
  for (let entry = entries.at(position); entry !== undefined;) {
    found.push(entry);
    entry = entries.at(position = entries.after(position));
  }
  return found;
}

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ add: fc.integer({ min: 0, max: 40 }), times: fc.integer({ min: 1, max: 150 }) }),
  },
  { weight: 2, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 200 }) }) },
);

describe("entries by time", () => {
  it("property: are those of a sorted array, whatever is added and taken", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 16 }), fc.integer({ min: -1, max: 42 }), (steps, from) => {
        const entries = new ByTime<number>();
        let naive: [time: number, entry: number][] = [], next = 0;
        for (const step of steps) {
          if ("take" in step) {
            for (let n = 0; n < step.take && naive.length > 0; n++) assertEquals(entries.take(), naive.shift()![1]);
          } else {
            // Some of them at the same time, some before and after it.
            for (let n = 0; n < step.times; n++) {
              const time = step.add + (n % 3 - 1) * (n % 7);
              entries.add(time, next);
              naive.push([time, next++]);
            }
            naive = naive.sort(([a, m], [b, n]) => a - b || m - n);
          }
          assertEquals(entries.size, naive.length);
          assertEquals(entries.least, naive[0]?.[0] ?? Infinity);
          assertEquals(walked(entries, from), naive.filter(([time]) => time >= from).map(([, entry]) => entry));
        }
      }),
      { seed: 20_240_402, numRuns: 1_000 },
    );
  });

  it("hold as many as a hundred thousand, in order, backwards and at one time", () => {
    for (const timeOf of [(n: number) => n, (n: number) => -n, () => 0, (n: number) => n * 7919 % 100_000]) {
      const entries = new ByTime<number>();
      for (let n = 0; n < 100_000; n++) entries.add(timeOf(n), n);
      const expected = Array.from({ length: 100_000 }, (_, n) => n).sort((a, b) => timeOf(a) - timeOf(b) || a - b);
      assertEquals(walked(entries, -Infinity), expected);
      assertEquals(Array.from({ length: 100_000 }, () => entries.take()), expected);
      assertEquals([entries.size, entries.least], [0, Infinity]);
    }
  });
});
