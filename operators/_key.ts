/**
 * Keys as stages know them.
 *
 * @module
 */
import type { Key } from "./keyed_state.ts";

/** A key by its content: -0 is 0, as it is to a `Map` and on a topic. */
export function plainKey<K extends Key>(key: K): K {
  return key === 0 ? 0 as K : key;
}
