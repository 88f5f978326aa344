/**
 * The wall clock of programs that append records without a job, where they have not passed in one of their own.
 *
 * @module
 */

/** Milliseconds since 1970. */
export const wallClock = (): number => Date.now();
