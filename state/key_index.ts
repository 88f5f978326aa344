/**
 * A map by key that may grow large: one `Map` stalls for 150 ms when it grows at two million keys, and ends at 16.7 million. So what
 * outgrows one is spread over many.
 *
 * @module
 */
import type { Key } from "../operators/keyed_state.ts";

/** The most keys of one `Map`, and over how many a larger index is spread. */
const ALONE = 131_072;
const SHARDS = 64;
/** About how many characters of a string are looked at. */
const SAMPLED = 8;

/** Values by key, in the order in which they came while there are no more than {@linkcode ALONE}. */
export class KeyIndex<T> {
  #size = 0;
  #only: Map<Key, T> | undefined = new Map();
  #shards: Map<Key, T>[] = [];

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  get(key: Key): T | undefined {
    return this.#only === undefined ? this.#shards[shardOf(key)].get(key) : this.#only.get(key);
  }

  /** Adds what is not there yet. */
  add(key: Key, value: T): void {
    this.#size++;
    if (this.#only === undefined) this.#shards[shardOf(key)].set(key, value);
    else {
      this.#only.set(key, value);
      if (this.#size > ALONE) this.#spread(this.#only);
    }
  }

  /** Removes what is there. */
  remove(key: Key): void {
    this.#size--;
    if (this.#only === undefined) this.#shards[shardOf(key)].delete(key);
    else this.#only.delete(key);
  }

  /** All values at this moment. */
  all(): T[] {
    if (this.#only !== undefined) return [...this.#only.values()];
    const values: T[] = [];
    for (const shard of this.#shards) for (const value of shard.values()) values.push(value);
    return values;
  }

  /** Whether one of them is such. */
  some(isSuch: (value: T) => boolean): boolean {
    for (const map of this.#only === undefined ? this.#shards : [this.#only]) {
      for (const value of map.values()) if (isSuch(value)) return true;
    }
    return false;
  }

  #spread(only: Map<Key, T>): void {
    this.#only = undefined;
    this.#shards = Array.from({ length: SHARDS }, () => new Map());
    for (const [key, value] of only) this.#shards[shardOf(key)].set(key, value);
  }
}

/**
 * Which of the maps. In memory only, and quick: of a string it looks at some characters from its end to its beginning. Keys that are
 * alike in all of them share a larger map, which is slower to grow and nothing else.
 */
function shardOf(key: Key): number {
  let hash = 0;
  if (typeof key === "string") {
    const step = 1 + Math.floor(key.length / SAMPLED);
    for (let at = key.length - 1; at >= 0; at -= step) hash = Math.imul(hash, 31) + key.charCodeAt(at);
  } else if (typeof key === "number") hash = key % 0x7fff_ffff;
  else if (typeof key === "bigint") hash = Number(BigInt.asIntN(32, key));
  hash = Math.imul(hash, 0x9e3779b1);
  return hash >>> 26;
}
