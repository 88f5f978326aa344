/**
 * Changes of a table, which are how a table travels as a stream.
 *
 * @module
 */
import type { Key } from "./keyed_state.ts";

export type { Key };

/** A change of a table: the row that a key has from now on, or `undefined` when it has none. */
export interface TableChange<K extends Key = Key, V = unknown> {
  /** The key. */
  readonly key: K;
  /** Its row. */
  readonly value: V | undefined;
}
