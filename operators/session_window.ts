/**
 * @module
 */
import type { OperatorFunction } from "rxjs";
import { operate } from "./_operate.ts";
import { SessionStage } from "./_session_stage.ts";
import { gapOf, type SessionWindows } from "./_window_kinds.ts";
import { planOf, type WindowOptions } from "./_window_options.ts";
import type { WindowResult } from "./_window_result.ts";
import type { Key } from "./keyed_state.ts";

/** Options of {@linkcode sessionWindow}. */
export interface SessionWindowOptions<T, K extends Key, A, R> extends WindowOptions<T, K, A, R>, SessionWindows<T> {}

/**
 * Collects the records of a key that follow one another closely. A record at `t` opens the session `[t, t + gap)`, which
 * merges with every session of its key that it touches: one that ends where another starts is touched. So a session
 * lasts from its first record to `gap` after its last one.
 *
 * A session fires when the watermark reaches `end - 1`, which is also the result's event time, and is kept for
 * `allowedLateness`. A record is late when its session would be over even with that, and it touches none that is kept.
 * Late records go to the `lateSideOutput()` below, if there is one, and are counted either way. A late record may merge
 * sessions that have fired; the merged session then fires anew, at once or at its end, and its `index` counts the results
 * of all of them. With `panes: "retract"` these are taken back before it.
 *
 * Keeps one accumulator for each session until its end and `allowedLateness`. The aggregate needs `merge`. `first`, `last` and `collect` merge in
 * the order of the sessions' starts. A tombstone, the value `null`, is a bad record if `key` reads its fields. Merging is
 * that of Apache Flink's `EventTimeSessionWindows`.
 *
 * ```text
 * event time --1---4----------------20---|
 *            sessionWindow({ gap: 10, aggregate: count(), ... })     watermark without disorder
 * result     ------------------------([1,14): 2)-([20,30): 1)|
 * ```
 *
 * @param options key, gap and aggregate
 * @returns an operator that emits a result for each key and session
 * @throws {RangeError} when `gap` is not a positive integer, or `allowedLateness` is below 0. A function that returns
 * something other than an integer of at least 0 is an error of its record
 * @throws {TypeError} when `key` is not a function or `aggregate` lacks `seed`, `add` or `merge`
 *
 * @example The visits of a user
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { count, eventTime, minutes, sessionWindow, watermark } from "@tidemark/streams";
 *
 * const visits: unknown[] = [];
 * from([{ user: "ada", at: 1_000 }, { user: "ada", at: 31_000 }, { user: "ada", at: 900_000 }]).pipe(
 *   eventTime((event) => event.at),
 *   watermark({ maxOutOfOrderness: 0 }),
 *   sessionWindow({ name: "visits", key: (event) => event.user, gap: minutes(5), aggregate: count() }),
 * ).subscribe(({ window, value }) => visits.push([window.start, window.end, value]));
 * assertEquals(visits, [[1_000, 331_000, 2], [900_000, 1_200_000, 1]]);
 * ```
 */
export function sessionWindow<T, K extends Key, A, R>(
  options: SessionWindowOptions<T, K, A, R>,
): OperatorFunction<T | null, WindowResult<T, K, R>> {
  const { name, key } = options;
  const cannot = "Cannot create session windows:";
  const gap = gapOf(cannot, options);
  const plan = planOf(cannot, options, "sessions that touch are merged");

  return operate<T, WindowResult<T, K, R>>(
    { operator: "sessionWindow", name, time: "own", keeps: true, needsWatermark: true, reads: key },
    (stage) => {
      const sessions = new SessionStage<T, K, A, R>(stage, plan);
      return {
        open: () => sessions.open(),
        next: (value) => sessions.add(value, key(value), gap(value, stage.label)),
      };
    },
  );
}
