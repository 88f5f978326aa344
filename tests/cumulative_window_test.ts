/** Cumulative windows, by example and against a recomputation from the whole input. */
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { count, cumulativeWindow } from "@tidemark/streams/operators";
import type { Event } from "./support/events.ts";
import { crashWindows } from "./support/window_crash.ts";
import { assertTruth, common, optionsOf } from "./support/window_property.ts";
import { script, type Step } from "./support/window_script.ts";

const windows = (steps: readonly Step[], options: object = {}) =>
  script(steps, cumulativeWindow({ key: ({ key }) => key, max: 9, step: 3, aggregate: count(), ...options }));

describe("cumulativeWindow()", () => {
  it("gives a record every window that ends after it, up to the longest", () => {
    assertEquals(windows([[1], [4], [11]]), [
      "k [0,3) 1 onTime 0 @2",
      "k [0,6) 2 onTime 0 @5",
      "k [0,9) 2 onTime 0 @8",
      "k [9,12) 1 onTime 0 @11",
      "k [9,15) 1 onTime 0 @14",
      "k [9,18) 1 onTime 0 @17",
    ]);
  });

  it("a record is late when the longest window is gone", () => {
    assertEquals(windows([[1], { mark: 7 }, [2], { mark: 8 }, [2]]), [
      "k [0,3) 1 onTime 0 @2",
      "k [0,6) 1 onTime 0 @5",
      "k [0,9) 2 onTime 0 @8",
      "late 2",
    ]);
  });

  it("refuses options that make no sense, in words", () => {
    const make = (options: object) => () =>
      cumulativeWindow({ key: () => 1, max: 9, step: 3, aggregate: count(), ...options } as never);
    const attempts: [() => unknown, string][] = [
      [make({ step: 0 }), "step must be > 0, current value is 0"],
      [make({ step: 4 }), "max must be a multiple of step, current value is 9 with step 4"],
      [make({ offset: -9 }), "offset must lie between -max and max, current value is -9 with max 9"],
    ];
    for (const [attempt, sentence] of attempts) {
      assertThrows(attempt, Error, `Cannot create cumulative windows: ${sentence}`);
    }
  });

  it("has the same results whatever crashes", async () => {
    const lengths = { max: 12, step: 4, allowedLateness: 20 };
    await crashWindows(cumulativeWindow({ name: "w", key: ({ user }: Event) => user, ...lengths, aggregate: count() }));
  });

  it("says what a recomputation from the whole input says, with restarts, partitions, lateness and triggers", () => {
    const lengths = fc.record({
      step: fc.integer({ min: 1, max: 15 }),
      steps: fc.integer({ min: 1, max: 6 }),
      shift: fc.integer({ min: -90, max: 90 }),
    });
    fc.assert(
      fc.property(common, lengths, (rules, { step, steps, shift }) => {
        const max = step * steps, offset = shift % max;
        const spansOf = ({ time }: { time: number }) => {
          const start = Math.floor((time - offset) / max) * max + offset;
          return Array.from({ length: steps }, (_, n) => ({ start, end: start + (n + 1) * step }))
            .filter(({ end }) => time < end);
        };
        assertTruth({ ...rules, spansOf, merges: false }, cumulativeWindow({ ...optionsOf(rules), max, step, offset }));
      }),
      { seed: 20_240_305, numRuns: 1_000 },
    );
  });
});
