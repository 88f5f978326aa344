/**
 * @module
 */
import type { OperatorFunction } from "rxjs";
import type { LateTyped } from "./_late.ts";
import { operate } from "./_operate.ts";
import { Passed } from "./_passed.ts";
import type { Key } from "./keyed_state.ts";

/** Options of {@linkcode deduplicate}. */
export interface DeduplicateOptions<T> {
  /** The name under which what was seen is found again after a restart. Needed in a job, unique there. */
  readonly name?: string;
  /** What two values must have in common to be the same: an id. */
  readonly key: (value: T) => Key;
  /** How close their event times must be, in milliseconds. */
  readonly within: number;
}

/**
 * Lets the first of a key within a time pass, by arrival, and nothing else of that key whose event time is less than
 * `within` away, before or after. Of two values of a key that are closer than that, never both come out.
 *
 * Keeps a time for each value that came out, until the watermark is two to three times `within` after it. A value that
 * is more than `within` behind the watermark cannot be judged any more. It is late: it goes to the `lateSideOutput()`
 * below, if there is one, and is counted either way. A tombstone, the value `null`, is a bad record if `key` reads its
 * fields.
 *
 * ```text
 * event time --a1--a3--b4--a12--a5--|
 *            deduplicate({ key: (letter) => letter, within: 10 })
 * result     --a1------b4--a12------|
 * ```
 *
 * @param options key and time
 * @returns an operator that passes the first values on
 * @throws {TypeError} when `key` is not a function
 * @throws {RangeError} when `within` is not a positive integer
 *
 * @example Each payment once, though it may be delivered twice
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { deduplicate, eventTime, minutes, watermark } from "@tidemark/streams";
 *
 * const payments: string[] = [];
 * from([{ id: "p1", at: 0 }, { id: "p2", at: 5 }, { id: "p1", at: 0 }]).pipe(
 *   eventTime((payment) => payment.at),
 *   watermark({ maxOutOfOrderness: minutes(1) }),
 *   deduplicate({ name: "payments", key: (payment) => payment.id, within: minutes(10) }),
 * ).subscribe(({ id }) => payments.push(id));
 * assertEquals(payments, ["p1", "p2"]);
 * ```
 */
export function deduplicate<T>(options: DeduplicateOptions<T>): OperatorFunction<T | null, T & LateTyped<T>> {
  const { name, key, within } = options;
  const cannot = "Cannot create a deduplication:";
  if (typeof key !== "function") throw new TypeError(`${cannot} key must be a function`);
  if (!(Number.isSafeInteger(within) && within > 0)) {
    throw new RangeError(`${cannot} within must be a whole number of milliseconds above 0, current value is ${within}`);
  }

  return operate<T, T & LateTyped<T>>(
    { operator: "deduplicate", name, time: "own", keeps: true, needsWatermark: true, reads: key },
    (stage) => {
      const passed = new Passed(stage, within);
      stage.side("late");
      return {
        open: () => passed.open(),
        next(value) {
          const time = stage.eventTime(), id = key(value);
          if (passed.isTooLate(time)) stage.late(value);
          else if (passed.pass(id, time)) stage.emit(value as T & LateTyped<T>);
        },
      };
    },
  );
}
