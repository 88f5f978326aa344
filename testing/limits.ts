/**
 * Limits of the test kit, with units.
 *
 * @module
 */

/** In how many steps at most a stretch of time passes: timers that are due in one of them fire together. */
export const STEPS = 1_000;

/** The shortest step in which time passes, in milliseconds: the engine looks at idle partitions no more often. */
export const STEP_MS = 50;

/** How many boundaries of one run are tried each with a crash of its own; a longer run has them spread over it, its end among them. */
export const LONE_CRASHES = 32;

/** How many characters of a value a message shows. */
export const SHOWN = 300;
