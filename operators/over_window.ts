/**
 * @module
 */
import type { OperatorFunction } from "rxjs";
import { type OverResult, OverStage } from "./_over_stage.ts";
import { operate } from "./_operate.ts";
import { planOf, type WindowOptions } from "./_window_options.ts";
import type { Key } from "./keyed_state.ts";

/** Options of {@linkcode overWindow}. Either `range` or `rows` is required. */
export interface OverWindowOptions<T, K extends Key, A, R>
  extends Pick<WindowOptions<T, K, A, R>, "name" | "key" | "aggregate" | "process"> {
  /** How far a record looks back, in milliseconds: to records at `time - range` and after, those at its own time included. */
  readonly range?: number;
  /** How many records a record looks back at, itself included. */
  readonly rows?: number;
  /**
   * `ordered`: a record's result comes when the watermark reaches its time, results of a key are in the order of event
   * time, and each is exact. `arrival`: a result comes at once, and knows only the records that came before it.
   *
   * @default "ordered"
   */
  readonly emit?: "ordered" | "arrival";
}

/**
 * For each record the aggregate of those records of its key that it looks back at: within `range` milliseconds, or the
 * last `rows`. A result carries the record; its window is from the beginning of the look back to the record's time, and
 * its event time is the record's.
 *
 * With `emit: "ordered"`, records at the same time are in the order in which they came, and within a `range` each of them
 * sees the others. A record is late when the watermark has reached its time; late records go to the `lateSideOutput()`
 * below, if there is one, and are counted either way.
 *
 * Keeps the records of a key until the watermark is `range` beyond them; with `rows` the last `rows - 1` of each key,
 * always. The aggregate needs `merge`, and then a result costs the same however many records it looks back at. A
 * tombstone, the value `null`, is a bad record if `key` reads its fields. This is SQL's `OVER (PARTITION BY key ORDER BY
 * time RANGE | ROWS ... PRECEDING)`, as in Apache Flink SQL.
 *
 * ```text
 * event time --1---4---12---|
 *            overWindow({ range: 10, aggregate: count(), ... })     watermark without disorder
 * result     ------1---2---2|       for the records at 1, 4 and 12
 * ```
 *
 * @param options key, range or rows, and aggregate
 * @returns an operator that emits a result for each record
 * @throws {RangeError} when `range` is not an integer of at least 0, or `rows` not a positive integer
 * @throws {TypeError} when there are both or none of the two, `key` is not a function, `emit` is not one of its options,
 * or `aggregate` lacks `seed`, `add` or `merge`
 *
 * @example The payments of a card within a minute
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { eventTime, minutes, overWindow, sum, watermark } from "@tidemark/streams";
 *
 * const sums: number[] = [];
 * from([{ card: 7, euro: 10, at: 0 }, { card: 7, euro: 5, at: 30_000 }, { card: 7, euro: 1, at: 70_000 }]).pipe(
 *   eventTime((payment) => payment.at),
 *   watermark({ maxOutOfOrderness: 0 }),
 *   overWindow({ key: (payment) => payment.card, range: minutes(1), aggregate: sum((payment) => payment.euro) }),
 * ).subscribe(({ value }) => sums.push(value));
 * assertEquals(sums, [10, 15, 6]);
 * ```
 */
export function overWindow<T, K extends Key, A, R>(
  options: OverWindowOptions<T, K, A, R>,
): OperatorFunction<T | null, OverResult<T, K, R>> {
  const { name, key, range, rows, emit = "ordered" } = options;
  const cannot = "Cannot create an over window:";
  if ((range === undefined) === (rows === undefined)) throw new TypeError(`${cannot} give range or rows, and not both`);
  if (range !== undefined && !(Number.isSafeInteger(range) && range >= 0)) {
    throw new RangeError(`${cannot} range must be an integer of at least 0, current value is ${range}`);
  }
  if (rows !== undefined && !(Number.isSafeInteger(rows) && rows > 0)) {
    throw new RangeError(`${cannot} rows must be an integer above 0, current value is ${rows}`);
  }
  if (emit !== "ordered" && emit !== "arrival") {
    throw new TypeError(`${cannot} emit must be "ordered" or "arrival", current value is ${String(emit)}`);
  }
  const { aggregate, process } = options;
  const plan = planOf<T, K, A, R>(cannot, { key, aggregate, process }, "records that look back share accumulators");
  const ordered = emit === "ordered";

  return operate<T, OverResult<T, K, R>>(
    {
      operator: "overWindow",
      name,
      time: "own",
      keeps: true,
      needsWatermark: ordered || range !== undefined,
      reads: key,
    },
    (stage) => {
      const looks = new OverStage<T, K, A, R>(stage, plan, { range, rows: rows ?? Infinity, ordered });
      return { open: () => looks.open(), next: (value) => looks.add(value, key(value)) };
    },
  );
}
