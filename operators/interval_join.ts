/**
 * @module
 */
import type { Observable, OperatorFunction } from "rxjs";
import { type IntervalRules, intervalStage } from "./_interval_stage.ts";
import { type Joined, type JoinType, type PairOptions, pairsOf } from "./_join_options.ts";
import { operate2 } from "./_operate.ts";
import type { Key } from "./keyed_state.ts";

/** Options of {@linkcode intervalJoin}. */
export interface IntervalJoinOptions<L, R, K extends Key, O, Type extends JoinType = "inner">
  extends PairOptions<L, R, K, O, Type> {
  /** The least `right.time - left.time` of a pair, in milliseconds; may be negative. */
  readonly lower: number;
  /** The greatest `right.time - left.time` of a pair, in milliseconds. Both bounds belong to the interval. */
  readonly upper: number;
}

/**
 * Joins two streams by key and time: emits a row for each pair with `lower <= right.time - left.time <= upper`, when
 * the second of the two comes. The row's event time is the later of both.
 *
 * A left value is kept until the watermark, which is the lower one of both streams, reaches its time plus `upper`, a
 * right value until its time minus `lower`, and neither less than its own time. Then no partner can come any more. With
 * `type` `left`, `right` or `full` a value that has found none has a row then, and that is the row's event time: so it
 * is not late for a stage below. A value is late when its time is below the watermark. It goes to the
 * `lateSideOutput()` below, if there is one, is counted either way, and has no row. These are the rules of Apache
 * Flink's `intervalJoin`, which has pairs only. A value whose time is exactly the watermark is not late, but as in
 * Flink partners that end there have left.
 *
 * Finding partners costs the same however many values of the key are kept, besides those that are partners. A
 * tombstone, the value `null`, is a bad record if `key` or `rightKey` reads its fields.
 *
 * ```text
 * left   --a1-------b4------------|
 * right  ------a2-------b9--------|
 *        intervalJoin(right, { lower: 0, upper: 2, type: "left", ... })
 * result ------(a1,a2)--(b4,-)----|
 * ```
 *
 * @param right the right stream, with event time and a watermark of its own
 * @param options keys, bounds and `join`
 * @returns an operator that emits the rows
 * @throws {TypeError} when `key`, `rightKey` or `join` is not a function, or `type` or `values` is not one of its options
 * @throws {RangeError} when a bound is not an integer, or `lower` is above `upper`
 *
 * @example Orders, with their payment within an hour
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { eventTime, hours, intervalJoin, minutes, watermark } from "@tidemark/streams";
 *
 * const orders = from([{ order: "a", at: 0 }, { order: "b", at: minutes(10) }]).pipe(
 *   eventTime((order) => order.at),
 *   watermark({ maxOutOfOrderness: 0 }),
 * );
 * const payments = from([{ order: "a", cents: 990, at: minutes(30) }, { order: "b", cents: 50, at: hours(3) }]).pipe(
 *   eventTime((payment) => payment.at),
 *   watermark({ maxOutOfOrderness: 0 }),
 * );
 * const rows: unknown[] = [];
 * orders.pipe(
 *   intervalJoin(payments, {
 *     name: "paid",
 *     key: ({ order }) => order,
 *     rightKey: ({ order }) => order,
 *     lower: 0,
 *     upper: hours(1),
 *     type: "left",
 *     join: ({ order }, payment) => [order, payment?.cents],
 *   }),
 * ).subscribe((row) => rows.push(row));
 * assertEquals(rows, [["a", 990], ["b", undefined]]);
 * ```
 */
export function intervalJoin<L, R, K extends Key, O, Type extends JoinType = "inner">(
  right: Observable<R | null>,
  options: IntervalJoinOptions<L, R, K, O, Type>,
): OperatorFunction<L | null, Joined<O, L | R>> {
  const { name, key, rightKey, lower, upper } = options;
  const cannot = "Cannot create an interval join:";
  const rules = pairsOf(options, cannot);
  for (const [name, bound] of Object.entries({ lower, upper })) {
    if (!Number.isSafeInteger(bound)) {
      throw new RangeError(`${cannot} ${name} must be an integer of milliseconds, current value is ${bound}`);
    }
  }
  if (lower > upper) throw new RangeError(`${cannot} lower must be <= upper, current values are ${lower} and ${upper}`);

  return operate2<L, R, Joined<O, L | R>>(
    {
      operator: "intervalJoin",
      name,
      time: "own",
      keeps: true,
      needsWatermark: true,
      reads: key,
      readsRight: rightKey,
    },
    // A tombstone is a bad record where a key function cannot read it.
    right as Observable<R>,
    (stage) => intervalStage(stage, rules as unknown as IntervalRules<L, R, K, Joined<O, L | R>>),
  ) as OperatorFunction<L | null, Joined<O, L | R>>;
}
