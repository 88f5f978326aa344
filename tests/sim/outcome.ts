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
  /** Starts that failed for what passes by itself: the store or the broker did not answer. */
  restarts: number;
  /** Ends of a worker with the right words while a right, a limit or a topic was changed; each is started again. */
  told: number;
  takeovers: number;
  events: number;
  /** Times that a worker went on from where it waited. */
  steps: number;
}

/** Nothing has happened yet. */
export function noCounts(): Counts {
  return { kills: 0, pauses: 0, lost: 0, stops: 0, restarts: 0, told: 0, takeovers: 0, events: 0, steps: 0 };
}

/** How a run ended. */
export interface Outcome {
  readonly scenario: Scenario;
  /** What was wrong, if anything. */
  readonly failure: Failure | undefined;
  readonly counts: Counts;
  /** How many times each worker went on from where it waited. */
  readonly steps: readonly number[];
  readonly hash: string;
  readonly lines: readonly string[];
  /** How long it took, in virtual milliseconds. */
  readonly took: number;
  /** The longest time for which somebody stood still without a word, in virtual milliseconds. */
  readonly silent: number;
  /** How long the longest stop of a worker took, in virtual milliseconds. */
  readonly longestStop: number;
  /** The job refused to go on, as it has to with a KV that is older than its results. */
  readonly refused: boolean;
}

/** `broken`: an invariant does not hold; `stuck`: the end was not reached; `error`: a worker ended with an error that nothing explains. */
export interface Failure {
  readonly kind: "broken" | "stuck" | "error";
  readonly message: string;
}
