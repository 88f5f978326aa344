/** The operators among the exports, so that a test that goes through them forgets none. */
import { assertEquals } from "@std/assert";
import * as operators from "@tidemark/streams/operators";

/** Exports that are no operators: aggregates, durations, triggers and the like. */
const OTHERS: readonly string[] = [
  ...["average", "collect", "count", "max", "min", "sum", "aggregates"],
  ...["first", "last", "minBy", "maxBy", "distinct", "approximateDistinct"],
  ...["quantile", "quantiles", "variance", "histogram"],
  ...["atWatermark", "everyCount", "everyEventTime", "everyProcessingTime", "everyRecord"],
  ...["days", "hours", "minutes", "seconds", "recordInfo"],
  ...["list", "map", "typed", "value"],
];

/** Operators that keep no keyed state. `watermark` keeps a clock, and `repartition` a topic. */
const STATELESS: readonly string[] = ["eventTime", "lateSideOutput", "repartition", "toTable", "watermark"];

/** The names of all operators. */
export function operatorNames(): string[] {
  const functions = Object.entries(operators).filter(([, value]) => typeof value === "function").map(([name]) => name);
  assertEquals(
    [...OTHERS, ...STATELESS].filter((name) => !functions.includes(name)),
    [],
    "names that are no exports any more",
  );
  return functions.filter((name) => !OTHERS.includes(name) && !/^[A-Z]/.test(name));
}

/** The names of the operators that keep state by key. */
export function statefulOperators(): string[] {
  return operatorNames().filter((name) => !STATELESS.includes(name));
}
