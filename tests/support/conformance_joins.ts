/** Drives the conformance cases about interval joins: pairs, late records, and what is kept until when. */
import { mergeMap, type Observable, tap } from "rxjs";
import { eventTime, intervalJoin, lateSideOutput, recordInfo, watermark } from "@tidemark/streams/operators";
import type { Cell } from "../../operators/keyed_state.ts";
import { type Case, type Happening, type Step, timeOf } from "./conformance_case.ts";
import { DurableTask } from "./durable_task.ts";
import { jobSource } from "./task_host.ts";

/** The fields of a configuration that this driver reads. */
export const JOIN_FIELDS: readonly string[] = ["lower", "lowerInclusive", "upper", "upperInclusive", "lateOutput"];

/** The join in a job whose watermarks are read from the data. The job restarts wherever the case says. */
export function driveIntervalJoin({ config, steps, expected }: Case): Happening[] {
  const { lower, lowerInclusive, upper, upperInclusive, lateOutput } = config;
  const happened: Happening[] = [];
  let after: number | "end" = 0;
  const task = new DurableTask(() =>
    sideOf("left").pipe(
      intervalJoin(sideOf("right"), {
        name: "join",
        key: ({ key }) => key!,
        rightKey: ({ key }) => key!,
        // As in Flink a bound that does not belong to the interval is one millisecond further inside.
        lower: lower! + (lowerInclusive === false ? 1 : 0),
        upper: upper! - (upperInclusive === false ? 1 : 0),
        join: (left, right) => ({ left: left.value, right: right.value }),
      }),
      (rows) =>
        lateOutput !== true ? rows : rows.pipe(
          lateSideOutput((late) => late.pipe(tap(({ side, ts }) => happened.push({ after, type: "late", side, ts })))),
        ),
      tap(({ left, right }) => {
        happened.push({ after, type: "result", left, right, ts: recordInfo().timestamp });
      }),
    )
  );
  for (const [index, step] of steps.entries()) {
    after = index;
    const { type, side, ts } = step;
    const { late } = task;
    if (type === "snapshot-restore") task.restart();
    else if (type === "inspectBuffers") {
      happened.push({ after, type: "buffers", left: keptIn(task, "left"), right: keptIn(task, "right") });
    } else task.push(side!, step);
    if (task.failure !== undefined) throw task.failure;
    if (lateOutput !== true && task.late > late) happened.push({ after, type: "dropped", side, ts });
  }
  after = "end";
  // Without an expected end the harness is dropped, not ended.
  if (expected.some(({ after }) => after === "end")) task.end();
  return happened;
}

function sideOf(side: string): Observable<Step> {
  return jobSource<Step>(side).pipe(
    // The event time of a watermark step does not matter: watermark() drops it.
    eventTime((step) => step.type === "record" ? timeOf(step.ts) : 0),
    watermark({ name: side, punctuated: (step) => step.type === "watermark" ? timeOf(step.ts) : undefined }),
    mergeMap((step) => step.type === "record" ? [step] : []),
  );
}

/** The values that a side keeps. */
function keptIn(task: DurableTask, side: string): number[] {
  const state = task.state(`join/${side}`);
  const cells = [...state.namespaces()].flatMap((one) => [...state.cells(one)] as Cell[]);
  return cells.map(({ value }) => (value as { value: Step }).value.value!).sort((a, b) => a - b);
}
