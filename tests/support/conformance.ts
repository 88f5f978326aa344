/**
 * Runs the cases of `tests/conformance/` with the public operators, and names the reason for each case that it cannot
 * run.
 *
 * A driver takes a case and returns what happened, in the form of the case's `expected`. To cover more cases, add a
 * driver to `DRIVERS`, or remove a reason from `obstacle()`.
 */
import { merge, mergeMap, type MonoTypeOperatorFunction, type Observable, Subject, tap } from "rxjs";
import { count, eventTime, lateSideOutput, tumblingWindow, watermark } from "@tidemark/streams/operators";
import { type Case, type Happening, type Step, timeOf } from "./conformance_case.ts";
import { CLOCK_DRIVERS } from "./conformance_clocks.ts";
import { driveIntervalJoin, JOIN_FIELDS } from "./conformance_joins.ts";
import { driveTableJoin } from "./conformance_tables.ts";
import { driveAssigner, driveMerging, driveWindow, WINDOW_FIELDS, windowObstacle } from "./conformance_windows.ts";

type Driver = (scenario: Case) => Happening[];

const DRIVERS: Readonly<Record<string, Driver>> = {
  "flink-window": driveWindow,
  "flink-assigner": driveAssigner,
  "flink-window-start": driveAssigner,
  "flink-merge-windows": driveMerging,
  "flink-bounded-out-of-orderness": driveBounded,
  "flink-watermark-multiplexer": drivePartitions,
  "flink-watermark-valve": driveInputs,
  "flink-interval-join": driveIntervalJoin,
  "kafka-stream-table-join": driveTableJoin,
};

/** The fields of a configuration that a driver reads. A case with any other field is left out. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  "flink-window": WINDOW_FIELDS,
  "flink-assigner": WINDOW_FIELDS,
  "flink-window-start": WINDOW_FIELDS,
  "flink-merge-windows": [],
  "flink-bounded-out-of-orderness": ["bound"],
  "flink-watermark-multiplexer": [],
  "flink-watermark-valve": ["inputs"],
  "flink-interval-join": JOIN_FIELDS,
  "kafka-stream-table-join": [],
  "flink-idleness-timer": ["timeout"],
};

/** The steps that the drivers know, and their fields. */
const STEP_FIELDS = [
  ...["type", "key", "value", "ts", "windowStart", "windowEnd", "input", "output", "mode", "ms", "side"],
];
const STEP_TYPES = [
  ...["record", "watermark", "snapshot-restore", "restart", "periodicEmit", "register", "unregister", "markIdle"],
  ...["idle", "active", "activity", "advanceClock", "checkIdle", "inspect", "window", "inspectBuffers"],
];
const IDLE_STEPS = ["idle", "active", "markIdle", "checkIdle", "advanceClock", "activity"];

/** Why a case cannot be run here, or `undefined`. */
export function obstacle(scenario: Case): string | undefined {
  const { semantics, config, steps, expected } = scenario;
  const has = (...types: string[]) => steps.some(({ type }) => types.includes(type));
  const windows = windowObstacle(scenario);
  if (windows !== undefined) return windows;
  if (has("restart")) return "a restore needs a job";
  if (seesDeferred(steps)) return "a watermark counts from its record on, never from a later tick";
  if (driverOf(scenario) === undefined) return `nothing drives ${semantics}`;
  const unknown = Object.keys(config).find((field) => !FIELDS[semantics]?.includes(field));
  if (unknown !== undefined) return `the driver does not know the field ${unknown}`;
  for (const step of steps) {
    const strange = Object.keys(step).find((field) => !STEP_FIELDS.includes(field));
    if (strange !== undefined) return `the driver does not know the field ${strange} of a step`;
    if (!STEP_TYPES.includes(step.type)) return `the driver does not know steps of the type ${step.type}`;
  }
  const counts = semantics === "flink-interval-join";
  if (!counts && expected.some(({ type }) => type === "dropped")) {
    return "what is dropped is only counted, in a job's metrics";
  }
  return undefined;
}

/** Runs a case. Returns what happened. */
export function drive(scenario: Case): Happening[] {
  return driverOf(scenario)!(scenario);
}

/**
 * Idleness is driven on the clocks, and so are partitions without one that is open: a pipeline without an open partition
 * has ended, which is the end of time.
 */
function driverOf({ semantics, steps, kind }: Case): Driver | undefined {
  const sign: Record<string, number> = { register: 1, unregister: -1 };
  const open = steps.reduce((open, { type }) => open + (sign[type] ?? 0), 0);
  const onClocks = steps.some(({ type }) => IDLE_STEPS.includes(type)) ||
    (kind === "watermark-per-partition" && open === 0);
  return (onClocks ? CLOCK_DRIVERS : DRIVERS)[semantics];
}

/** Whether a watermark is looked at between its record and the tick that Flink defers it to. */
function seesDeferred(steps: readonly Step[]): boolean {
  let deferred = false;
  for (const { type, mode } of steps) {
    if (mode === "deferred" && type === "watermark") deferred = true;
    else if (type === "periodicEmit") deferred = false;
    else if (type === "inspect" && deferred) return true;
  }
  return false;
}

/** The watermark after each record. */
function driveBounded({ config, steps }: Case): Happening[] {
  const source = new Subject<Sent>();
  const ask = gauge(source.pipe(timed(), watermark({ maxOutOfOrderness: config.bound! }), probes(), timed()));
  return steps.flatMap((step, after) => {
    if (step.type === "record") source.next({ time: timeOf(step.ts) });
    return step.type === "periodicEmit" ? [{ after, type: "watermark", ts: ask(source) ?? "MIN" }] : [];
  });
}

/** One watermark() over several partitions: without a job each `eventTime()` is one. */
function drivePartitions({ steps }: Case): Happening[] {
  const names = [...new Set(steps.filter(({ output }) => output !== undefined).map(({ output }) => output!))];
  const outputs = new Map(names.map((name) => [name, new Subject<Sent>()]));
  const merged = merge(...[...outputs.values()].map((output) => output.pipe(timed())));
  const ask = gauge(merged.pipe(watermark({ punctuated: ({ mark }) => mark }), probes(), timed()));
  return steps.flatMap(({ type, output, ts }, after) => {
    if (type === "watermark") outputs.get(output!)!.next({ mark: timeOf(ts) });
    if (type === "unregister") {
      outputs.get(output!)!.complete();
      outputs.delete(output!);
    }
    const [open] = outputs.values();
    return type === "inspect" ? [{ after, type: "state", watermark: ask(open) ?? null, idle: false }] : [];
  });
}

/** Several inputs with a watermark() each, and their minimum where they meet. */
function driveInputs({ config, steps }: Case): Happening[] {
  const inputs = Array.from({ length: config.inputs! }, () => new Subject<Sent>());
  const marked = inputs.map((input) => input.pipe(probes(), timed(), watermark({ punctuated: ({ mark }) => mark })));
  const ask = gauge(merge(...marked));
  let known: number | undefined;
  return steps.flatMap(({ input, ts }, after) => {
    inputs[input!].next({ mark: timeOf(ts) });
    const now = ask(inputs[input!]);
    if (now === known) return [];
    known = now;
    return [{ after, type: "watermark", ts: now }];
  });
}

/** An element of a measured pipeline: a value, a watermark, or a query of the watermark. */
interface Sent {
  readonly time?: number;
  readonly mark?: number;
  readonly question?: Iterable<Sent>;
}

/** A watermark or a query has the lowest event time, so that it has no effect. */
function timed(): MonoTypeOperatorFunction<Sent> {
  return eventTime(({ time }) => time ?? Number.MIN_SAFE_INTEGER);
}

/** Replaces a query by the values that it needs. */
function probes(): MonoTypeOperatorFunction<Sent> {
  return mergeMap((sent) => sent.question ?? [sent]);
}

/**
 * Measures a watermark from outside. A window of one millisecond refuses a value exactly when the watermark has reached
 * it. So the watermark is the highest refused time, which a binary search finds within one push.
 */
function gauge(stream: Observable<Sent>): (through: Subject<Sent>) => number | undefined {
  let refused = false;
  stream.pipe(
    tumblingWindow({ key: () => 0, size: 1, aggregate: count() }),
    lateSideOutput((late) => late.pipe(tap(() => refused = true))),
  ).subscribe();
  let low = 0, high = 0;
  function* question(): Generator<Sent> {
    [low, high] = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
    while (low < high) {
      const time = Math.ceil(low / 2 + high / 2);
      refused = false;
      yield { time };
      if (refused) low = time;
      else high = time - 1;
    }
  }
  return (through) => {
    through.next({ question: question() });
    return low === Number.MIN_SAFE_INTEGER ? undefined : low;
  };
}
