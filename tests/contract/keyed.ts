/**
 * Subjects of the contract suite: operators with state by key.
 *
 * @module
 */
import type { OperatorFunction } from "rxjs";
import {
  changes,
  deduplicate,
  eventTime,
  keyedProcess,
  list,
  map,
  topN,
  value,
  watermark,
} from "@tidemark/streams/operators";
import type { Subject } from "./suite.ts";

const timed = (stage: OperatorFunction<number, unknown>): OperatorFunction<number, unknown> => (source) =>
  source.pipe(eventTime((value: number) => value), watermark({ maxOutOfOrderness: 0 }), stage);

/** Counts by key, in a state of each kind. */
const counting = (explode = (_in: string) => {}) =>
  keyedProcess({
    key(number: number) {
      explode("key");
      return number % 7;
    },
    state: { count: value<number>(), by: map<number, number>(), all: list<number>() },
    next(number, { key, state: { count, by, all }, emit }) {
      explode("next");
      count.set((count.get() ?? 0) + 1);
      by.set(number % 10, number);
      all.append(number);
      if (all.size > 5) all.shift();
      emit([key, count.get(), by.size, ...all.values()]);
    },
  });

/** Says each number five milliseconds after its time. */
const delayed = (explode = () => {}) =>
  timed(keyedProcess({
    key: (number: number) => number % 7,
    next: (_, { time, timers }) => timers.set(time + 5),
    timer(time, { key, emit }) {
      explode();
      emit([key, time]);
    },
  }));

/** The two best of each group; the later numbers are better. */
const best = (explode = (_in: string) => {}) => {
  const called = <V>(where: string, value: V) => (explode(where), value);
  return topN({
    group: (number: number) => called("group", number % 7),
    key: (number) => called("key", number),
    n: 2,
    by: (number) => called("by", number),
  });
};

/** Explodes in the function of that name. */
const only = (name: string, explode: () => void) => (where: string) => void (where === name && explode());

/** Operators with state by key. */
export const KEYED: Record<string, Subject> = {
  "keyedProcess that emits for each record": {
    stage: () => counting(),
    values: (n) => n,
    callbacks: {
      key: (explode) => counting(only("key", explode)),
      next: (explode) => counting(only("next", explode)),
    },
  },
  "keyedProcess that emits when timers fire": {
    stage: () => delayed(),
    values: (n) => n,
    takes: 7,
    answered: [0, 2, 25, 1],
    callbacks: { timer: (explode) => delayed(explode) },
  },
  deduplicate: {
    stage: () => timed(deduplicate({ key: (number: number) => number % 7, within: 7 })),
    values: (n) => n,
    callbacks: { key: (explode) => timed(deduplicate({ key: () => String(explode()), within: 1 })) },
  },
  changes: {
    stage: () => changes({ key: (number: number) => number % 7 }),
    values: (n) => n,
    callbacks: {
      key: (explode) => changes({ key: () => String(explode()) }),
      value: (explode) => changes({ key: () => 1, value: () => String(explode()) }),
    },
  },
  topN: {
    stage: () => best(),
    values: (n) => 2 * n - 14,
    callbacks: {
      group: (explode) => best(only("group", explode)),
      key: (explode) => best(only("key", explode)),
      by: (explode) => best(only("by", explode)),
    },
  },
};
