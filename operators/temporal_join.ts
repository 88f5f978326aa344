/**
 * @module
 */
import type { Observable, OperatorFunction } from "rxjs";
import { innerOrLeft, isFrozen, type Joined, needFunctions } from "./_join_options.ts";
import { operate2 } from "./_operate.ts";
import type { TableChange } from "./_table_change.ts";
import { type TemporalRules, TemporalStage } from "./_temporal_stage.ts";
import type { Key } from "./keyed_state.ts";

/** Options of {@linkcode temporalJoin}. */
export interface TemporalJoinOptions<T, K extends Key, V, O, Type extends "inner" | "left" = "inner"> {
  /** The name under which the table and what waits are found again after a restart. Needed in a job, unique there. */
  readonly name?: string;
  /** The key of a value, whose row is looked up. */
  readonly key: (value: T) => K;
  /** `inner`: a value without a row has no result. `left`: it has one, and its row is `undefined`. @default "inner" */
  readonly type?: Type;
  /** Makes a result of a value and the row that its key had at its event time. */
  readonly join: (value: T, row: Type extends "left" ? V | undefined : V) => O;
  /**
   * How kept values and rows are protected from changes outside. `copied`: they are copied when they come and for each
   * result. `frozen`: they are frozen deeply when they come, and shared. Primitives cost nothing either way.
   *
   * @default "copied"
   */
  readonly values?: "copied" | "frozen";
  /** The version of the shape of the values and of the rows. @default 1 */
  readonly version?: number;
  /** Converts a kept value (`left`) or row (`table`) written by an older version into the current one. */
  readonly migrate?: (value: unknown, version: number, side: "left" | "table") => unknown;
}

/**
 * Joins each value with the row that a table had for its key at the value's event time: with the newest change whose
 * event time is not after it. So the result does not depend on the order in which values and changes come.
 *
 * A value waits until the watermark, which is the lower one of both streams, reaches its time. Then no earlier change
 * can come any more, and the result is emitted, at the value's time. Results come in the order of event time, and within
 * one time in that in which the values came. Of two changes of a key at one time the one that came last counts.
 *
 * Keeps each value and each change of the table until the watermark reaches its time, and of each key the newest row
 * before that. A row that was deleted is gone then.
 *
 * A value is late when the watermark has reached its time. It goes to the `lateSideOutput()` below, if there is one, is
 * counted either way, and has no result. A change of the table that is late still counts, from its time on, for all
 * values that are not emitted yet, unless a newer row of its key has been reached; results that were emitted stay. As
 * deletions are not kept, a late change that is older than one brings its row back.
 *
 * A table that does not change holds the watermark back, and with it all results. Give the table's `watermark()` an
 * `idleAfter` where that may happen. Both topics must be keyed by the key and have the same number of partitions. A
 * tombstone, the value `null`, is a bad record if `key` reads its fields. These are the rules of Apache Flink's event-time
 * temporal join, which keeps deletions for ever, and emits the results of one watermark key by key.
 *
 * ```text
 * values  --a1-------a5--------a7--|
 * table   -----a3:x------a6:y------|      rows of a from 3 and from 6 on
 *         temporalJoin(table, { type: "left", ... })      watermarks without disorder
 * result  -----------(a1,-)----(a5,x)(a7,y)|
 * ```
 *
 * @param table the changes of the table, with event time and a watermark of its own: a `table()` of a connector, the
 * results of `toTable()` or of `keyedReduce()`
 * @param options key and `join`
 * @returns an operator that emits the results
 * @throws {TypeError} when `key` or `join` is not a function, or `type` or `values` is not one of its options
 *
 * @example Orders at the rate of their time
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { eventTime, temporalJoin, toTable, watermark } from "@tidemark/streams";
 *
 * const rates = from([{ currency: "USD", rate: 0.9, at: 0 }, { currency: "USD", rate: 0.8, at: 60_000 }]).pipe(
 *   eventTime((change) => change.at),
 *   watermark({ maxOutOfOrderness: 0 }),
 *   toTable({ key: (change) => change.currency, value: (change) => change.rate }),
 * );
 * const orders = from([{ currency: "USD", amount: 100, at: 59_999 }, { currency: "USD", amount: 100, at: 60_000 }]).pipe(
 *   eventTime((order) => order.at),
 *   watermark({ maxOutOfOrderness: 0 }),
 * );
 * const euros: number[] = [];
 * orders.pipe(
 *   temporalJoin(rates, { name: "euros", key: (order) => order.currency, join: (order, rate) => order.amount * rate }),
 * ).subscribe((euro) => euros.push(euro));
 * assertEquals(euros, [90, 80]);
 * ```
 */
export function temporalJoin<T, K extends Key, V, O, Type extends "inner" | "left" = "inner">(
  table: Observable<TableChange<K, V>>,
  options: TemporalJoinOptions<T, K, V, O, Type>,
): OperatorFunction<T | null, Joined<O, T>> {
  const { name, key, type = "inner", values = "copied" } = options;
  const cannot = "Cannot create a temporal join:";
  needFunctions({ key, join: options.join }, cannot);
  const rules = { ...options, outer: innerOrLeft(type, cannot) === "left", frozen: isFrozen(values, cannot) };

  return operate2<T, TableChange<K, V>, Joined<O, T>>(
    { operator: "temporalJoin", name, time: "own", keeps: true, needsWatermark: true, reads: key },
    table,
    (stage) => new TemporalStage(stage, rules as unknown as TemporalRules<T, K, V, Joined<O, T>>),
  ) as OperatorFunction<T | null, Joined<O, T>>;
}
