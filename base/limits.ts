/**
 * Units of limits, and the types of limits that several folders share. Each folder's own limits are in its `limits.ts`,
 * with their units.
 *
 * @module
 */

/** Bytes of a kibibyte. */
export const KIB = 1024;
/** Bytes of a mebibyte. */
export const MIB: number = 1024 * KIB;
/** Milliseconds of a second. */
export const SECOND = 1000;
/** Milliseconds of a minute. */
export const MINUTE: number = 60 * SECOND;
/** Milliseconds of an hour. */
export const HOUR: number = 60 * MINUTE;
/** Milliseconds of a day. */
export const DAY: number = 24 * HOUR;

/** Pauses between retries, in milliseconds. */
export interface PauseLimits {
  /** The first pause. Each later one is twice as long as the one before. */
  readonly first: number;
  /** The longest pause. */
  readonly longest: number;
}
