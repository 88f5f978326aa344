/**
 * Limits of the test kit, with units.
 *
 * @module
 */

/** The most steps in which `advance` moves the clock. Timers that are due in one step fire together. */
export const STEPS = 1_000;

/** The shortest step of `advance`, in milliseconds. The engine does not check idle partitions more often. */
export const STEP_MS = 50;

/**
 * How many boundaries of one run are tried with a single crash each. In a longer run they are spread over the whole
 * run, including its end.
 */
export const LONE_CRASHES = 32;

/** How long a test waits for an answer that an asynchronous stage waits for, in milliseconds of the wall clock. */
export const ANSWER_MS = 5_000;

/** The longest pause between two looks at what asynchronous stages hold back, in milliseconds of the wall clock. */
export const LOOK_MS = 20;

/** The most characters of a value that a message shows. */
export const SHOWN = 300;

/** After how many rounds without a record that is pushed a test's clock begins to move. */
export const STILL_ROUNDS = 20;
