/**
 * The sentences of a snapshot, as a type.
 *
 * @module
 */

/** How a job is, in sentences. What they say changes from one snapshot to the next. */
export interface JobSentences {
  /** Whether it keeps up. */
  readonly pace: string;
  /** What limits it; `undefined` in its first half second, and without a worker. */
  readonly limit: string | undefined;
  /** Whether one task has more records than the others; `undefined` with one task, and before the first record. */
  readonly skew: string | undefined;
  /** How much the stages keep in the tasks of this worker; `undefined` where none keeps anything. */
  readonly state: string | undefined;
  /** What is visible, and whether something is lost when it is stopped. */
  readonly visible: string;
}
