/**
 * @module
 */
import type { OperatorFunction } from "rxjs";
import { BEGIN_OF_TIME, END_OF_TIME } from "./_limits.ts";
import { operate } from "./_operate.ts";
import type { Trigger, Triggers } from "./_trigger.ts";
import { TriggeredStage } from "./_triggered_stage.ts";
import { planOf, type WindowOptions } from "./_window_options.ts";
import type { WindowResult } from "./_window_result.ts";
import type { Windower } from "./_windower.ts";
import type { Key } from "./keyed_state.ts";

/** Options of {@linkcode globalWindow}. */
export interface GlobalWindowOptions<T, K extends Key, A, R>
  extends Omit<WindowOptions<T, K, A, R>, "allowedLateness" | "emit" | "maxWindows" | "trigger"> {
  /** When a pane is emitted. `early` is all that counts of `{ early, late }`, because the window has no end. */
  readonly trigger: Trigger | Triggers;
}

const ENDLESS: Windower<unknown> = {
  first: () => 0,
  after: () => NaN,
  last: () => END_OF_TIME,
  span: () => ({ start: BEGIN_OF_TIME, end: END_OF_TIME }),
};

/**
 * One window for each key, without an end: the trigger says when it emits. When the input ends, each key emits a last
 * pane, `onTime`; a job that is stopped and goes on later has not ended its input. No record is late.
 *
 * A result has the event time of the latest record of its key. Its window is from the least to the largest safe
 * integer. Keeps one accumulator for each key, always: with `panes: "discard"` an empty one. A tombstone, the value
 * `null`, is a bad record if `key` reads its fields. Apache Flink calls this window `GlobalWindows`; it has no firing at
 * the end of the input unless it is asked for.
 *
 * ```text
 * source --a--b--a--a----------------------|
 *        globalWindow({ key: (letter) => letter, aggregate: count(), trigger: everyCount(2) })
 * result --------(a: 2)--------(a: 3)(b: 1)|
 * ```
 *
 * @param options key, trigger and aggregate
 * @returns an operator that emits a result for each pane
 * @throws {TypeError} when `key` is not a function, `aggregate` lacks `seed` or `add`, or there is no `trigger`
 *
 * @example Every second click of a user
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { collect, eventTime, everyCount, globalWindow, watermark } from "@tidemark/streams";
 *
 * const results: unknown[] = [];
 * from([1, 2, 3]).pipe(
 *   eventTime((at) => at),
 *   watermark({ maxOutOfOrderness: 0 }),
 *   globalWindow({ key: () => "all", aggregate: collect<number>(), trigger: everyCount(2), panes: "discard" }),
 * ).subscribe(({ value, pane }) => results.push([value, pane]));
 * assertEquals(results, [[[1, 2], "early"], [[3], "onTime"]]);
 * ```
 */
export function globalWindow<T, K extends Key, A, R>(
  options: GlobalWindowOptions<T, K, A, R>,
): OperatorFunction<T | null, WindowResult<T, K, R>> {
  const cannot = "Cannot create a global window:";
  const { name, key, trigger } = options;
  if (typeof trigger !== "object" || trigger === null) {
    throw new TypeError(`${cannot} trigger must be given, because the window has no end at which it could emit`);
  }
  const plan = planOf(cannot, options);
  return operate<T, WindowResult<T, K, R>>(
    // A watermark is needed only where the trigger waits for it.
    {
      operator: "globalWindow",
      name,
      time: "own",
      keeps: true,
      needsWatermark: plan.early.every === "eventTime",
      reads: key,
    },
    (stage) => {
      const windows = new TriggeredStage<T, K, A, R>(stage, plan, ENDLESS, true);
      return { open: () => windows.open(), next: (value) => windows.add(value, key(value)) };
    },
  );
}
