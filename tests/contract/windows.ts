/**
 * Subjects of the contract suite: windows other than the tumbling ones.
 *
 * @module
 */
import type { OperatorFunction } from "rxjs";
import {
  count,
  eventTime,
  everyRecord,
  sessionWindow,
  watermark,
  type WindowOptions,
} from "@tidemark/streams/operators";
import type { Subject } from "./suite.ts";

type Options = WindowOptions<number, string, number, number>;

const at = eventTime((value: number) => value);
const strict = watermark<number>({ maxOutOfOrderness: 0 });
const key = () => "all";

/** A window operator with its common options. */
type Make = (options: Options) => OperatorFunction<number, unknown>;

/** The stage of a window operator, with event time above it. */
function windowed(make: Make, options: Partial<Options> = {}): OperatorFunction<number, unknown> {
  return (source) => source.pipe(at, strict, make({ key, aggregate: count<number>(), ...options }));
}

/** Every callback of the common options. */
function callbacksOf(make: Make, merges: boolean): Subject["callbacks"] {
  const callbacks: Subject["callbacks"] = {
    key: (explode) =>
      windowed(make, {
        key() {
          explode();
          return "all";
        },
      }),
    process: (explode) =>
      windowed(make, {
        aggregate: undefined,
        process() {
          explode();
          return 0;
        },
      }),
  };
  for (const name of ["seed", "add", "result", ...(merges ? ["merge"] : [])] as const) {
    callbacks[name] = (explode) => {
      const aggregate = { ...count<number>(), result: (total: number) => total };
      return windowed(make, { aggregate: { ...aggregate, [name]: () => explode() } as never });
    };
  }
  return callbacks;
}

/** Sessions of ten numbers: with one gap for all of them they would never end. */
const session: Make = (options) => (source) =>
  source.pipe(sessionWindow({ ...options, gap: (value) => value % 10 < 8 ? 2 : 0 }));

export const WINDOWS: Record<string, Subject> = {
  sessionWindow: {
    stage: () => windowed(session),
    values: (n) => Math.ceil(n / 10),
    takes: 10,
    answered: [0, 2, 25, 1],
    callbacks: callbacksOf(session, false),
  },
  "sessionWindow with a pane for each record": {
    stage: () => windowed(session, { trigger: { early: everyRecord() } }),
    values: (n) => n + Math.ceil(n / 10),
    answered: [0, 1, 2, 25],
    callbacks: callbacksOf(session, false),
  },
};
