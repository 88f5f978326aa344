/** Property tests of window operators: arbitrary input, and a run in a task that restarts at random cuts. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { map, type Observable, type OperatorFunction, tap } from "rxjs";
import {
  collect,
  eventTime,
  everyCount,
  everyEventTime,
  lateSideOutput,
  type Trigger,
  watermark,
  type WindowOptions,
  type WindowResult,
} from "@tidemark/streams/operators";
import { DurableTask } from "./durable_task.ts";
import type { Row } from "./oracle.ts";
import { jobSink, jobSource } from "./task_host.ts";
import { type Every, inOrder, type Pane, type WindowRules, type WindowTruth, windowTruth } from "./window_truth.ts";

/** A row with its place in the input. */
export type Placed = Row & { readonly place: number };

/** The rules that all windows share. */
export type Common = Omit<WindowRules, "spansOf" | "merges"> & {
  readonly rows: readonly Row[];
  /** After which records the task restarts. */
  readonly restarts: readonly number[];
};

const every = fc.oneof(
  fc.constant(undefined),
  fc.record({ records: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ ms: fc.integer({ min: 1, max: 25 }) }),
);

/** Arbitrary rules and rows. */
export const common: fc.Arbitrary<Common> = fc.record({
  partitions: fc.integer({ min: 1, max: 3 }),
  maxOutOfOrderness: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 })),
  allowedLateness: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 90 })),
  panes: fc.constantFrom<WindowRules["panes"]>("accumulate", "discard", "retract"),
  onClose: fc.boolean(),
  early: every,
  late: every,
  plain: fc.boolean(),
}).map(({ onClose, plain, late, ...rules }) => ({
  ...rules,
  // One final result takes neither triggers nor panes. Without a trigger of its own, each late record brings a pane.
  onClose: onClose && plain,
  ...(plain ? { panes: "accumulate" as const, early: undefined } : {}),
  late: plain ? { records: 1 } : late ?? { records: 1 },
})).chain((rules) =>
  fc.record({
    rows: fc.array(
      fc.record({
        key: fc.constantFrom("a", "a", "b"),
        time: fc.oneof(
          { weight: 9, arbitrary: fc.integer({ min: -40, max: 110 }) },
          { weight: 1, arbitrary: fc.integer({ min: -1_000, max: 2_000 }) },
        ),
        partition: fc.integer({ min: 0, max: rules.partitions - 1 }),
      }),
      { minLength: 1, maxLength: 20, size: "max" },
    ),
    restarts: fc.array(fc.nat(20), { maxLength: 2 }),
  }).map((input) => ({ ...rules, ...input }))
);

/** The trigger of a rule. */
export function triggerOf(every: Every): Trigger | undefined {
  return every === undefined ? undefined : "ms" in every ? everyEventTime(every.ms) : everyCount(every.records);
}

/** The common options of a window operator that follows these rules, and collects the places of its rows. */
export function optionsOf(rules: Common): WindowOptions<Placed, string, number[], number[]> {
  const { early, late, onClose, allowedLateness, panes } = rules;
  const places = collect<number>();
  return {
    name: "windows",
    key: ({ key }) => key,
    aggregate: { ...places, add: (all, { place }) => places.add(all, place), result: (all) => [...all] },
    allowedLateness,
    ...(onClose ? { emit: "onClose" } : { panes, trigger: { early: triggerOf(early), late: triggerOf(late) } }),
  };
}

/** Whether an operator emits what the rules say, with restarts on the way; and refuses the same records. */
export function assertTruth(
  rules: Common & WindowRules,
  windows: OperatorFunction<Placed, WindowResult<Placed, string, number[]>>,
): void {
  assertSteps(rules, windows, windowTruth(rules.rows, rules));
}

/** Whether an operator emits these results, step by step, with restarts on the way; and refuses the same records. */
export function assertSteps(
  { rows, partitions, maxOutOfOrderness, restarts }: Common,
  windows: OperatorFunction<Placed, WindowResult<Placed, string, number[]>>,
  truth: WindowTruth,
): void {
  const late: number[] = [];
  const task = new DurableTask(() =>
    jobSource<Placed>("rows", partitions).pipe(
      eventTime((row) => row.time),
      watermark({ maxOutOfOrderness }),
      windows,
      lateSideOutput((refused) =>
        (refused as unknown as Observable<Placed>).pipe(tap(({ place }) => late.push(place)))
      ),
      map(({ key, window, value, ...rest }) => ({ key, ...window, members: value.toSorted((a, b) => a - b), ...rest })),
      jobSink("out"),
    )
  );
  const steps: Pane[][] = [];
  const take = () => steps.push(inOrder(task.results.splice(0) as Pane[]));
  for (const [place, row] of rows.entries()) {
    task.push("rows", { ...row, place }, { partition: row.partition, timestamp: row.time });
    if (task.failure !== undefined) throw task.failure;
    take();
    if (restarts.includes(place)) task.restart();
  }
  task.end();
  if (task.failure !== undefined) throw task.failure;
  take();
  assertEquals(late, truth.late, "late records");
  assertEquals(steps, truth.steps.map(inOrder));
}
