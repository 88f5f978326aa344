/**
 * Subjects of the contract suite: operators that call asynchronous functions. Here the functions answer at once.
 *
 * @module
 */
import { asyncMap, type AsyncMapOptions, eventTime, watermark } from "@tidemark/streams/operators";
import type { Subject } from "./suite.ts";

const answering = (options: AsyncMapOptions<number, number>, explode = () => {}) =>
  asyncMap((value: number) => {
    explode();
    return value;
  }, { retry: 0, ...options });

const byKey: AsyncMapOptions<number, number> = { order: "key", key: (value) => value % 7 };

export const ASYNC: Record<string, Subject> = {
  'asyncMap with order "input"': {
    stage: () => answering({}),
    values: (n) => n,
    callbacks: {
      fn: (explode) => answering({}, explode),
      onFailure: (explode) =>
        answering({
          onFailure() {
            explode();
            return 0;
          },
        }, () => {
          throw new Error("no answer");
        }),
    },
  },
  'asyncMap with order "key"': {
    stage: () => (source) =>
      source.pipe(eventTime((value: number) => value), watermark({ maxOutOfOrderness: 0 }), answering(byKey)),
    values: (n) => n,
    callbacks: {
      key: (explode) => answering({ order: "key", key: () => String(explode()) }),
      when: (explode) =>
        asyncMap((): number => {
          throw new Error("no answer");
        }, { retry: { when: () => String(explode()) === "" } }),
    },
  },
  'asyncMap with order "any"': {
    stage: () => answering({ order: "any", concurrency: 1 }),
    values: (n) => n,
    callbacks: { fn: (explode) => answering({ order: "any" }, explode) },
  },
};
