/**
 * Subjects of the contract suite: windows other than the tumbling ones.
 *
 * @module
 */
import type { OperatorFunction } from "rxjs";
import {
  calendarWindow,
  count,
  countWindow,
  cumulativeWindow,
  eventTime,
  everyCount,
  everyRecord,
  globalWindow,
  overWindow,
  sessionWindow,
  slidingWindow,
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

/**
 * Every callback of the common options.
 *
 * @param fires whether a window fires before the end of the input
 */
function callbacksOf(make: Make, fires = true): Subject["callbacks"] {
  const callbacks: Subject["callbacks"] = {
    key: (explode) =>
      windowed(make, {
        key() {
          explode();
          return "all";
        },
      }),
  };
  if (fires) {
    callbacks.process = (explode) =>
      windowed(make, {
        aggregate: undefined,
        process() {
          explode();
          return 0;
        },
      });
  }
  for (const name of ["seed", "add", ...(fires ? ["result"] : [])] as const) {
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

/** Sliding windows of ten that begin every five. Those of the numbers from 0 on begin at -5. */
const sliding: Make = (options) => slidingWindow({ ...options, size: 10, slide: 5 });
const cumulative: Make = (options) => cumulativeWindow({ ...options, max: 10, step: 5 });
const global: Make = (options) => globalWindow({ ...options, trigger: everyCount(10) });
const day: Make = (options) => calendarWindow({ ...options, unit: "day", timeZone: "Asia/Kolkata" });

/** Only the options that these operators take. */
const counted: Make = ({ key, aggregate, process }) => countWindow({ key, aggregate, process, size: 10, slide: 5 });
const looked: Make = ({ key, aggregate, process }) => overWindow({ key, aggregate, process, range: 5 });
const arrived: Make = ({ key, aggregate, process }) =>
  overWindow({ key, aggregate, process, rows: 3, emit: "arrival" });

export const WINDOWS: Record<string, Subject> = {
  sessionWindow: {
    stage: () => windowed(session),
    values: (n) => Math.ceil(n / 10),
    takes: 10,
    answered: [0, 2, 25, 1],
    callbacks: callbacksOf(session),
  },
  "sessionWindow with a pane for each record": {
    stage: () => windowed(session, { trigger: { early: everyRecord() } }),
    values: (n) => n + Math.ceil(n / 10),
    answered: [0, 1, 2, 25],
    callbacks: callbacksOf(session),
  },
  slidingWindow: {
    stage: () => windowed(sliding),
    values: (n) => Math.ceil(n / 5) + 1,
    takes: 6,
    answered: [0, 2, 25, 1],
    callbacks: callbacksOf(sliding),
  },
  "slidingWindow that discards": {
    stage: () => windowed(sliding, { panes: "discard" }),
    values: (n) => Math.ceil(n / 5) + 1,
    takes: 6,
    answered: [0, 2, 25, 1],
    callbacks: callbacksOf(sliding),
  },
  cumulativeWindow: {
    stage: () => windowed(cumulative),
    values: (n) => Math.ceil(n / 5),
    takes: 6,
    answered: [0, 2, 25, 1],
    callbacks: callbacksOf(cumulative),
  },
  globalWindow: {
    stage: () => windowed(global),
    values: (n) => Math.floor(n / 10) + 1,
    takes: 10,
    answered: [0, 2, 25],
    callbacks: callbacksOf(global),
  },
  countWindow: {
    stage: () => windowed(counted),
    values: (n) => Math.floor(n / 5),
    takes: 5,
    answered: [0, 2, 25],
    callbacks: callbacksOf(counted),
  },
  overWindow: {
    stage: () => windowed(looked),
    values: (n) => n,
    takes: 2,
    answered: [0, 2, 1, 25],
    callbacks: callbacksOf(looked),
  },
  "overWindow by arrival": {
    stage: () => windowed(arrived),
    values: (n) => n,
    answered: [0, 1, 2, 25],
    callbacks: callbacksOf(arrived),
  },
  calendarWindow: {
    stage: () => windowed(day),
    values: () => 1,
    takes: 10_000,
    answered: [0, 2, 25],
    callbacks: callbacksOf(day, false),
  },
};
