/** A join of two streams over a script of values and hand-made watermarks, as lines of what comes out. */
import { map, mergeMap, type Observable, type OperatorFunction, Subject, tap } from "rxjs";
import { eventTime, type Joined, lateSideOutput, recordInfo, watermark } from "@tidemark/streams/operators";

/** A value of a script. */
export interface Timed {
  readonly at: number;
  readonly key: string;
}

/** A step of a script: a value of one side at a time, or a watermark of both sides. */
export type Step = readonly [side: "left" | "right", at: number, key?: string] | number;

type Sent = Timed | { readonly mark: number };

/** The key of a value. */
export const key = ({ key }: Timed): string => key;
/** A row that names the times of its values. */
export const pair = (left?: Timed, right?: Timed): string => `${left?.at ?? "-"}+${right?.at ?? "-"}`;

/** What comes out, in order: rows with their event times, late values, and `end` before what the end of the input brings. */
export function script(
  steps: readonly Step[],
  join: (right: Observable<Timed>) => OperatorFunction<Timed, Joined<string, Timed>>,
): string[] {
  const log: string[] = [];
  const left = new Subject<Sent>(), right = new Subject<Sent>();
  timed(left).pipe(
    join(timed(right)),
    lateSideOutput((late) => late.pipe(tap(({ at }) => log.push(`late ${at}`)))),
    map((row) => `${row} @${recordInfo().timestamp}`),
  ).subscribe({ next: (row) => log.push(row), error: (error) => log.push(String(error)) });
  for (const step of steps) {
    if (typeof step === "number") { for (const side of [left, right]) side.next({ mark: step }); }
    else (step[0] === "left" ? left : right).next({ at: step[1], key: step[2] ?? "k" });
  }
  log.push("end");
  left.complete();
  right.complete();
  return log;
}

function timed(side: Observable<Sent>): Observable<Timed> {
  return side.pipe(
    eventTime((sent) => "mark" in sent ? 0 : sent.at),
    watermark({ punctuated: (sent) => "mark" in sent ? sent.mark : undefined }),
    mergeMap((sent) => "mark" in sent ? [] : [sent]),
  );
}
