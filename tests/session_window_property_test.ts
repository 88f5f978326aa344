/** Sessions say what a recomputation from the whole input says, whatever the disorder, triggers and restarts. */
import fc from "fast-check";
import { sessionWindow } from "@tidemark/streams/operators";
import { assertTruth, common, optionsOf } from "./support/window_property.ts";

const SEED = { seed: 20_240_301, numRuns: 1_000 };

/** A gap for each row, which follows from its time. */
const gaps = fc.oneof(
  fc.integer({ min: 1, max: 25 }).map((gap) => () => gap),
  fc.integer({ min: 1, max: 25 }).map((most) => (time: number) => Math.abs(time) % most),
);

Deno.test("property: sessions are those of the whole input, with restarts, partitions, lateness and triggers", () => {
  fc.assert(
    fc.property(common, gaps, (rules, gap) => {
      const spansOf = ({ time }: { time: number }) => [{ start: time, end: time + gap(time) }];
      assertTruth(
        { ...rules, spansOf, merges: true },
        sessionWindow({ ...optionsOf(rules), gap: ({ time }) => gap(time) }),
      );
    }),
    SEED,
  );
});
