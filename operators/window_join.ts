/**
 * @module
 */
import type { Observable, OperatorFunction } from "rxjs";
import { type Joined, type JoinType, type PairOptions, pairsOf } from "./_join_options.ts";
import { operate2 } from "./_operate.ts";
import { type JoinWindow, joinWindows } from "./_join_windows.ts";
import { SessionJoinStage } from "./_session_join_stage.ts";
import { WindowJoinStage } from "./_window_join_stage.ts";
import type { WindowJoinRules } from "./_window_join_values.ts";
import type { Key } from "./keyed_state.ts";

/** Options of {@linkcode windowJoin}. */
export interface WindowJoinOptions<L, R, K extends Key, O, Type extends JoinType = "inner">
  extends PairOptions<L, R, K, O, Type> {
  /**
   * The windows, by the options of the window operators: `{ size, offset }` as `tumblingWindow`, `{ size, slide, offset }`
   * as `slidingWindow`, `{ max, step, offset }` as `cumulativeWindow`, `{ gap }` as `sessionWindow`, whose sessions are of
   * the values of both sides, or `{ unit, timeZone }` as `calendarWindow`. Lengths are in milliseconds.
   */
  readonly window: JoinWindow<L | R>;
}

/**
 * Joins two streams by key and window: when the watermark, which is the lower one of both streams, reaches the last
 * millisecond of a window, emits a row for each pair of values of one key in it. That millisecond is also the row's
 * event time. The rows of a key come in the order in which the left values came, then the right ones. Two values that
 * are together in several windows have a row in each.
 *
 * Keeps each value once, until the last window that holds it is over. A value that comes after that is late: it goes to
 * the `lateSideOutput()` below, if there is one, is counted either way, and has no row. In sessions the values of both
 * sides count: each opens `[t, t + gap)`, which merges with every session of its key that it touches, and a value is not
 * late where it touches one that is not over.
 *
 * The rules are those of Apache Flink's `join().where().equalTo().window()`, and with another `type` those of its
 * `coGroup()`. A tombstone, the value `null`, is a bad record if `key` or `rightKey` reads its fields.
 *
 * ```text
 * left   --a1--b4-----------|
 * right  ----a3-------a12---|
 *        windowJoin(right, { window: { size: 10 }, type: "left", ... })
 * result ------------(a1,a3)(b4,-)|
 *        windowJoin(right, { window: { gap: 10 }, type: "left", ... })
 * result --------------------(b4,-)(a1,a3)(a1,a12)|
 * ```
 *
 * @param right the right stream, with event time and a watermark of its own
 * @param options window, keys and `join`
 * @returns an operator that emits the rows
 * @throws {TypeError} when `window` is none of these, `key`, `rightKey` or `join` is not a function, or `type` or
 * `values` is not one of its options
 * @throws {RangeError} when a length of `window` is not what its operator takes
 *
 * @example Views and clicks of the same minute
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { eventTime, minutes, watermark, windowJoin } from "@tidemark/streams";
 *
 * const views = from([{ user: "ada", page: "/", at: 1_000 }, { user: "ada", page: "/cart", at: 70_000 }]).pipe(
 *   eventTime((view) => view.at),
 *   watermark({ maxOutOfOrderness: 0 }),
 * );
 * const clicks = from([{ user: "ada", button: "buy", at: 59_000 }]).pipe(
 *   eventTime((click) => click.at),
 *   watermark({ maxOutOfOrderness: 0 }),
 * );
 * const rows: unknown[] = [];
 * views.pipe(
 *   windowJoin(clicks, {
 *     name: "clicked",
 *     window: { size: minutes(1) },
 *     key: (view) => view.user,
 *     rightKey: (click) => click.user,
 *     type: "left",
 *     join: (view, click) => [view.page, click?.button],
 *   }),
 * ).subscribe((row) => rows.push(row));
 * assertEquals(rows, [["/", "buy"], ["/cart", undefined]]);
 * ```
 */
export function windowJoin<L, R, K extends Key, O, Type extends JoinType = "inner">(
  right: Observable<R | null>,
  options: WindowJoinOptions<L, R, K, O, Type>,
): OperatorFunction<L | null, Joined<O, L | R>> {
  const { name, window, key, rightKey } = options;
  const cannot = "Cannot create a window join:";
  const windows = joinWindows(cannot, window);
  const rules = pairsOf(options, cannot) as unknown as WindowJoinRules<L, R, K, Joined<O, L | R>>;

  return operate2<L, R, Joined<O, L | R>>(
    { operator: "windowJoin", name, time: "own", keeps: true, needsWatermark: true, reads: key, readsRight: rightKey },
    right as Observable<R>,
    (stage) =>
      "gap" in windows
        ? new SessionJoinStage(stage, windows.gap, rules)
        : new WindowJoinStage(stage, windows.slicer, rules),
  ) as OperatorFunction<L | null, Joined<O, L | R>>;
}
