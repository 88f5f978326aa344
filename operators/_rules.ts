/**
 * A kept table as a read-only map. It is iterated in the order of its keys, so that a restart does not change what a
 * function of all rows returns.
 *
 * @module
 */
import { freeze } from "./_own.ts";
import type { Key, KeyedState } from "./keyed_state.ts";

/** A view of a state. It shows each change at once. */
export class Rules<K extends Key, V> implements ReadonlyMap<K, V> {
  /** All rows in the order of their keys, once something has iterated; `undefined` after a change. */
  #ordered: ReadonlyMap<K, V> | undefined;

  constructor(readonly state: KeyedState<K, V>) {}

  get size(): number {
    return this.state.size;
  }

  get(key: K): V | undefined {
    const cell = this.state.find(key);
    // What a restart has brought back is not frozen yet.
    return cell === undefined ? undefined : freeze(cell.value);
  }

  has(key: K): boolean {
    return this.state.find(key) !== undefined;
  }

  /** Must be called after each change of the state. */
  changed(): void {
    this.#ordered = undefined;
  }

  forEach(call: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this.#all()) call(value, key, this);
  }

  entries(): MapIterator<[K, V]> {
    return this.#all().entries();
  }

  keys(): MapIterator<K> {
    return this.#all().keys();
  }

  values(): MapIterator<V> {
    return this.#all().values();
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries();
  }

  #all(): ReadonlyMap<K, V> {
    if (this.#ordered !== undefined) return this.#ordered;
    const rows = Array.from(this.state.cells(0), ({ key, value }): [K, V] => [key, freeze(value!)]);
    return this.#ordered = new Map(rows.sort(([one], [other]) => inOrder(one, other)));
  }
}

/** The order of keys: by type, and within a type by value, strings by their code units. */
function inOrder(one: Key, other: Key): number {
  if (typeof one !== typeof other) return typeof one < typeof other ? -1 : 1;
  return one < other ? -1 : one > other ? 1 : 0;
}
