/**
 * A bug in the engine, as a patch of its source.
 *
 * @module
 */

/** One text in a file, which must be there exactly once. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A broken engine. */
export interface Mutation {
  readonly name: string;
  /** The second safeguard of the engine that also had to be removed, if there is one. */
  readonly masked?: string;
  readonly edits: readonly Edit[];
  /**
   * The families that can catch it, if the counts and windows that most runs have cannot. Its runs have these and no others.
   * @default none
   */
  readonly families?: readonly string[];
  /** Whether the job is reset in its runs. @default false */
  readonly resets?: boolean;
  /** The seed of a run that has found it, or of several. They are made first. @default none */
  readonly run?: number | readonly number[];
}
