/** Tumbling windows with triggers and panes of every kind say what a recomputation from the whole input says. */
import fc from "fast-check";
import { tumblingWindow } from "@tidemark/streams/operators";
import { assertTruth, common, optionsOf } from "./support/window_property.ts";

const SEED = { seed: 20_240_303, numRuns: 1_000 };

Deno.test("property: tumbling windows are those of the whole input, with restarts, partitions, lateness and triggers", () => {
  fc.assert(
    fc.property(common, fc.integer({ min: 1, max: 40 }), (rules, size) => {
      const spansOf = ({ time }: { time: number }) => {
        const start = Math.floor(time / size) * size;
        return [{ start, end: start + size }];
      };
      assertTruth({ ...rules, spansOf, merges: false }, tumblingWindow({ ...optionsOf(rules), size }));
    }),
    SEED,
  );
});
