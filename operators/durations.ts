/**
 * Durations, in whole milliseconds.
 *
 * @module
 */

/**
 * A number of seconds, rounded to milliseconds.
 *
 * @param n how many seconds, fractions allowed
 * @returns milliseconds
 *
 * @example Seconds
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { seconds } from "@tidemark/streams";
 * assertEquals(seconds(1.5), 1500);
 * ```
 */
export function seconds(n: number): number {
  return Math.round(n * 1000);
}

/**
 * A number of minutes, rounded to milliseconds.
 *
 * @param n how many minutes, fractions allowed
 * @returns milliseconds
 *
 * @example Minutes
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { minutes } from "@tidemark/streams";
 * assertEquals(minutes(5), 300_000);
 * ```
 */
export function minutes(n: number): number {
  return Math.round(n * 60_000);
}

/**
 * A number of hours, rounded to milliseconds.
 *
 * @param n how many hours, fractions allowed
 * @returns milliseconds
 *
 * @example Hours
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { hours } from "@tidemark/streams";
 * assertEquals(hours(2), 7_200_000);
 * ```
 */
export function hours(n: number): number {
  return Math.round(n * 3_600_000);
}

/**
 * A number of days of 24 hours, rounded to milliseconds.
 *
 * @param n how many days, fractions allowed
 * @returns milliseconds
 *
 * @example Days
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { days } from "@tidemark/streams";
 * assertEquals(days(1), 86_400_000);
 * ```
 */
export function days(n: number): number {
  return Math.round(n * 86_400_000);
}
