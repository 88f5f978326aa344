/**
 * A way to get the engine wrong, as a patch of its source.
 *
 * @module
 */

/** One place of a file, which must be there exactly once. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A broken engine. */
export interface Mutation {
  readonly name: string;
  /** Where the engine has a second line of defence that had to be taken away as well: which. */
  readonly masked?: string;
  readonly edits: readonly Edit[];
}
