/**
 * @module
 */
import type { OperatorFunction } from "rxjs";
import { MINUTE, SECOND } from "../base/limits.ts";
import type { CallContext } from "./_async_call.ts";
import type { AsyncMapOptions } from "./_async_options.ts";
import { AsyncStage } from "./_async_stage.ts";
import { operate } from "./_operate.ts";

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
