/**
 * Plain JSON data as text, for states and messages. The codec of states writes one string several times faster than
 * lists of strings, and in memory a string takes a third of the room. It is worth it for what changes or is sent with
 * every event.
 */

/** The text of a value. */
export type Packed<V> = string & { readonly packed?: V };

/** Makes the text of a value. */
export function packed<V>(value: V): Packed<V> {
  return JSON.stringify(value) as Packed<V>;
}

/** The value of a text; `undefined` stays. */
export function unpacked<V>(text: Packed<V>): V;
export function unpacked<V>(text: Packed<V> | undefined): V | undefined;
export function unpacked<V>(text: Packed<V> | undefined): V | undefined {
  return text === undefined ? undefined : JSON.parse(text);
}
