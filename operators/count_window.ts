/**
 * @module
 */
import type { OperatorFunction } from "rxjs";
import { CountStage } from "./_count_stage.ts";
import { operate } from "./_operate.ts";
import { planOf, type WindowOptions } from "./_window_options.ts";
import type { WindowResult } from "./_window_result.ts";
import type { Key } from "./keyed_state.ts";

/** Options of {@linkcode countWindow}. */
export interface CountWindowOptions<T, K extends Key, A, R>
  extends Pick<WindowOptions<T, K, A, R>, "name" | "key" | "aggregate" | "process" | "version" | "migrate"> {
  /** How many records a window has. */
  readonly size: number;
  /** After how many records the next window ends. @default size */
  readonly slide?: number;
}

/**
 * Windows of `size` records of a key, in the order in which they come, whatever their event times. A window ends, and
 * fires at once, after every `slide` records. So with a `slide` below `size` the windows overlap, and the first ones have
 * fewer records. What is left when the input ends fires no more. No record is late.
 *
 * A result's window is from the earliest event time of its records to the latest one, and its event time is the latest;
 * both are `NaN` for records without event time.
 * Keeps accumulators for the records of a key that belong to a window to come: with `slide` of `size` one for each key
 * whose window is not full. Overlapping windows share them, and the aggregate needs `merge`; a result costs up to
 * `2 * size / slide` merges. A tombstone, the value `null`, is a bad record if `key` reads its fields. Windows are those
 * of Apache Flink's `countWindow(size, slide)`.
 *
 * ```text
 * source --a--b--c--d--e--|
 *        countWindow({ key: () => "all", size: 3, slide: 2, aggregate: collect() })
 * result -----(a,b)-(b,c,d)-|
 * ```
 *
 * @param options key, size, slide and aggregate
 * @returns an operator that emits a result for each window
 * @throws {RangeError} when `size` or `slide` is not a positive integer
 * @throws {TypeError} when `key` is not a function, or `aggregate` lacks `seed`, `add`, or `merge` where windows overlap
 *
 * @example The sum of every two payments
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { countWindow, eventTime, sum } from "@tidemark/streams";
 *
 * const sums: number[] = [];
 * from([{ euro: 1, at: 0 }, { euro: 2, at: 1 }, { euro: 3, at: 2 }]).pipe(
 *   eventTime((payment) => payment.at),
 *   countWindow({ key: () => "all", size: 2, aggregate: sum((payment) => payment.euro) }),
 * ).subscribe(({ value }) => sums.push(value));
 * assertEquals(sums, [3]);
 * ```
 */
export function countWindow<T, K extends Key, A, R>(
  options: CountWindowOptions<T, K, A, R>,
): OperatorFunction<T | null, WindowResult<T, K, R>> {
  const { name, key, size, slide = size } = options;
  const cannot = "Cannot create count windows:";
  for (const [option, value] of Object.entries({ size, slide })) {
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw new RangeError(`${cannot} ${option} must be an integer above 0, current value is ${value}`);
  }
  const plan = planOf(cannot, options, slide === size ? undefined : "windows share records");

  return operate<T, WindowResult<T, K, R>>(
    { operator: "countWindow", name, time: "passes", keeps: true, reads: key },
    (stage) => {
      const windows = new CountStage<T, K, A, R>(stage, plan, size, slide);
      return { open: () => windows.open(), next: (value) => windows.add(value, key(value)) };
    },
  );
}
