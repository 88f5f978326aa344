/**
 * Plain JSON data as text, for states and messages. The codec of states writes one string several times faster than
 * lists of strings, and in memory a string takes a third of the room. It is worth it for what changes or is sent with
 * every event.
 */

/** The text of a value. */
export type Packed<V> = string & { readonly packed?: V };

/** A message with its key: as a text where it goes through a topic, because a text is written and read faster. */
export type Sent<Message> = readonly [key: string, message: Packed<Message> | Message];

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

/**
 * Values with their texts, by key. Who reads the text that was made last for a key gets the value of which it was made, and
 * nothing is parsed. The text alone says whether a value holds, so it does not matter which text a state was set back to.
 * Values must not change.
 */
export class Texts<V> {
  readonly #known = new Map<string, { text: Packed<V>; value: V }>();

  /** @param most how many keys are remembered */
  constructor(readonly most: number) {}

  /** Makes the text of a value, and remembers both. */
  packed(key: string, value: V): Packed<V> {
    const text = packed(value), known = this.#known.get(key);
    if (known !== undefined) {
      known.text = text;
      known.value = value;
      return text;
    }
    if (this.#known.size >= this.most) this.#known.clear();
    this.#known.set(key, { text, value });
    return text;
  }

  /** The value of a text; `undefined` stays. */
  unpacked(key: string, text: Packed<V> | undefined): V | undefined {
    if (text === undefined) return undefined;
    const known = this.#known.get(key);
    return known !== undefined && known.text === text ? known.value : unpacked(text);
  }
}

/**
 * Makes a function that reads messages from what went through a hop. Several readers of one hop get the same text one after
 * the other, and it is parsed once.
 */
export function messageReader<M extends object>(): (sent: Sent<M> | M) => M {
  let last: Packed<M> | undefined, opened: M;
  return (sent) => {
    // The first version sent some messages without a key, and a topic may still hold such ones.
    const message: Packed<M> | M = Array.isArray(sent) ? sent[1] : sent as M;
    if (typeof message !== "string") return message;
    if (message !== last) opened = unpacked(last = message);
    return opened;
  };
}
