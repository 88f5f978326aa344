/**
 * Wall clock, timers and randomness, passed in: a simulator passes its own.
 *
 * @module
 */

/** What the engine may know of the world's time and chance. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds of a clock that never jumps, where there is one. */
  elapsed?(): number;
  /** Resolves after that many milliseconds. */
  sleep(ms: number): Promise<void>;
  /** Calls back after that many milliseconds, unless it is cancelled by what it returns; where there is such a thing. */
  after?(ms: number, run: () => void): () => void;
  /** At least 0, below 1. */
  random(): number;
}
