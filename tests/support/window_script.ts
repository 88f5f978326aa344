/** A window operator over a script of values and hand-made watermarks, as lines of what comes out. */
import { from, mergeMap, type OperatorFunction, tap } from "rxjs";
import { eventTime, lateSideOutput, recordInfo, watermark, type WindowResult } from "@tidemark/streams/operators";

/** A step of a script: a value at a time, of a key, or a watermark. */
export type Step = readonly [time: number, key?: string] | { readonly mark: number };

/** A value of a script. */
export interface Timed {
  readonly time: number;
  readonly key: string;
}

/** What comes out, in order: results with their event times, and late values. The end of the input is the last step. */
export function script<R>(
  steps: readonly Step[],
  windows: OperatorFunction<Timed, WindowResult<Timed, string, R>>,
): string[] {
  const log: string[] = [];
  from(steps).pipe(
    eventTime((step) => "mark" in step ? 0 : step[0]),
    watermark({ punctuated: (step) => "mark" in step ? step.mark : undefined }),
    mergeMap((step) => "mark" in step ? [] : [{ time: step[0], key: step[1] ?? "k" }]),
    windows,
    lateSideOutput((late) => late.pipe(tap((value) => log.push(`late ${(value as unknown as Timed).time}`)))),
    tap(({ key, window, value, pane, index, retracts }) => {
      const sign = retracts === true ? "- " : "";
      const at = recordInfo().timestamp;
      log.push(`${sign}${key} [${window.start},${window.end}) ${value} ${pane} ${index} @${at}`);
    }),
  ).subscribe({ error: (error) => log.push(String(error)) });
  return log;
}
