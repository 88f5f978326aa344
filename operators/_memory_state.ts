/**
 * Keyed state in memory, for pipelines that run without a job. It does not track changes, because nothing is
 * checkpointed.
 *
 * @module
 */
import { NumberIndex } from "../base/number_index.ts";
import type {
  Cell,
  Key,
  KeyedCollections,
  KeyedElements,
  KeyedEntries,
  KeyedState,
  KeyedStateSpec,
  StateOf,
} from "./keyed_state.ts";

/** Creates a state of the kind in `spec`. */
export function memoryState<S extends KeyedStateSpec>(spec: S): StateOf<S> {
  const state = spec.kind === "map" || spec.kind === "list"
    ? new MemoryCollections(spec, spec.kind === "map" ? MemoryEntries : MemoryElements)
    : new MemoryKeyedState(spec);
  return state as unknown as StateOf<S>;
}

interface MutableCell<K extends Key, V> extends Cell<K, V> {
  value: V | undefined;
}

type Space<K extends Key, V> = Map<K, MutableCell<K, V>>;

/** One value for each key and namespace. */
export class MemoryKeyedState<K extends Key = Key, V = unknown> implements KeyedState<K, V> {
  readonly name: string;
  /** The cells of each namespace. A namespace with one cell, as most timers have, is that cell and not a map. */
  readonly #spaces = new NumberIndex<Space<K, V> | MutableCell<K, V>>();
  /** The namespace with several cells that was used last. The next access mostly uses the same one. */
  #last: Space<K, V> = new Map();
  #lastNamespace = 0;
  #size = 0;

  constructor(spec: KeyedStateSpec) {
    this.name = spec.name;
    this.#spaces.set(0, this.#last);
  }

  get size(): number {
    return this.#size;
  }

  find(key: K, namespace = 0): Cell<K, V> | undefined {
    const cell = namespace === this.#lastNamespace ? this.#last.get(key) : this.#at(key, namespace);
    return cell === undefined || cell.value === undefined ? undefined : cell;
  }

  cell(key: K, namespace = 0): Cell<K, V> {
    if (namespace === this.#lastNamespace) return this.#last.get(key) ?? this.#create(key, namespace, this.#last);
    const space = this.#spaces.get(namespace);
    if (space === undefined) return this.#create(key, namespace, space);
    if (!(space instanceof Map)) return isSameKey(space.key, key) ? space : this.#create(key, namespace, space);
    this.#lastNamespace = namespace;
    return (this.#last = space).get(key) ?? this.#create(key, namespace, space);
  }

  touch(_cell: Cell<K, V>): void {}

  write(cell: Cell<K, V>, value: V | undefined): void {
    const mutable = cell as MutableCell<K, V>;
    const before = mutable.value;
    mutable.value = value;
    if (value === undefined) {
      if (before !== undefined) this.#size--;
      this.#forget(mutable);
    } else if (before === undefined) {
      this.#size++;
    }
  }

  *namespaces(): Iterable<number> {
    // Cells that were never written do not count.
    for (const [namespace, space] of this.#spaces.entries()) {
      const valued = space instanceof Map
        ? space.values().some((cell) => cell.value !== undefined)
        : space.value !== undefined;
      if (valued) yield namespace;
    }
  }

  *cells(namespace: number): Iterable<Cell<K, V>> {
    const space = this.#spaces.get(namespace);
    if (space === undefined) return;
    // The copy leaves out cells that are created during the iteration.
    const cells = space instanceof Map ? [...space.values()] : [space];
    for (const cell of cells) if (cell.value !== undefined) yield cell;
  }

  drop(namespace: number): void {
    for (const cell of this.cells(namespace)) {
      this.#size--;
      (cell as MutableCell<K, V>).value = undefined;
    }
    this.#deleteSpace(namespace);
  }

  #at(key: K, namespace: number): MutableCell<K, V> | undefined {
    const space = this.#spaces.get(namespace);
    if (!(space instanceof Map)) return space === undefined || !isSameKey(space.key, key) ? undefined : space;
    this.#lastNamespace = namespace;
    return (this.#last = space).get(key);
  }

  #create(key: K, namespace: number, space: Space<K, V> | MutableCell<K, V> | undefined): MutableCell<K, V> {
    // A Map treats -0 as 0, so the cell's key is 0 as well.
    const cell: MutableCell<K, V> = { key: key === 0 ? 0 as K : key, namespace, value: undefined };
    if (space === undefined) {
      if (!Number.isSafeInteger(namespace)) throw new RangeError(`State "${this.name}" has no namespace ${namespace}`);
      this.#spaces.set(namespace, cell);
    } else if (space instanceof Map) space.set(key, cell);
    else this.#spaces.set(namespace, new Map([[space.key, space], [cell.key, cell]]));
    return cell;
  }

  #deleteSpace(namespace: number): void {
    if (namespace === 0) return (this.#spaces.get(0) as Space<K, V>).clear();
    this.#spaces.delete(namespace);
    if (namespace !== this.#lastNamespace) return;
    this.#lastNamespace = 0;
    this.#last = this.#spaces.get(0) as Space<K, V>;
  }

  #forget(cell: MutableCell<K, V>): void {
    const { key, namespace } = cell;
    const space = this.#spaces.get(namespace);
    if (!(space instanceof Map)) {
      if (space === cell) this.#spaces.delete(namespace);
    } else if (space.get(key) === cell) {
      space.delete(key);
      if (space.size === 0) this.#deleteSpace(namespace);
    }
  }
}

type AnyCollected = KeyedEntries & KeyedElements;
type Kind = new (state: MemoryCollections, key: Key, namespace: number) => KeyedEntries | KeyedElements;

/** One map or list for each key and namespace. */
class MemoryCollections implements KeyedCollections<AnyCollected> {
  readonly name: string;
  readonly #spaces = new Map<number, Map<Key, AnyCollected>>();
  readonly #Kind: Kind;

  constructor(spec: KeyedStateSpec, kind: Kind) {
    this.name = spec.name;
    this.#Kind = kind;
  }

  get size(): number {
    let size = 0;
    for (const space of this.#spaces.values()) for (const one of space.values()) size += one.size;
    return size;
  }

  find(key: Key, namespace = 0): AnyCollected | undefined {
    const found = this.#spaces.get(namespace)?.get(key);
    return found === undefined || found.size === 0 ? undefined : found;
  }

  cell(key: Key, namespace = 0): AnyCollected {
    const found = this.#spaces.get(namespace)?.get(key);
    if (found !== undefined) return found;
    const made = new this.#Kind(this, key === 0 ? 0 : key, namespace) as AnyCollected;
    this.#keep(made);
    return made;
  }

  *namespaces(): Iterable<number> {
    for (const [namespace, space] of this.#spaces) if (space.values().some(({ size }) => size > 0)) yield namespace;
  }

  *cells(namespace: number): Iterable<AnyCollected> {
    for (const one of [...this.#spaces.get(namespace)?.values() ?? []]) if (one.size > 0) yield one;
  }

  drop(namespace: number): void {
    for (const one of this.cells(namespace)) one.clear();
  }

  /** Called after the map or list of a key has changed. Removes the key when it is empty. */
  settle(one: { readonly key: Key; readonly namespace: number; readonly size: number }): void {
    if (one.size > 0) return this.#keep(one as AnyCollected);
    const space = this.#spaces.get(one.namespace);
    space?.delete(one.key);
    if (space?.size === 0) this.#spaces.delete(one.namespace);
  }

  #keep(one: AnyCollected): void {
    const space = this.#spaces.get(one.namespace);
    if (space === undefined) this.#spaces.set(one.namespace, new Map([[one.key, one]]));
    else space.set(one.key, one);
  }
}

class MemoryEntries implements KeyedEntries {
  readonly #entries = new Map<Key, unknown>();

  constructor(readonly state: MemoryCollections, readonly key: Key, readonly namespace: number) {}

  get size(): number {
    return this.#entries.size;
  }

  get value(): ReadonlyMap<Key, unknown> | undefined {
    return this.size === 0 ? undefined : new Map(this.#entries);
  }

  get(entry: Key): unknown {
    return this.#entries.get(entry);
  }

  touch(): void {}

  set(entry: Key, value: unknown): void {
    const { size } = this;
    if (value === undefined) this.#entries.delete(entry);
    else this.#entries.set(entry, value);
    if (size === 0 || this.size === 0) this.state.settle(this);
  }

  entries(): [Key, unknown][] {
    return [...this.#entries];
  }

  forEach(visit: (value: unknown, entry: Key) => void): void {
    for (const [entry, value] of this.#entries) visit(value, entry);
  }

  clear(): void {
    this.#entries.clear();
    this.state.settle(this);
  }
}

class MemoryElements implements KeyedElements {
  #elements: unknown[] = [];
  /** How many elements at the start of the array were removed. The array is not shifted for each of them. */
  #gone = 0;

  constructor(readonly state: MemoryCollections, readonly key: Key, readonly namespace: number) {}

  get size(): number {
    return this.#elements.length - this.#gone;
  }

  get value(): readonly unknown[] | undefined {
    return this.size === 0 ? undefined : this.elements();
  }

  at(index: number): unknown {
    return index < 0 ? undefined : this.#elements[this.#gone + index];
  }

  touch(): void {}

  replace(index: number, value: unknown): void {
    if (this.at(index) === undefined) {
      throw new RangeError(
        `The list of key ${Deno.inspect(this.key)} in state "${this.state.name}" has no element ${index}`,
      );
    }
    this.#elements[this.#gone + index] = listed(value, this.state.name);
  }

  append(value: unknown): void {
    this.#elements.push(listed(value, this.state.name));
    if (this.size === 1) this.state.settle(this);
  }

  shift(count = 1): void {
    const end = this.#gone + Math.min(count, this.size);
    this.#elements.fill(undefined, this.#gone, end);
    this.#gone = end;
    if (2 * this.#gone >= this.#elements.length) {
      this.#elements.splice(0, this.#gone);
      this.#gone = 0;
    }
    if (this.size === 0) this.state.settle(this);
  }

  elements(): unknown[] {
    return this.#elements.slice(this.#gone);
  }

  clear(): void {
    this.#elements = [];
    this.#gone = 0;
    this.state.settle(this);
  }
}

function listed(value: unknown, state: string): unknown {
  if (value === undefined) throw new TypeError(`A list of state "${state}" cannot hold undefined`);
  return value;
}

/** Whether two keys are one, as a `Map` compares them. */
function isSameKey(one: Key, other: Key): boolean {
  return one === other || Object.is(one, other);
}
