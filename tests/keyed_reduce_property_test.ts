/** A keyed reduce says what a recomputation from the whole input says, with restarts. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Keyed, keyedReduce } from "@tidemark/streams/operators";
import { DurableTask } from "./support/durable_task.ts";
import { jobSink, jobSource } from "./support/task_host.ts";

interface Step {
  readonly key: string;
  /** What is added to the key's list; `undefined` forgets the key. */
  readonly add: number | undefined;
  /** What happens after the record. */
  readonly then: "cut" | "restart" | "nothing";
}

const steps = fc.array(
  fc.record({
    key: fc.constantFrom("a", "b", "c"),
    add: fc.option(fc.nat(9), { nil: undefined, freq: 4 }),
    then: fc.constantFrom<Step["then"]>("nothing", "nothing", "nothing", "cut", "restart"),
  }),
  { maxLength: 40, size: "max" },
);

/** What comes out. All values of a key since it was forgotten are added up anew for each result. */
function truth(steps: readonly Step[], emit: "every" | "latest"): Keyed<string, unknown>[] {
  const valueAt = (place: number, key: string) => {
    const mine = steps.slice(0, place + 1).filter((step) => step.key === key).map(({ add }) => add);
    const since = mine.slice(mine.lastIndexOf(undefined) + 1);
    return since.length === 0 ? [] : [{ key, value: { all: since } }];
  };
  if (emit === "every") return steps.flatMap(({ key }, place) => valueAt(place, key));
  const results: Keyed<string, unknown>[] = [];
  let begin = 0;
  for (const [place, { then }] of steps.entries()) {
    if (then === "nothing" && place < steps.length - 1) continue;
    const keys = new Set(steps.slice(begin, place + 1).map(({ key }) => key));
    for (const key of keys) results.push(...valueAt(place, key));
    begin = place + 1;
  }
  return results;
}

for (const emit of ["every", "latest"] as const) {
  Deno.test(`property: keyedReduce() with emit "${emit}" says what the whole input says, with restarts`, () => {
    fc.assert(
      fc.property(steps, fc.constantFrom<"copied" | "frozen">("copied", "frozen"), (steps, values) => {
        const task = new DurableTask(() =>
          jobSource<Step>("steps").pipe(
            keyedReduce({
              name: "all",
              key: ({ key }) => key,
              initial: { all: [] as number[] },
              reduce({ all }, { add }) {
                if (add === undefined) return undefined as never;
                if (values === "frozen") return { all: [...all, add] };
                all.push(add);
                return { all };
              },
              emit,
              values,
            }),
            jobSink("out"),
          )
        );
        for (const step of steps) {
          task.push("steps", step);
          if (step.then === "restart") task.restart();
          else if (step.then === "cut") task.cut();
        }
        task.end();
        assertEquals(task.failure, undefined);
        const results = task.results as Keyed<string, unknown>[], expected = truth(steps, emit);
        // The order of keys at a cut is free.
        if (emit === "every") assertEquals(results, expected);
        else assertEquals(Object.groupBy(results, ({ key }) => key), Object.groupBy(expected, ({ key }) => key));
      }),
      { seed: 20_240_311, numRuns: 1_000 },
    );
  });
}
