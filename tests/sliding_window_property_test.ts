/** Sliding windows say what a recomputation from the whole input says, whatever the disorder, triggers and restarts. */
import fc from "fast-check";
import { slidingWindow } from "@tidemark/streams/operators";
import { assertTruth, common, optionsOf } from "./support/window_property.ts";
import type { Span } from "./support/window_truth.ts";

const SEED = { seed: 20_240_302, numRuns: 1_000 };

const lengths = fc.record({
  size: fc.integer({ min: 1, max: 40 }),
  slide: fc.oneof(fc.integer({ min: 3, max: 12 }), fc.integer({ min: 1, max: 50 })),
  shift: fc.integer({ min: -60, max: 60 }),
}).map(({ shift, ...rest }) => ({ ...rest, offset: shift % rest.slide }));

Deno.test("property: sliding windows are those of the whole input, with restarts, partitions, lateness and triggers", () => {
  fc.assert(
    fc.property(common, lengths, (rules, { size, slide, offset }) => {
      const spansOf = ({ time }: { time: number }): Span[] => {
        const spans: Span[] = [];
        for (let start = time - size + 1; start <= time; start++) {
          if ((start - offset) % slide === 0) spans.push({ start, end: start + size });
        }
        return spans;
      };
      assertTruth({ ...rules, spansOf, merges: false }, slidingWindow({ ...optionsOf(rules), size, slide, offset }));
    }),
    SEED,
  );
});
