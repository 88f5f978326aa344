/** `temporalJoin` emits what a recomputation from the whole input says, whatever the disorder and the restarts. */
import fc from "fast-check";
import { temporalJoin, toTable } from "@tidemark/streams/operators";
import {
  assertJoined,
  type Input,
  input,
  reaches,
  type Row,
  type Truth,
  type Value,
  watermarksOf,
} from "./support/join_property.ts";

const SEED = { seed: 20_240_406, numRuns: 1_000 };

interface Rules {
  readonly type: "inner" | "left";
  /** Of so many changes one deletes its row. */
  readonly deletes: number;
}

const rules = fc.record({
  type: fc.constantFrom("inner", "left"),
  deletes: fc.constantFrom(2, 3, 100),
  values: fc.constantFrom("copied", "frozen"),
});

const isDeletion = ({ place }: Value, { deletes }: Rules) => place % deletes === 0;

/** The versions of a key that are kept before a change at `place`, and after all if that is none. Newest first. */
function versionsOf(run: Input, rules: Rules, key: string, place: number): Value[] {
  const watermarks = watermarksOf(run);
  /** A change that is late is reached when the watermark rises the next time. */
  const isReached = ({ time, place }: Value, by: number) => {
    const rises = watermarks.findIndex((mark, at) => at > place && mark > watermarks[at - 1] && mark >= time);
    return rises >= 0 && rises <= by;
  };
  let versions: Value[] = [];
  for (const change of run.values.slice(0, place)) {
    if (change.side === "left" || change.key !== key) continue;
    const reached = versions.filter((version) => isReached(version, change.place));
    const [row] = reached;
    const kept = row === undefined || isDeletion(row, rules) ? [] : [row];
    if (kept.some(({ time }) => change.time < time)) continue;
    versions = [change, ...kept, ...versions.filter((version) => !reached.includes(version))]
      .filter((version) => version === change || version.time !== change.time)
      .sort((a, b) => b.time - a.time);
  }
  return versions;
}

/** For each value the newest version at its time that is kept when the watermark reaches it. */
function truthOf(run: Input, rules: Rules): Truth {
  const { values } = run;
  const watermarks = watermarksOf(run);
  const lefts = values.filter(({ side }) => side === "left");
  const isLate = ({ time, place }: Value) => time <= watermarks[place];
  const steps: Row[][] = Array.from({ length: values.length + 1 }, () => []);
  for (const { key, time, place } of lefts.filter((left) => !isLate(left)).sort((a, b) => a.time - b.time)) {
    const step = reaches(run, watermarks, time);
    const row = versionsOf(run, rules, key, step + 1).find((version) => version.time <= time);
    const found = row === undefined || isDeletion(row, rules) ? undefined : row.place;
    if (found !== undefined || rules.type === "left") steps[step].push([place, found, time]);
  }
  return { steps, late: lefts.filter(isLate).map(({ place }) => place), order: (rows) => rows };
}

Deno.test("property: a temporal join has the row of each value's time, in the order of time, with disorder, late changes and restarts", () => {
  fc.assert(
    fc.property(input, rules, (run, { type, deletes, values }) => {
      assertJoined(
        run,
        (right) =>
          temporalJoin(
            right.pipe(toTable({
              key: ({ key }) => key,
              value: (value) => isDeletion(value, { type, deletes }) ? undefined : value,
            })),
            {
              name: "join",
              key: ({ key }: Value) => key,
              type,
              values,
              join: (left, row) => [left.place, row?.place] as const,
            },
          ),
        truthOf(run, { type, deletes }),
      );
    }),
    SEED,
  );
});
