/**
 * Subjects of the contract suite.
 *
 * @module
 */
import { map, type OperatorFunction } from "rxjs";
import {
  eventTime,
  keyedReduce,
  lateSideOutput,
  type LateTyped,
  repartition,
  tumblingWindow,
  watermark,
} from "@tidemark/streams/operators";
import { type Subject, throwing } from "./suite.ts";

const at = eventTime((value: number) => value);
const strict = watermark<number>({ maxOutOfOrderness: 0 });
const window = (options: { explodeIn?: string; explode?: () => void } = {}) => {
  const { explodeIn, explode = () => {} } = options;
  const maybe = (name: string) => explodeIn === name && explode();
  return tumblingWindow({
    key(_: number) {
      maybe("key");
      return "all";
    },
    size: 10,
    aggregate: {
      seed() {
        maybe("seed");
        return 0;
      },
      add(total) {
        maybe("add");
        return total + 1;
      },
      result(total) {
        maybe("result");
        return total;
      },
    },
  });
};
const windowed = (stage: OperatorFunction<number, LateTyped<number>>): OperatorFunction<number, unknown> => (source) =>
  source.pipe(at, strict, stage);
/** The operators of event time, and those that are here from the beginning. */
export const BASIC: Record<string, Subject> = {
  eventTime: {
    stage: () => at,
    values: (n) => n,
    callbacks: {
      timestamp: (explode) =>
        eventTime((value: number) => {
          explode();
          return value;
        }),
    },
  },
  watermark: {
    stage: () => (source) => source.pipe(at, strict),
    values: (n) => n,
    callbacks: {
      punctuated: (explode) => (source) => source.pipe(at, watermark({ punctuated: () => explode() as undefined })),
    },
  },
  repartition: {
    stage: () => repartition({ name: "hop", key: (value: number) => value % 7 }),
    values: (n) => n,
    callbacks: {},
  },
  'keyedReduce with emit "every"': {
    stage: () => keyedReduce({ key: (value) => value % 7, initial: 0, reduce: (total: number) => total + 1 }),
    values: (n) => n,
    callbacks: {
      key: (explode) => keyedReduce({ key: () => String(explode()), initial: 0, reduce: (total: number) => total }),
      initial: (explode) => keyedReduce({ key: () => 1, initial: () => Number(explode()), reduce: (total) => total }),
      reduce: (explode) => keyedReduce({ key: () => 1, initial: 0, reduce: () => Number(explode()) }),
    },
  },
  'keyedReduce with emit "latest"': {
    stage: () =>
      keyedReduce({ key: (value) => value % 7, initial: 0, reduce: (total: number) => total + 1, emit: "latest" }),
    values: (n) => Math.min(n, 7),
    takes: 10_000,
    answered: [0, 2, 25],
    callbacks: {
      reduce: (explode) => keyedReduce({ key: () => 1, initial: 0, reduce: () => Number(explode()), emit: "latest" }),
    },
  },
  tumblingWindow: {
    stage: () => windowed(window()),
    values: (n) => Math.ceil(n / 10),
    takes: 11,
    answered: [0, 2, 25, 1],
    callbacks: Object.fromEntries(
      ["key", "seed", "add", "result"].map((explodeIn) => [
        explodeIn,
        (explode: () => void) => windowed(window({ explodeIn, explode })),
      ]),
    ),
  },
  lateSideOutput: {
    stage: () => windowed((source) => source.pipe(window(), lateSideOutput((late) => late))),
    values: (n) => Math.ceil(n / 10),
    takes: 11,
    answered: [0, 2, 25, 1],
    callbacks: {
      route: (explode) =>
        windowed((source) =>
          source.pipe(
            window(),
            lateSideOutput((late) => {
              explode();
              return late;
            }),
          )
        ),
      "a stage of the route": (explode) => (source) =>
        // The number 20 makes the number that comes after it late.
        source.pipe(
          map((value) => value === 1 ? 20 : value),
          windowed((numbers) => numbers.pipe(window(), lateSideOutput((late) => late.pipe(throwing(explode))))),
        ),
    },
  },
};
