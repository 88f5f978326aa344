/** Drives the conformance cases about windows: their results, their boundaries, and how sessions merge. */
import { map, mergeMap, type Observable, type OperatorFunction, Subject, tap } from "rxjs";
import {
  collect,
  count,
  cumulativeWindow,
  eventTime,
  everyEventTime,
  lateSideOutput,
  type LateTyped,
  recordInfo,
  sessionWindow,
  slidingWindow,
  sum,
  type TimeWindow,
  tumblingWindow,
  watermark,
  type WindowResult,
} from "@tidemark/streams/operators";
import { type Case, type Happening, type Step, timeOf } from "./conformance_case.ts";
import { DurableTask } from "./durable_task.ts";
import { jobSource } from "./task_host.ts";

/** The fields of a configuration that these drivers read. */
export const WINDOW_FIELDS: readonly string[] = [
  "assigner",
  "size",
  "slide",
  "max",
  "step",
  "offset",
  "gap",
  "pointValue",
  "allowedLateness",
  "lateOutput",
  "trigger",
  "triggerInterval",
  "purging",
  "aggregate",
];

type Windows<A, R> = OperatorFunction<Step, WindowResult<Step, string, R>>;

/** What a window operator is built from, besides its assigner. */
type Rest<A, R> = Parameters<typeof sessionWindow<Step, string, A, R>>[0] extends infer O ? Omit<O & object, "gap">
  : never;

/** The operator of each assigner. */
const ASSIGNERS: Readonly<Record<string, <A, R>(config: Case["config"], rest: Rest<A, R>) => Windows<A, R>>> = {
  tumbling: ({ size, offset }, rest) => tumblingWindow({ ...rest, size: size!, offset } as never),
  sliding: ({ size, slide, offset }, rest) => slidingWindow({ ...rest, size: size!, slide: slide!, offset } as never),
  cumulative: ({ max, step, offset }, rest) => cumulativeWindow({ ...rest, max: max!, step: step!, offset } as never),
  session: ({ gap }, rest) => sessionWindow({ ...rest, gap: gap! } as never),
  "point-session": ({ gap, pointValue }, rest) =>
    sessionWindow({ ...rest, gap: ({ value }: Step) => value === pointValue ? 0 : gap! } as never),
};

/** Why these drivers cannot run a case, or `undefined`. */
export function windowObstacle({ semantics, config, steps }: Case): string | undefined {
  const { assigner = "tumbling", trigger = "eventTime", aggregate = "sum" } = config;
  if (ASSIGNERS[assigner] === undefined) return `${assigner} windows are not built`;
  if (trigger !== "eventTime" && trigger !== "continuous") return `the trigger "${trigger}" is not known`;
  if (aggregate !== "sum") return `the aggregate "${aggregate}" is not known`;
  if (
    !["flink-window", "flink-interval-join", "kafka-stream-table-join"].includes(semantics) &&
    steps.some(({ type }) => type === "snapshot-restore")
  ) {
    return "a restore needs a job";
  }
  return undefined;
}

function windowsOf<A, R>(config: Case["config"], rest: Rest<A, R>): Windows<A, R> {
  const { assigner = "tumbling", allowedLateness, trigger, triggerInterval, purging } = config;
  return ASSIGNERS[assigner]<A, R>(config, {
    ...rest,
    name: "windows",
    allowedLateness,
    ...(trigger === "continuous" ? { trigger: everyEventTime(triggerInterval!) } : {}),
    ...(purging === true ? { panes: "discard" } : {}),
  });
}

/** Windows in a job whose watermarks are read from the data. The job restarts wherever the case says. */
export function driveWindow({ config, steps, expected }: Case): Happening[] {
  const happened: Happening[] = [];
  let after: number | "end" = 0;
  const late = ({ key, value, ts }: Step) => happened.push({ after, type: "late", key, value, ts });
  const routed = <R extends LateTyped<Step>>(results: Observable<R>): Observable<R> =>
    config.lateOutput !== true ? results : results.pipe(
      lateSideOutput((refused) => (refused as unknown as Observable<Step>).pipe(tap(late))),
    );
  const task = new DurableTask(() =>
    jobSource<Step>("steps").pipe(
      // The event time of a watermark step does not matter: watermark() drops it.
      eventTime((step) => step.type === "record" ? timeOf(step.ts) : 0),
      watermark({ punctuated: (step) => step.type === "watermark" ? timeOf(step.ts) : undefined }),
      mergeMap((step) => step.type === "record" ? [step] : []),
      windowsOf(config, { key: (step) => step.key!, aggregate: sum((step) => step.value!) }),
      routed,
      tap(({ key, window, value }) => {
        const { start: windowStart, end: windowEnd } = window;
        happened.push({ after, type: "result", key, value, windowStart, windowEnd, ts: recordInfo().timestamp });
      }),
    )
  );
  for (const [index, step] of steps.entries()) {
    after = index;
    if (step.type === "snapshot-restore") task.restart();
    else task.push("steps", step);
    if (task.failure !== undefined) throw task.failure;
  }
  after = "end";
  // Without an expected end the harness is dropped, not ended.
  if (expected.some(({ after }) => after === "end")) task.end();
  return happened;
}

/** The windows of each record alone, or the error that the windows cannot be created. */
export function driveAssigner({ config, steps, semantics }: Case): Happening[] {
  return steps.map((step, after) => {
    const happened: Happening[] = [];
    try {
      for (const { start, end } of windowsAt(config, step)) {
        const window = { after, type: "window", windowStart: start, windowEnd: end };
        happened.push(semantics === "flink-window-start" ? { after, type: "windowStart", ts: start } : window);
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      happened.push({ after, type: "error" });
    }
    return happened;
  }).flat();
}

function windowsAt(config: Case["config"], step: Step): TimeWindow[] {
  const windows: TimeWindow[] = [];
  let failure: unknown;
  const source = new Subject<Step>();
  source.pipe(
    eventTime(({ ts }) => timeOf(ts)),
    watermark({ maxOutOfOrderness: 0 }),
    windowsOf(config, { key: () => "k", aggregate: count() }),
    map(({ window }) => window),
  ).subscribe({ next: (window) => windows.push(window), error: (error) => failure = error });
  source.next(step);
  source.complete();
  if (failure !== undefined) throw failure;
  return windows;
}

/** Sessions that merge: each window to merge is a record whose gap is its length. */
export function driveMerging({ steps }: Case): Happening[] {
  const happened: Happening[] = [];
  const source = new Subject<Step>();
  source.pipe(
    eventTime(({ windowStart }) => windowStart!),
    watermark({ punctuated: () => undefined }),
    sessionWindow({
      key: () => 0,
      gap: ({ windowStart, windowEnd }) => windowEnd! - windowStart!,
      aggregate: collect(),
    }),
  ).subscribe(({ window }) => {
    happened.push({ after: "end", type: "window", windowStart: window.start, windowEnd: window.end });
  });
  for (const step of steps) source.next(step);
  source.complete();
  return happened;
}
