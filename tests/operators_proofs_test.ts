/** Each operator that keeps state has a property test, a crash test and a place in the simulator: none is forgotten. */
import { assertEquals } from "@std/assert";
import { eventTime, watermark } from "@tidemark/streams/operators";
import { FAMILIES } from "./sim/families/all.ts";
import type { Event } from "./sim/traffic.ts";
import { statefulOperators } from "./support/operator_names.ts";
import { HandMadeTask, jobSource } from "./support/task_host.ts";

/** How often a property test draws its input. */
const RUNS = 1_000;

/** The test files of an operator begin with its name. */
function testsOf(operator: string): { readonly name: string; readonly text: string }[] {
  const own = new RegExp(`^${operator.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_(\\w+_)?test\\.ts$`);
  const names = [...Deno.readDirSync(new URL(".", import.meta.url))].map(({ name }) => name).filter((name) =>
    own.test(name)
  );
  return names.map((name) => ({ name, text: Deno.readTextFileSync(new URL(name, import.meta.url)) }));
}

/** The most runs of a property in a text. */
function runsIn(text: string): number {
  return Math.max(0, ...[...text.matchAll(/numRuns: ([\d_]+)/g)].map(([, runs]) => Number(runs.replaceAll("_", ""))));
}

/** The operators whose stages a family of the simulator opens state for. */
function operatorsIn(family: (typeof FAMILIES)[number]): string[] {
  const opened: string[] = [];
  const task = new HandMadeTask();
  const openState = task.openState.bind(task);
  task.openState = (spec) => {
    opened.push(spec.operator);
    return openState(spec);
  };
  const bare = jobSource<Event>("events").pipe(eventTime(({ time }) => time));
  const events = bare.pipe(watermark({ maxOutOfOrderness: 0 }));
  task.run(
    family.pipeline(events, {
      after: () => {},
      partitions: 1,
      open: ({ topic, broadcast }) => jobSource(topic, 1, broadcast),
      bare,
    }),
  );
  return opened;
}

Deno.test(`every stateful operator has a property test of at least ${RUNS} runs in a file of its name`, () => {
  const without = statefulOperators().filter((operator) =>
    !testsOf(operator).some(({ text }) => text.includes(`${operator}(`) && runsIn(text) >= RUNS)
  );
  assertEquals(without, []);
});

Deno.test("every stateful operator has a crash test in a file of its name", () => {
  const without = statefulOperators().filter((operator) =>
    !testsOf(operator).some(({ text }) => text.includes(`${operator}(`) && /await crash(Test|Windows)\(/.test(text))
  );
  assertEquals(without, []);
});

Deno.test("every stateful operator has a family in the simulator", () => {
  // The counts of `pipelines.ts` are in most runs, and are no family. A hop keeps clocks alone.
  const hops = FAMILIES.some((family) => family.hops !== undefined) ? ["repartition"] : [];
  const covered = new Set(["keyedReduce", ...hops, ...FAMILIES.flatMap(operatorsIn)]);
  assertEquals(statefulOperators().filter((operator) => !covered.has(operator)), []);
});
