/**
 * States as JSON text. A checkpoint writes one string several times faster than lists of strings, and in memory it takes
 * a third of the room. It is worth it for what changes with every event.
 */

/** Plain JSON data as text. */
export type Packed = string;

/** The text of a value. */
export function packed<V>(value: V): Packed {
  return JSON.stringify(value);
}

/** The value of a text that `packed` has made; `undefined` stays. */
export function unpacked<V>(text: Packed | undefined): V | undefined {
  return text === undefined ? undefined : JSON.parse(text);
}
