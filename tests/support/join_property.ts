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
  /** The partition of its side. */
  readonly partition: number;
}

/** A row: the places of its values, and its event time. */
export type Row = readonly [left: number | undefined, right: number | undefined, time: number];

/** An input, and how it is run. */
export interface Input {
  readonly values: readonly Value[];
  /** The disorder that each side's watermark allows. */
  readonly disorder: { readonly left: number; readonly right: number };
  readonly partitions: { readonly left: number; readonly right: number };
  /** After which values the task restarts. */
  readonly restarts: readonly number[];
}

/** Most inputs have one partition, so that a watermark rises early. */
const partitions = fc.constantFrom(1, 1, 1, 2);
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
      partition: fc.nat(1),
    }),
    { minLength: 1, maxLength: 36 },
  ),
  disorder: fc.record({ left: disorder, right: disorder }),
  partitions: fc.record({ left: partitions, right: partitions }),
  restarts: fc.array(fc.nat(30), { maxLength: 2 }),
}).map(({ values, partitions, ...rest }) => ({
  ...rest,
  partitions,
  values: values.map((value, place) => ({ ...value, place, partition: value.partition % partitions[value.side] })),
}));

/** The watermark before each value, and after the last one: the lowest one of all partitions of both sides. */
export function watermarksOf({ values, disorder, partitions }: Input): number[] {
  const highest = {
    left: new Array<number>(partitions.left).fill(-Infinity),
    right: new Array<number>(partitions.right).fill(-Infinity),
  };
  return [-Infinity].concat(values.map(({ side, time, partition }) => {
    highest[side][partition] = Math.max(highest[side][partition], time);
    return Math.min(Math.min(...highest.left) - disorder.left, Math.min(...highest.right) - disorder.right) - 1;
  }));
}

/** The value after which the watermark has reached a time, by its place; how many there are where that is the end. */
export function reaches({ values }: Input, watermarks: readonly number[], time: number): number {
  const at = watermarks.findIndex((watermark) => watermark >= time);
  return at < 0 ? values.length : at - 1;
}

/** What comes after each value and at the end, and which values are late. */
export interface Truth {
  readonly steps: readonly (readonly Row[])[];
  readonly late: readonly number[];
  /** Rows of one step in an order that does not depend on what is left open. @default by their text */
  readonly order?: (rows: readonly Row[]) => readonly Row[];
}

/** Runs a join of these inputs, with restarts on the way, and compares it with the truth, step by step. */
export function assertJoined(
  run: Input,
  join: (
    right: Observable<Value>,
  ) => OperatorFunction<Value, Joined<readonly [number | undefined, number | undefined], Value>>,
  truth: Truth,
): void {
  const { values, disorder, partitions, restarts } = run;
  const late: number[] = [];
  const side = (name: Value["side"]): Observable<Value> =>
    jobSource<Value>(name, partitions[name]).pipe(
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
    task.push(value.side, value, { timestamp: value.time, partition: value.partition });
    if (task.failure !== undefined) throw task.failure;
    take();
    if (restarts.includes(value.place)) task.restart();
  }
  task.end();
  if (task.failure !== undefined) throw task.failure;
  take();
  assertEquals(late, truth.late, "late values");
  const { order = byText } = truth;
  assertEquals(steps.map(order), truth.steps.map(order));
  const watermarks = watermarksOf(run);
  for (const [step, rows] of steps.entries()) {
    assertEquals(
      rows.filter(([, , time]) => time < watermarks[Math.min(step, values.length)]),
      [],
      "rows that are late",
    );
  }
}

function byText(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
}
