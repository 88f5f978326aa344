/**
 * @module
 */
import type { MonoTypeOperatorFunction } from "rxjs";
import { hopOf } from "./_hop.ts";
import { needFunctions } from "./_join_options.ts";
import type { Key } from "./keyed_state.ts";

/** Options of {@linkcode repartition}. */
export interface RepartitionOptions<T> {
  /**
   * The hop's name: letters, digits, `_` and `-`. Its topic is `<job>.<name>.repartition`, and its place is found again by it after a
   * restart.
   */
  readonly name: string;
  /** The key by which the stages below are keyed. */
  readonly key: (value: T) => Key;
  /** How many partitions the hop's topic gets when it is made. It keeps them. @default as many as the inputs have */
  readonly partitions?: number;
}

/**
 * Lets every value go on in the task of another key, exactly once. Stages above it are keyed as the input is, stages
 * below it by `key`.
 *
 * In a job with a task for each partition the values go through a topic that the job makes and owns. Values, event
 * time, watermarks, idleness and the end of the input cross it; what was not late above it is not late below it. Records
 * of one sender arrive in their order. What is read is deleted. Kafka Streams calls this `repartition()`, Flink `keyBy()`
 * on another key.
 *
 * With `tasks: "single"` and without a job one task has all keys, and values pass on. Such a job may find *more* records
 * late than one with a hop, because watermarks cross a hop a little later than values do.
 *
 * Keeps the watermark of each task that sends. There is no flow control across the hop: what waits in it is on the
 * broker's disk.
 *
 * ```text
 * task 0  --u1:tea--u2:rye--          task 0  --tea--tea------
 *         repartition({ key: product })
 * task 1  --u3:tea----------          task 1  --rye-----------
 * ```
 *
 * @param options name, key and number of partitions
 * @returns an operator that passes every value on, in the task of its key
 * @throws {TypeError} when the name or the key is missing, or the name has other characters
 * @throws {RangeError} when `partitions` is not an integer from 1 on
 *
 * @example Events keyed by user, counted by product
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { keyedReduce, repartition } from "@tidemark/streams";
 *
 * const counts: unknown[] = [];
 * from([{ user: "ada", product: "tea" }, { user: "bob", product: "tea" }]).pipe(
 *   repartition({ name: "by-product", key: (view) => view.product }),
 *   keyedReduce({ name: "views", key: (view) => view.product, initial: 0, reduce: (total) => total + 1 }),
 * ).subscribe(({ key, value }) => counts.push([key, value]));
 * assertEquals(counts, [["tea", 1], ["tea", 2]]);
 * ```
 */
export function repartition<T>({ name, key, partitions }: RepartitionOptions<T>): MonoTypeOperatorFunction<T> {
  const cannot = "Cannot repartition:";
  if (typeof name !== "string" || !/^[A-Za-z0-9_-]{1,100}$/.test(name)) {
    throw new TypeError(
      `${cannot} name must be 1 to 100 letters, digits, "_" or "-", current value is ${JSON.stringify(name)}`,
    );
  }
  needFunctions({ key }, cannot);
  if (partitions !== undefined && !(Number.isSafeInteger(partitions) && partitions >= 1)) {
    throw new RangeError(`${cannot} partitions must be an integer from 1 on, current value is ${partitions}`);
  }
  return (source) => hopOf({ name, key, partitions, source });
}
