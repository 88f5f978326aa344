/**
 * Subjects of the contract suite: joins of two streams.
 *
 * @module
 */
import { EMPTY, map, type Observable, type OperatorFunction, range } from "rxjs";
import {
  broadcastJoin,
  eventTime,
  intervalJoin,
  joinTables,
  type JoinWindow,
  tableJoin,
  temporalJoin,
  toTable,
  watermark,
  windowJoin,
} from "@tidemark/streams/operators";
import type { Subject } from "./suite.ts";

const at = eventTime((value: number) => value);
const strict = watermark<number>({ maxOutOfOrderness: 0 });

/** An interval join with a right side that is over. Each number has a row of its own, five milliseconds later. */
function alone(explode = (_in: string) => {}): OperatorFunction<number, unknown> {
  return (source) =>
    source.pipe(
      at,
      strict,
      intervalJoin(EMPTY as Observable<number>, {
        key(number) {
          explode("key");
          return number % 7;
        },
        rightKey: (number) => number % 7,
        lower: 0,
        upper: 5,
        type: "left",
        join(left, right) {
          explode("join");
          return [left, right];
        },
      }),
    );
}

/** How many numbers the left side of a join with pairs has. */
const LEFTS = 1000;

/** A stream on the right side of a join, whose left side has each number once and is over. */
function pairs(explode = (_in: string) => {}): OperatorFunction<number, unknown> {
  const key = (name: string) => (number: number) => {
    explode(name);
    return number % 7;
  };
  return (source) =>
    range(0, LEFTS).pipe(
      at,
      strict,
      intervalJoin(source.pipe(at, strict), {
        key: key("key"),
        rightKey: key("rightKey"),
        lower: 0,
        upper: 0,
        join(left, right) {
          explode("join");
          return [left, right];
        },
      }),
    );
}

/** A window join with a right side that is over. Each number has a row of its own, at the end of ten numbers. */
const windowed = (explode?: (where: string) => void) => windowedBy({ size: 10 }, explode);

/** The same with other windows. */
function windowedBy(window: JoinWindow<number>, explode = (_in: string) => {}): OperatorFunction<number, unknown> {
  return (source) =>
    source.pipe(
      at,
      strict,
      windowJoin(EMPTY as Observable<number>, {
        window,
        key(number) {
          explode("key");
          return number % 7;
        },
        rightKey: (number) => number % 7,
        type: "left",
        join(left, right) {
          explode("join");
          return [left, right];
        },
      }),
    );
}

/** A stream on the right side of a window join, whose left side has each number once and is over. */
function windowedPairs(explode = (_in: string) => {}): OperatorFunction<number, unknown> {
  const key = (name: string) => (number: number) => {
    explode(name);
    return number;
  };
  return (source) =>
    range(0, LEFTS).pipe(
      at,
      strict,
      windowJoin(source.pipe(at, strict), {
        window: { size: 10 },
        key: key("key"),
        rightKey: key("rightKey"),
        join(left, right) {
          explode("join");
          return [left, right];
        },
      }),
    );
}

/** A table join with a table of seven rows. */
function named(explode = (_in: string) => {}): OperatorFunction<number, unknown> {
  const rows = range(0, 7).pipe(toTable({ key: (number) => number, value: (number) => `row ${number}` }));
  return tableJoin(rows, {
    key(number: number) {
      explode("key");
      return number % 7;
    },
    join(number, row) {
      explode("join");
      return [number, row];
    },
  });
}

/** A temporal join with a table that is over. Each number has a result, when the next one comes. */
function versioned(explode = (_in: string) => {}): OperatorFunction<number, unknown> {
  return (source) =>
    source.pipe(
      at,
      strict,
      temporalJoin((EMPTY as Observable<number>).pipe(toTable({ key: (number) => number })), {
        key(number) {
          explode("key");
          return number % 7;
        },
        type: "left",
        join(number, row) {
          explode("join");
          return [number, row];
        },
      }),
    );
}

/** A stream as the table of a temporal join, whose left side has each number once and is over. */
function versions(explode = (_in: string) => {}): OperatorFunction<number, unknown> {
  return (source) =>
    range(0, LEFTS).pipe(
      at,
      strict,
      temporalJoin(source.pipe(at, strict, toTable({ key: (number) => number })), {
        key(number) {
          explode("key");
          return number;
        },
        join(number, row) {
          explode("join");
          return [number, row];
        },
      }),
    );
}

/** Each number with seven rules. */
function ruled(explode = (_in: string) => {}): OperatorFunction<number, unknown> {
  const rules = range(0, 7).pipe(toTable({ key: (number) => number, value: (number) => `rule ${number}` }));
  return broadcastJoin(rules, {
    join(number: number, all) {
      explode("join");
      return [number, all.get(number % 7)];
    },
  });
}

/** Two tables of a key for each number, of which the right one has none and is over. */
function tables(explode = (_in: string) => {}): OperatorFunction<number, unknown> {
  const table = map((number: number) => ({ key: number, value: number }));
  return (source) =>
    joinTables(source.pipe(table), (EMPTY as Observable<number>).pipe(table), {
      type: "outer",
      join(left, right) {
        explode("join");
        return [left, right];
      },
    });
}

const tabled = (explode = (_in: string) => {}) =>
  toTable({
    key(number: number) {
      explode("key");
      return number;
    },
    value(number) {
      explode("value");
      return number;
    },
  });

const callback =
  (name: string, make: (explode: (where: string) => void) => OperatorFunction<number, unknown>) =>
  (explode: () => void) => make((where) => where === name && explode());

/** Joins. */
export const JOINS: Record<string, Subject> = {
  "intervalJoin with rows of one side": {
    stage: () => alone(),
    values: (n) => n,
    takes: 7,
    answered: [0, 2, 25, 1],
    callbacks: { key: callback("key", alone), join: callback("join", alone) },
  },
  "intervalJoin with pairs": {
    stage: () => pairs(),
    values: (n) => Math.min(n, LEFTS),
    callbacks: {
      key: callback("key", pairs),
      rightKey: callback("rightKey", pairs),
      join: callback("join", pairs),
    },
  },
  "windowJoin with rows of one side": {
    stage: () => windowed(),
    values: (n) => n,
    takes: 11,
    answered: [0, 2, 25, 1],
    callbacks: { key: callback("key", windowed), join: callback("join", windowed) },
  },
  "windowJoin of sliding windows": {
    stage: () => windowedBy({ size: 10, slide: 5 }),
    values: (n) => 2 * n,
    takes: 6,
    answered: [0, 2, 25, 1],
    callbacks: {},
  },
  "windowJoin of sessions": {
    stage: () => windowedBy({ gap: 10 }),
    values: (n) => n,
    takes: 10_000,
    answered: [0, 2, 25, 1],
    callbacks: {
      gap: (explode) =>
        windowedBy({
          gap() {
            explode();
            return 1;
          },
        }),
    },
  },
  "windowJoin with pairs": {
    stage: () => windowedPairs(),
    values: (n) => Math.min(n, LEFTS),
    takes: 11,
    answered: [0, 2, 25, 1],
    callbacks: {
      key: callback("key", windowedPairs),
      rightKey: callback("rightKey", windowedPairs),
      join: callback("join", windowedPairs),
    },
  },
  "tableJoin": {
    stage: () => named(),
    values: (n) => n,
    callbacks: { key: callback("key", named), join: callback("join", named) },
  },
  "temporalJoin": {
    stage: () => versioned(),
    values: (n) => n,
    takes: 2,
    answered: [0, 2, 25, 1],
    callbacks: { key: callback("key", versioned), join: callback("join", versioned) },
  },
  "temporalJoin of a stream as the table": {
    stage: () => versions(),
    values: (n) => Math.min(n, LEFTS),
    takes: 2,
    answered: [0, 2, 25, 1],
    callbacks: { key: callback("key", versions), join: callback("join", versions) },
  },
  "broadcastJoin": {
    stage: () => ruled(),
    values: (n) => n,
    callbacks: { join: callback("join", ruled) },
  },
  "toTable": {
    stage: () => tabled() as OperatorFunction<number, unknown>,
    values: (n) => n,
    callbacks: {
      key: callback("key", tabled as typeof named),
      value: callback("value", tabled as typeof named),
    },
  },
  "joinTables": {
    stage: () => tables(),
    values: (n) => n,
    callbacks: { join: callback("join", tables) },
  },
};
