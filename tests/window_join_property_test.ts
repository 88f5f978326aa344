/** `windowJoin` emits what a recomputation from the whole input says, whatever the disorder and the restarts. */
import fc from "fast-check";
import { type JoinType, windowJoin } from "@tidemark/streams/operators";
import {
  assertJoined,
  type Input,
  input,
  type Row,
  type Truth,
  type Value,
  watermarksOf,
} from "./support/join_property.ts";

const SEED = { seed: 20_240_403, numRuns: 1_000 };

interface Rules {
  readonly size: number;
  readonly offset: number;
  readonly type: JoinType;
}

const rules = fc.integer({ min: 1, max: 40 }).chain((size) =>
  fc.record({
    size: fc.constant(size),
    offset: fc.integer({ min: 1 - size, max: size - 1 }),
    type: fc.constantFrom<JoinType>("inner", "left", "right", "full"),
    values: fc.constantFrom<"copied" | "frozen">("copied", "frozen"),
  })
);

/** All pairs of all values. */
function truthOf(run: Input, { size, offset, type }: Rules): Truth {
  const { values } = run;
  const watermarks = watermarksOf(run);
  const last = ({ time }: Value) => time + size - 1 - (((time - offset) % size) + size) % size;
  const isLate = (value: Value) => last(value) <= watermarks[value.place];
  /** The value after which a window fires: the first one that raises the watermark to its last millisecond. */
  const fires = (value: Value) => {
    const at = watermarks.findIndex((watermark) => watermark >= last(value));
    return at < 0 ? values.length : at - 1;
  };
  const steps: Row[][] = Array.from({ length: values.length + 1 }, () => []);
  const kept = values.filter((value) => !isLate(value));
  const paired = new Set<Value>();
  for (const left of kept.filter(({ side }) => side === "left")) {
    for (const right of kept.filter(({ side }) => side === "right")) {
      if (left.key !== right.key || last(left) !== last(right)) continue;
      steps[fires(left)].push([left.place, right.place, last(left)]);
      paired.add(left).add(right);
    }
  }
  for (const value of kept) {
    const { side, place } = value;
    if (paired.has(value) || (type !== "full" && type !== side)) continue;
    steps[fires(value)].push(side === "left" ? [place, undefined, last(value)] : [undefined, place, last(value)]);
  }
  return { steps, late: values.filter(isLate).map(({ place }) => place) };
}

Deno.test("property: a window join has the pairs and the rows of the whole input, with disorder, lateness and restarts", () => {
  fc.assert(
    fc.property(input, rules, (run, { size, offset, type, values }) => {
      assertJoined(
        run,
        (right) =>
          windowJoin(right, {
            name: "join",
            window: { size, offset },
            key: ({ key }: Value) => key,
            rightKey: ({ key }) => key,
            type,
            values,
            join: (left, right) => [left?.place, right?.place] as const,
          }),
        truthOf(run, { size, offset, type }),
      );
    }),
    SEED,
  );
});
