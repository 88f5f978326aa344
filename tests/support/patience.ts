/**
 * How long a test waits for anything that must come, in milliseconds. It is there to end a wait that is in vain, and is
 * long because a machine may be busy: no test is about time.
 */
export const PATIENCE = 120_000;
