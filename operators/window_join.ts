/**
 * @module
 */
import type { Observable, OperatorFunction } from "rxjs";
import {
  isFrozen,
  type Joined,
  type JoinType,
  type LeftOf,
  needFunctions,
  type RightOf,
  sidesOf,
} from "./_join_options.ts";
import { operate2 } from "./_operate.ts";
import { type WindowJoinRules, WindowJoinStage } from "./_window_join_stage.ts";
import { aligned } from "./_window_options.ts";
import { tumbling } from "./_windower.ts";
import type { Key } from "./keyed_state.ts";

/** Options of {@linkcode windowJoin}. */
export interface WindowJoinOptions<L, R, K extends Key, O, Type extends JoinType = "inner"> {
  /** The name under which the values of open windows are found again after a restart. Needed in a job, unique there. */
  readonly name?: string;
  /**
   * Windows as those of `tumblingWindow`: `size` is how long one is, and `offset` shifts all of them, in milliseconds,
   * 0 by default.
   */
  readonly window: { readonly size: number; readonly offset?: number };
  /** The key of a left value. */
  readonly key: (left: L) => K;
  /** The key of a right value. Only values of one key and one window are partners. */
  readonly rightKey: (right: R) => K;
  /**
   * `inner`: pairs only. `left`, `right`, `full`: also a row for each value of the left side, of the right one or of
   * both that has no partner in its window.
   *
   * @default "inner"
   */
  readonly type?: Type;
  /** Makes a row of a pair. A partner that does not exist is `undefined`. */
  readonly join: (left: LeftOf<Type, L>, right: RightOf<Type, R>) => O;
  /**
   * How kept objects are protected from changes outside. `copied`: they are copied when they come and for each row.
   * `frozen`: they are frozen deeply when they come, and shared. Primitives cost nothing either way.
   *
   * @default "copied"
   */
  readonly values?: "copied" | "frozen";
  /** The version of the shape of the values of both sides. @default 1 */
  readonly version?: number;
  /** Converts a kept value written by an older version into the current one. */
  readonly migrate?: (value: unknown, version: number, side: "left" | "right") => unknown;
}

/**
 * Joins two streams by key and window: when the watermark, which is the lower one of both streams, reaches the last
 * millisecond of a window, emits a row for each pair of values of one key in it. That millisecond is also the row's
 * event time. The rows of a key come in the order in which the left values came, then the right ones.
 *
 * Keeps the values of both sides until their window is over. A value whose window is over is late: it goes to the
 * `lateSideOutput()` below, if there is one, is counted either way, and has no row. The rules are those of Apache
 * Flink's `join().window()`, and with another `type` those of its `coGroup()`. A tombstone, the value `null`, is a bad
 * record if `key` or `rightKey` reads its fields.
 *
 * ```text
 * left   --a1--b4-----------|
 * right  ----a3-------a12---|
 *        windowJoin(right, { window: { size: 10 }, type: "left", ... })
 * result ------------(a1,a3)(b4,-)|
 * ```
 *
 * @param right the right stream, with event time and a watermark of its own
 * @param options window, keys and `join`
 * @returns an operator that emits the rows
 * @throws {TypeError} when `window` is missing, `key`, `rightKey` or `join` is not a function, or `type` or `values` is
 * not one of its options
 * @throws {RangeError} when `size` is not a positive integer, or `offset` is not an integer between `-size` and `size`
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
  const { name, window, key, rightKey, type = "inner", values = "copied" } = options;
  const cannot = "Cannot create a window join:";
  if (typeof window !== "object" || window === null) throw new TypeError(`${cannot} window must be { size, offset }`);
  const { size, offset = 0 } = window;
  aligned(cannot, { size }, "size", offset);
  needFunctions({ key, rightKey, join: options.join }, cannot);
  const emits = sidesOf(type, cannot);
  const rules = { ...options, windower: tumbling(size, offset), emits, frozen: isFrozen(values, cannot) };

  return operate2<L, R, Joined<O, L | R>>(
    { operator: "windowJoin", name, time: "own", keeps: true, needsWatermark: true, reads: key, readsRight: rightKey },
    right as Observable<R>,
    (stage) => new WindowJoinStage(stage, rules as unknown as WindowJoinRules<L, R, K, Joined<O, L | R>>),
  ) as OperatorFunction<L | null, Joined<O, L | R>>;
}
