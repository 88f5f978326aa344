/**
 * @module
 */
import type { MonoTypeOperatorFunction } from "rxjs";
import { hopOf } from "./_hop.ts";
import { needFunctions } from "./_join_options.ts";
import type { Key } from "./keyed_state.ts";

/** Options of {@linkcode repartition}. */
export type RepartitionOptions<T> = RepartitionByKey<T> | RepartitionToAll;

/** Every value goes on in the task of its key. */
export interface RepartitionByKey<T> {
  /**
   * The hop's name: letters, digits, `_` and `-`. Its topic is `<job>.<name>.repartition`, and its place is found again by it after a
   * restart.
   */
  readonly name: string;
  /** The key by which the stages below are keyed. */
  readonly key: (value: T) => Key;
  /** How many partitions the hop's topic gets when it is made. It keeps them. @default as many as the inputs have */
  readonly partitions?: number;
  /** Only a hop to all tasks has it. */
  readonly broadcast?: false;
}

/** Every value goes on in all tasks. */
export interface RepartitionToAll {
  /** The hop's name, as that of one by key. */
  readonly name: string;
  /** Whether every value goes to all tasks, for a table that `broadcastJoin` or `tableJoin` reads. */
  readonly broadcast: true;
  /** Only a hop by key has it. */
  readonly key?: undefined;
  /** Only a hop by key has it: this one has a partition for each task. */
  readonly partitions?: undefined;
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
 * With `broadcast: true` every value goes to all tasks, once for each of them. Only tables may stand on such a hop: it
 * is how a table that a job computes itself comes to a `broadcastJoin`, which needs all of it in every task. Flink calls
 * this `broadcast()`.
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
 * @param options name, key and number of partitions, or name and `broadcast: true`
 * @returns an operator that passes every value on, in the task of its key or in all tasks
 * @throws {TypeError} when the name or the key is missing, the name has other characters, or there is a key with
 * `broadcast: true`
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
 *
 * @example Each view with what all tasks together have counted
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { broadcastJoin, keyedReduce, memory, repartition, run } from "@tidemark/streams";
 *
 * const log = memory();
 * log.create("sold", { partitions: 2 });
 * log.append("sold", ["tea", "rye", "tea"].map((product) => ({ key: product, value: product })));
 * log.append("views", [{ key: "ada", value: "tea" }]);
 * const sold = log.source<string>("sold").pipe(
 *   keyedReduce({ name: "sold", key: (product) => product, initial: 0, reduce: (total) => total + 1 }),
 *   repartition({ name: "sold-to-all", broadcast: true }),
 * );
 * const views = log.source<string>("views").pipe(
 *   broadcastJoin(sold, { name: "views", join: (product, sold) => [product, sold.get(product) ?? 0] as const }),
 *   log.sink("seen"),
 * );
 * for (const topic of ["sold", "views"]) log.end(topic);
 * await (await run(views, { name: "shop", state: ":memory:", log: () => {} })).finished;
 * // What has been counted until a view comes depends on which of the two is there first.
 * assertEquals(log.read<[string, number]>("seen").map((row) => row![0]), ["tea"]);
 * ```
 */
export function repartition<T>(options: RepartitionOptions<T>): MonoTypeOperatorFunction<T> {
  const { name, key, partitions, broadcast = false } = options;
  const cannot = "Cannot repartition:";
  if (typeof name !== "string" || !/^[A-Za-z0-9_-]{1,100}$/.test(name)) {
    throw new TypeError(
      `${cannot} name must be 1 to 100 letters, digits, "_" or "-", current value is ${JSON.stringify(name)}`,
    );
  }
  if (typeof broadcast !== "boolean") {
    throw new TypeError(`${cannot} broadcast must be true or false, current value is ${String(broadcast)}`);
  }
  if (broadcast) {
    if (key !== undefined || partitions !== undefined) {
      throw new TypeError(`${cannot} with broadcast: true every value goes to all tasks: leave key and partitions out`);
    }
    return (source) => hopOf({ name, key, partitions, source });
  }
  needFunctions({ key }, cannot);
  if (partitions !== undefined && !(Number.isSafeInteger(partitions) && partitions >= 1)) {
    throw new RangeError(`${cannot} partitions must be an integer from 1 on, current value is ${partitions}`);
  }
  return (source) => hopOf({ name, key, partitions, source });
}
