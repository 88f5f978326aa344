/**
 * Wall clock, timers and randomness, passed in: a simulator passes its own.
 *
 * @module
 */

/** What the engine may know of the world's time and chance. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after that many milliseconds. */
  sleep(ms: number): Promise<void>;
  /** At least 0, below 1. */
  random(): number;
}
