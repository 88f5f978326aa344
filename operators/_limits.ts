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

/** The counts of a stage: values that came in, results that went out, late values, and how often it acted without a value. */
export const TALLY_IN = 0, TALLY_OUT = 1, TALLY_LATE = 2, TALLY_ACTED = 3, TALLY_COUNTS = 4;
