/**
 * How a run ended.
 *
 * @module
 */
import type { Scenario } from "./scenario.ts";

/** What happened in a run. */
export interface Counts {
  kills: number;
  pauses: number;
  lost: number;
  stops: number;
  /** Starts that failed for a reason that passes: the store or the broker did not answer. */
  restarts: number;
  /**
   * Workers that ended with the expected message during a change of a right, a limit or a topic. Each is started again.
   */
  told: number;
  takeovers: number;
  events: number;
  /** How many times a worker went on after waiting. */
  steps: number;
}

/** Counts at the start of a run. */
export function noCounts(): Counts {
  return { kills: 0, pauses: 0, lost: 0, stops: 0, restarts: 0, told: 0, takeovers: 0, events: 0, steps: 0 };
}

/** How a run ended. */
export interface Outcome {
  readonly scenario: Scenario;
  /** What was wrong, if anything. */
  readonly failure: Failure | undefined;
  readonly counts: Counts;
  /** How many times each worker went on after waiting. */
  readonly steps: readonly number[];
  readonly hash: string;
  readonly lines: readonly string[];
  /** How long it took, in virtual milliseconds. */
  readonly took: number;
  /** The longest time for which a worker stood still silently, in virtual milliseconds. */
  readonly silent: number;
  /** How many control records the job has sent into its hops. */
  readonly control: number;
  /** How long the longest stop of a worker took, in virtual milliseconds. */
  readonly longestStop: number;
  /** The job refused to go on, as it must with a KV that is older than its results. */
  readonly refused: boolean;
}

/**
 * `broken`: an invariant was violated; `stuck`: the end was not reached; `error`: a worker ended with an unexplained
 * error.
 */
export interface Failure {
  readonly kind: "broken" | "stuck" | "error";
  readonly message: string;
}
