/**
 * A map by key for many keys. A single `Map` stalls for 150 ms when it grows at two million keys, and cannot hold more
 * than 16.7 million. So a large index is spread over several maps.
 *
 * @module
 */
import type { Key } from "../operators/keyed_state.ts";

/** The most keys of a single `Map`, and the number of maps of a larger index. */
const ALONE = 131_072;
const SHARDS = 64;
/** About how many characters of a string are hashed. */
const SAMPLED = 8;

/** Values by key, in the order in which they came while there are no more than {@linkcode ALONE}. */
export class KeyIndex<T> {
  #size = 0;
  #only: Map<Key, T> | undefined = new Map();
  #shards: Map<Key, T>[] = [];

  /** How many keys it holds. */
  get size(): number {
    return this.#size;
  }

  get(key: Key): T | undefined {
    return this.#only === undefined ? this.#shards[shardOf(key)].get(key) : this.#only.get(key);
  }

  /** Adds a key that the index does not have. */
  add(key: Key, value: T): void {
    this.#size++;
    if (this.#only === undefined) this.#shards[shardOf(key)].set(key, value);
    else {
      this.#only.set(key, value);
      if (this.#size > ALONE) this.#spread(this.#only);
    }
  }

  /** Removes a key that the index has. */
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

  /** Whether one of the values satisfies the condition. */
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
 * The map for a key. This hash is fast and not stored: it uses only some characters of a string, spread from its end to
 * its start. Keys that agree in all of these share a larger map, which only grows more slowly.
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
