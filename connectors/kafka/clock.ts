/**
 * What the connector needs of time and chance, passed in. The runtime's own clock is one.
 *
 * @module
 */

/** Time and chance. */
export interface KafkaClock {
  /** Milliseconds of a clock that never jumps. */
  elapsed(): number;
  /** Calls back after that many milliseconds, unless it is cancelled by what it returns. */
  after(ms: number, run: () => void): () => void;
  /** At least 0, below 1. */
  random(): number;
}

/** The clock of the machine. */
export const machineClock: KafkaClock = {
  elapsed: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};
