/** `intervalJoin` emits what a recomputation from the whole input says, whatever the disorder and the restarts. */
import fc from "fast-check";
import { intervalJoin, type JoinType } from "@tidemark/streams/operators";
import {
  assertJoined,
  type Input,
  input,
  type Row,
  type Truth,
  type Value,
  watermarksOf,
} from "./support/join_property.ts";

const SEED = { seed: 20_240_401, numRuns: 1_000 };

interface Rules {
  readonly lower: number;
  readonly upper: number;
  readonly type: JoinType;
}

const rules = fc.record({
  bounds: fc.tuple(fc.integer({ min: -25, max: 25 }), fc.nat(30)),
  type: fc.constantFrom<JoinType>("inner", "left", "right", "full"),
  values: fc.constantFrom<"copied" | "frozen">("copied", "frozen"),
}).map(({ bounds: [lower, width], ...rest }) => ({ ...rest, lower, upper: lower + width }));

/** All pairs of all values, each with a look at where the watermark was. */
function truthOf(run: Input, { lower, upper, type }: Rules): Truth {
  const { values } = run;
  const watermarks = watermarksOf(run);
  const isLate = ({ time, place }: Value) => time < watermarks[place];
  const leaves = ({ side, time }: Value) => time + Math.max(side === "left" ? upper : -lower, 0);
  /** The value after which a value has left: the first one that raises the watermark far enough. */
  const gone = (value: Value) => {
    const at = values.findIndex(({ place }) =>
      place >= value.place && watermarks[place + 1] >= leaves(value) && watermarks[place + 1] > watermarks[value.place]
    );
    return at < 0 ? values.length : at;
  };
  const steps: Row[][] = Array.from({ length: values.length + 1 }, () => []);
  const kept = values.filter((value) => !isLate(value));
  const paired = new Set<Value>();
  for (const left of kept.filter(({ side }) => side === "left")) {
    for (const right of kept.filter(({ side }) => side === "right")) {
      const [first, second] = left.place < right.place ? [left, right] : [right, left];
      const apart = right.time - left.time;
      if (left.key !== right.key || apart < lower || apart > upper || gone(first) < second.place) continue;
      steps[second.place].push([left.place, right.place, Math.max(left.time, right.time)]);
      paired.add(left).add(right);
    }
  }
  for (const value of kept) {
    const { side, place } = value;
    if (paired.has(value) || (type !== "full" && type !== side)) continue;
    steps[gone(value)].push(side === "left" ? [place, undefined, leaves(value)] : [undefined, place, leaves(value)]);
  }
  return { steps, late: values.filter(isLate).map(({ place }) => place) };
}

Deno.test("property: an interval join has the pairs and the rows of the whole input, with disorder, lateness and restarts", () => {
  fc.assert(
    fc.property(input, rules, (run, { lower, upper, type, values }) => {
      assertJoined(
        run,
        (right) =>
          intervalJoin(right, {
            name: "join",
            key: ({ key }: Value) => key,
            rightKey: ({ key }) => key,
            lower,
            upper,
            type,
            values,
            join: (left, right) => [left?.place, right?.place] as const,
          }),
        truthOf(run, { lower, upper, type }),
      );
    }),
    SEED,
  );
});
