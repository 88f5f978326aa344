/**
 * The shape of limits: the units in which every room writes its own, and the kinds that several rooms have. A room's limits are in its
 * `limits.ts`, each with its unit.
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

/** Pauses between tries, in milliseconds. */
export interface PauseLimits {
  /** The first one; each is twice as long as the one before. */
  readonly first: number;
  /** The longest one. */
  readonly longest: number;
}
