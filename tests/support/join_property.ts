/** Property tests of joins of two streams: arbitrary input, and a run in a task that restarts at random cuts. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { map, type Observable, type OperatorFunction, tap } from "rxjs";
import { eventTime, type Joined, lateSideOutput, recordInfo, watermark } from "@tidemark/streams/operators";
import { DurableTask } from "./durable_task.ts";
import { jobSink, jobSource } from "./task_host.ts";

/** A value of one side, with its place in the input. */
export interface Value {
  readonly side: "left" | "right";
  readonly key: string;
  readonly time: number;
  readonly place: number;
}

/** A row: the places of its values, and its event time. */
export type Row = readonly [left: number | undefined, right: number | undefined, time: number];

/** An input, and how it is run. */
export interface Input {
  readonly values: readonly Value[];
  /** The disorder that each side's watermark allows. */
  readonly disorder: { readonly left: number; readonly right: number };
  /** After which values the task restarts. */
  readonly restarts: readonly number[];
}

const disorder = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 }));

/** Arbitrary inputs. */
export const input: fc.Arbitrary<Input> = fc.record({
  values: fc.array(
    fc.record({
      side: fc.constantFrom<Value["side"]>("left", "right"),
      key: fc.constantFrom("a", "a", "b"),
      time: fc.oneof(
        { weight: 9, arbitrary: fc.integer({ min: -20, max: 60 }) },
        { weight: 1, arbitrary: fc.integer({ min: -500, max: 900 }) },
      ),
    }),
    { minLength: 1, maxLength: 36 },
  ).map((values) => values.map((value, place) => ({ ...value, place }))),
  disorder: fc.record({ left: disorder, right: disorder }),
  restarts: fc.array(fc.nat(30), { maxLength: 2 }),
});

/** The watermark before each value, and after the last one: the lower one of both sides. */
export function watermarksOf({ values, disorder }: Input): number[] {
  const highest = { left: -Infinity, right: -Infinity };
  return [-Infinity].concat(values.map(({ side, time }) => {
    highest[side] = Math.max(highest[side], time);
    return Math.min(highest.left - disorder.left, highest.right - disorder.right) - 1;
  }));
}

/** What comes after each value and at the end, and which values are late. */
export interface Truth {
  readonly steps: readonly (readonly Row[])[];
  readonly late: readonly number[];
}

/** Runs a join of these inputs, with restarts on the way, and compares it with the truth, step by step. */
export function assertJoined(
  run: Input,
  join: (
    right: Observable<Value>,
  ) => OperatorFunction<Value, Joined<readonly [number | undefined, number | undefined], Value>>,
  truth: Truth,
): void {
  const { values, disorder, restarts } = run;
  const late: number[] = [];
  const side = (name: Value["side"]): Observable<Value> =>
    jobSource<Value>(name).pipe(
      eventTime(({ time }) => time),
      watermark({ name, maxOutOfOrderness: disorder[name] }),
    );
  const task = new DurableTask(() =>
    side("left").pipe(
      join(side("right")),
      lateSideOutput((refused) => refused.pipe(tap(({ place }) => late.push(place)))),
      map(([left, right]): Row => [left, right, recordInfo().timestamp!]),
      jobSink("out"),
    )
  );
  const steps: Row[][] = [];
  const take = () => steps.push(task.results.splice(0) as Row[]);
  for (const value of values) {
    task.push(value.side, value, { timestamp: value.time });
    if (task.failure !== undefined) throw task.failure;
    take();
    if (restarts.includes(value.place)) task.restart();
  }
  task.end();
  if (task.failure !== undefined) throw task.failure;
  take();
  assertEquals(late, truth.late, "late values");
  assertEquals(steps.map(inOrder), truth.steps.map(inOrder));
  const watermarks = watermarksOf(run);
  for (const [step, rows] of steps.entries()) {
    assertEquals(
      rows.filter(([, , time]) => time < watermarks[Math.min(step, values.length)]),
      [],
      "rows that are late",
    );
  }
}

function inOrder(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
}
