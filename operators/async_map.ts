/**
 * @module
 */
import type { OperatorFunction } from "rxjs";
import { MINUTE, SECOND } from "../base/limits.ts";
import type { CallContext } from "./_async_call.ts";
import { AsyncStage } from "./_async_stage.ts";
import { operate } from "./_operate.ts";
import type { Key } from "./keyed_state.ts";

/** When {@linkcode asyncMap} calls again after a failure. */
export interface RetryOptions {
  /** How many calls may follow the first one; Infinity: until one succeeds. @default 3 */
  readonly count?: number;
  /** The pause before the first of them, in milliseconds. Each later pause is about twice as long. @default 100 */
  readonly first?: number;
  /** The longest pause, in milliseconds. @default 10_000 */
  readonly longest?: number;
  /**
   * Whether an error may pass by itself. Where it returns `false` the call has failed for good.
   *
   * @default always
   */
  readonly when?: (error: Error, attempt: number) => boolean;
}

/** Options of {@linkcode asyncMap}. */
export interface AsyncMapOptions<T, R> {
  /** The name under which what is in flight is found again after a restart. Needed in a job, unique there. */
  readonly name?: string;
  /** The key of a value. Only with `order: "key"`, and needed there. */
  readonly key?: (value: T) => Key;
  /**
   * The most values in flight: those with a call under way, and those whose result waits for its turn. At this number
   * the job pushes no further records to the task.
   *
   * @default 100
   */
  readonly concurrency?: number;
  /**
   * The order of results. `input`: that of the values. `key`: that of the values within each key. `any`: results come
   * as soon as their calls are over. Calls of one key are made at the same time whatever the order is.
   *
   * @default "input"
   */
  readonly order?: "input" | "key" | "any";
  /** The longest time of one call, in milliseconds. Then its signal is aborted, and it has failed. @default 60_000 */
  readonly timeout?: number;
  /** When to call again after a failure; a number is the `count`. @default 3 */
  readonly retry?: number | RetryOptions;
  /**
   * What happens when a call has failed and is not tried again. `deadLetter`: the job's `onError` decides, so that the
   * record goes to the dead letters, or the job stops when it has none. `stop`: the job stops, whatever `onError` is. A
   * function returns the result in place of the call's.
   *
   * @default "deadLetter"
   */
  readonly onFailure?: "deadLetter" | "stop" | ((error: Error, value: T) => R);
  /** The version of the values' shape. @default 1 */
  readonly version?: number;
  /** Converts a value in flight that an older version has kept. */
  readonly migrate?: (value: unknown, version: number) => T;
}

/**
 * Calls an asynchronous function for each value, such as a request to a service, and emits its results, exactly once
 * with everything else of the job.
 *
 * A result comes in a push of its own, with the event time and the record of its value. The watermark stays below the
 * oldest value in flight, so a stage below never finds a result late because of its call. When `concurrency` values are
 * in flight, this task reads no further, and others go on. At the end of input the task waits for the last result.
 *
 * The stage keeps each value until its result has been emitted, together with its record as it was read, in the
 * checkpoint. After a crash the function is called again for what was in flight, so calls are made at least once, and
 * the effect of a result in the job happens once. A service that must not act twice needs a request that it knows again,
 * for which `recordInfo()` in the function has topic, partition and offset. Values must be plain data.
 *
 * The function may return a plain value instead of a promise. A call that fails after its last retry goes to the dead
 * letters with its record, as it was read, or stops the job; a value that a window or timer caused goes there as JSON.
 * Put `eventTime()` and `watermark()` above it. Without a job it works too, but a source that cannot wait is not held
 * back, and its values queue up. Apache Flink has the same as `AsyncDataStream.orderedWait` and `unorderedWait`.
 *
 * ```text
 * source     --a---b---c--|
 *            asyncMap(request, { order: "any" })      calls: a takes long
 * result     --------b---c---a|
 * watermark  --------------->a-|
 * ```
 *
 * @param fn called with a value, and with a `signal` and the number of the `attempt`. It should end when the signal is
 * aborted: after the timeout, and when the job stops or makes the call anew
 * @param options order, concurrency, timeout, retries
 * @returns an operator that emits the results
 * @throws {TypeError} when `fn` or `key` is not a function, or an option is not one of its values
 * @throws {RangeError} when a number is out of its range
 *
 * @example Ask a service about each order
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from, lastValueFrom, toArray } from "rxjs";
 * import { asyncMap } from "@tidemark/streams";
 *
 * async function rate({ id, total }: { id: string; total: number }) {
 *   await new Promise((resolve) => setTimeout(resolve, total));
 *   return `${id}: ${total > 5 ? "risky" : "fine"}`;
 * }
 *
 * const orders = from([{ id: "a", total: 20 }, { id: "b", total: 1 }]);
 * const rated = orders.pipe(asyncMap(rate, { name: "rating", order: "input", timeout: 1000, retry: 2 }), toArray());
 * assertEquals(await lastValueFrom(rated), ["a: risky", "b: fine"]);
 * ```
 */
export function asyncMap<T, R>(
  fn: (value: T, context: CallContext) => PromiseLike<R> | R,
  options: AsyncMapOptions<T, R> = {},
): OperatorFunction<T, R> {
  const { name, key, concurrency = 100, order = "input", timeout = MINUTE, onFailure = "deadLetter" } = options;
  const { version, migrate } = options;
  const retry = typeof options.retry === "object" ? options.retry : { count: options.retry };
  const { count: retries = 3, first = 100, longest = 10 * SECOND, when } = retry;
  const cannot = "Cannot create an async map:";
  if (typeof fn !== "function") throw new TypeError(`${cannot} fn must be a function`);
  if (!["input", "key", "any"].includes(order)) {
    throw new TypeError(`${cannot} order must be "input", "key" or "any", current value is ${String(order)}`);
  }
  if (order === "key" && typeof key !== "function") throw new TypeError(`${cannot} key must be a function`);
  if (order !== "key" && key !== undefined) throw new TypeError(`${cannot} key is for order: "key" only`);
  if (when !== undefined && typeof when !== "function") throw new TypeError(`${cannot} when must be a function`);
  if (typeof onFailure !== "function" && onFailure !== "deadLetter" && onFailure !== "stop") {
    throw new TypeError(
      `${cannot} onFailure must be "deadLetter", "stop" or a function, current value is ${String(onFailure)}`,
    );
  }
  const numbers = { concurrency, timeout, "the count of retry": retries, "first of retry": first };
  for (const [what, number] of Object.entries({ ...numbers, "longest of retry": longest })) {
    const least = what === "concurrency" ? 1 : 0;
    const whole = what === "concurrency" || what === "the count of retry";
    if (number >= least && (!whole || number === Infinity || Number.isInteger(number))) continue;
    throw new RangeError(
      `${cannot} ${what} must be ${whole ? "a whole number" : "a number"} of at least ${least}, current value is ${
        String(number)
      }`,
    );
  }

  const pauses = { first, longest };
  const settings = { fn, key, concurrency, order, timeout, retries, pauses, when, onFailure, version, migrate };
  const reads = order === "key" ? key : undefined;
  return operate<T, R>({ operator: "asyncMap", name, time: "own", keeps: true, reads }, (stage) => {
    return new AsyncStage<T, R>(stage, settings);
  });
}
