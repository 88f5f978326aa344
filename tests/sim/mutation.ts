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
}
