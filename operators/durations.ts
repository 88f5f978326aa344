/**
 * Durations, in milliseconds.
 *
 * @module
 */

/**
 * @param n how many seconds
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
  return n * 1000;
}

/**
 * @param n how many minutes
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
  return n * 60_000;
}

/**
 * @param n how many hours
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
  return n * 3_600_000;
}

/**
 * @param n how many days of 24 hours
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
  return n * 86_400_000;
}
