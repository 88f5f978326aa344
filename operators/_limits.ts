/**
 * Limits of the operators, with units.
 *
 * @module
 */
import { DAY } from "../base/limits.ts";

/** The watermark before the first record, in milliseconds: nothing is late yet. */
export const BEGIN_OF_TIME: number = Number.MIN_SAFE_INTEGER;

/** The watermark after the last record of a bounded input, in milliseconds. Never stored. */
export const END_OF_TIME: number = Number.MAX_SAFE_INTEGER;

/** How far an event time may be ahead of its record's own timestamp, in milliseconds: one day. */
export const MAX_AHEAD: number = DAY;

/**
 * The beginning of 1973, in milliseconds. An earlier event time is most likely in seconds: today's seconds, read as
 * milliseconds, are in January 1970.
 */
export const BEFORE_1973: number = 94_694_400_000;

/** The numbers of results that wait: when the next one comes, and how many wait. */
export const WAIT_NEXT = 0, WAIT_SIZE = 1, WAIT_NUMBERS = 2;
