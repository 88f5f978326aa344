/**
 * @module
 */
import type { OperatorFunction } from "rxjs";
import { BEFORE_1973, MAX_AHEAD } from "./_limits.ts";
import { operate } from "./_operate.ts";

/** Options of {@linkcode eventTime}. */
export interface EventTimeOptions {
  /**
   * How far an event time may be ahead of the record's own timestamp, in milliseconds. A record with a later event time
   * is a bad record, because a single event from the year 9999 would make all others late. Values that come from no
   * record have no limit.
   *
   * @default days(1)
   */
  readonly maxAhead?: number;
}

/**
 * Sets the event time of each value. Keeps nothing; emits every value unchanged and at once, with its event time beside
 * it.
 *
 * A timestamp is a safe integer of milliseconds, and may be negative. Any other value, or a timestamp too far ahead,
 * makes the record a bad record. In a job `onBadRecord` decides what happens to it. Without a job the stream ends with
 * a `RangeError`. A tombstone, the value `null`, is also a bad record if `timestamp` reads its fields; the output type
 * is then without `null`. If the parameter of `timestamp` may be `null`, tombstones pass, and the output type keeps
 * `null`.
 *
 * ```text
 * source     --a(at 5)----b(at 3)----c(at NaN)--
 *            eventTime((value) => value.at)
 * values     --a----------b--------------------- c: bad record
 * event time --5----------3---------------------
 * ```
 *
 * @param timestamp the event time of a value, in milliseconds since 1970
 * @param options the limit
 * @returns an operator that passes values on with their event time
 * @throws {RangeError} when `maxAhead` is not a number of at least 0
 *
 * @example An array as a stream of events
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from, map } from "rxjs";
 * import { eventTime, recordInfo } from "@tidemark/streams";
 *
 * const seen: unknown[] = [];
 * from([{ at: 5 }, { at: 3 }]).pipe(eventTime((event) => event.at), map(() => recordInfo().timestamp)).subscribe((at) => seen.push(at));
 * assertEquals(seen, [5, 3]);
 * ```
 */
export function eventTime<T>(
  timestamp: (value: T) => number,
  options: EventTimeOptions = {},
): OperatorFunction<T | null, T> {
  const { maxAhead = MAX_AHEAD } = options;
  if (typeof timestamp !== "function") throw new TypeError("Cannot create event time: timestamp must be a function");
  if (!(maxAhead >= 0)) {
    throw new RangeError(`Cannot create event time: maxAhead must be >= 0, current value is ${maxAhead}`);
  }

  return operate<T, T>(
    { operator: "eventTime", time: "passes", keeps: false, defers: true, reads: timestamp },
    (stage) => {
      const { at } = stage;
      let told = false;
      return {
        next(value) {
          const time = timestamp(value);
          if (!Number.isSafeInteger(time)) {
            return stage.bad(`its event time must be a safe integer of milliseconds, current value is ${String(time)}`);
          }
          const { record } = at;
          if (record !== undefined && time > record.timestamp + maxAhead) {
            return stage.bad(tooFar(time, record.timestamp, maxAhead));
          }
          if (time < BEFORE_1973 && !told) {
            told = true;
            stage.early(time);
          }
          stage.emitAt(value, time);
        },
      };
    },
  );
}

/** An event time that is far beyond its record's own timestamp. What is most likely wrong comes first: reasons are cut. */
function tooFar(time: number, timestamp: number, maxAhead: number): string {
  // A thousand times its own timestamp, and half or twice of that for records that are written long before or after.
  const micro = timestamp >= BEFORE_1973 && time > 500 * timestamp && time < 2_000 * timestamp;
  const unit = micro ? "most likely microseconds, not milliseconds: " : "";
  return `${unit}its event time ${time} lies ${time - timestamp} ms beyond its own timestamp ${timestamp}, ` +
    `maxAhead is ${maxAhead}`;
}
