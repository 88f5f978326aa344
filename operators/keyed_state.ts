/**
 * Keyed state: the values that a stateful stage keeps. A state holds one value, one map or one list for each key; if it
 * has namespaces, one for each key and namespace.
 *
 * Operators use the interfaces here. `_memory_state.ts` implements them in memory, for pipelines that run without a
 * job. `state/` has the durable implementation, which also tracks the changes since the last cut.
 *
 * @module
 */

/** The type of a key: values that compare by content. */
export type Key = string | number | bigint | boolean;

/**
 * One key's value in one namespace. A stage that has found a cell can use it again without another look-up. Read its
 * fields freely; change them only through the {@linkcode KeyedState} that the cell came from.
 */
export interface Cell<K extends Key = Key, V = unknown> {
  /** The key. */
  readonly key: K;
  /** Which of a key's values this is: a window's start, or 0 where a key has one value only. */
  readonly namespace: number;
  /** The value, or `undefined` while the key is absent. */
  readonly value: V | undefined;
}

/** The kind of a state: one value for each key, entries by name, or elements in order. */
export type StateKind = "value" | "map" | "list";

/** The options with which a stage opens a state. */
export interface KeyedStateSpec {
  /** The stage's name, under which its values are found again after a restart. Unique in a job. */
  readonly name: string;
  /** The operator that opens the state, for messages: `keyedReduce`. */
  readonly operator: string;
  /** Whether cells are also looked up by namespace (windows); without it the only namespace is 0. */
  readonly namespaced: boolean;
  /** The kind of the state. @default "value" */
  readonly kind?: StateKind;
  /**
   * Whether values are frozen deeply before they are written. Then they never change and need no copy. @default false
   */
  readonly frozen?: boolean;
  /**
   * Whether the stage makes every value itself from parts that are plain data. Then a cut need not look for properties
   * that cannot be stored, which costs more than writing a small value. @default false
   */
  readonly plain?: boolean;
  /** The version of the values' shape. @default 1 */
  readonly version?: number;
  /** Converts a value written by an older version into the current one. In a map or a list it converts each entry. */
  readonly migrate?: (value: unknown, version: number) => unknown;
}

/**
 * The values of one stage by key and namespace. Iteration is in the order in which cells were created. A restart may
 * change the order.
 */
export interface KeyedState<K extends Key = Key, V = unknown> {
  /** The stage's name. */
  readonly name: string;
  /** How many cells hold a value. */
  readonly size: number;
  /** The cell that holds a value for this key, or `undefined`. */
  find(key: K, namespace?: number): Cell<K, V> | undefined;
  /** The cell of this key; creates an empty one if there is none. An empty cell does not count until it is written. */
  cell(key: K, namespace?: number): Cell<K, V>;
  /** Must be called before the cell's value changes in place, so that the value at the last cut can be kept. */
  touch(cell: Cell<K, V>): void;
  /** Sets a cell's value; `undefined` removes it. */
  write(cell: Cell<K, V>, value: V | undefined): void;
  /** The namespaces that hold a value, in no particular order. */
  namespaces(): Iterable<number>;
  /** The cells of one namespace that hold a value. The stage may write them meanwhile. */
  cells(namespace: number): Iterable<Cell<K, V>>;
  /** Removes every cell of a namespace. */
  drop(namespace: number): void;
}

/**
 * The map of one key and namespace. Finding, setting or removing an entry costs the same however many there are. A
 * checkpoint stores only the changed entries.
 */
export interface KeyedEntries<K extends Key = Key, E extends Key = Key, V = unknown> {
  /** The key. */
  readonly key: K;
  /** Which of a key's maps this is, or 0 where it has one only. */
  readonly namespace: number;
  /** How many entries there are. */
  readonly size: number;
  /** All entries, as a new map; `undefined` when there are none. */
  readonly value: ReadonlyMap<E, V> | undefined;
  /** The value of an entry, or `undefined`. */
  get(entry: E): V | undefined;
  /** Must be called before an entry's value changes in place. The entry must be set afterwards. */
  touch(entry: E): void;
  /** Sets an entry; `undefined` removes it. */
  set(entry: E, value: V | undefined): void;
  /** The entries at this moment, as new pairs, in the order in which they were created. A restart may change the order. */
  entries(): Iterable<[E, V]>;
  /** Visits every entry in the same order, without new pairs. As in a `Map`, one that is created meanwhile is visited too. */
  forEach(visit: (value: V, entry: E) => void): void;
  /** Removes all of them. */
  clear(): void;
}

/**
 * The list of one key and namespace. Appending an element, or finding one by its index, costs the same however many
 * there are. A checkpoint stores only the changed elements.
 */
export interface KeyedElements<K extends Key = Key, V = unknown> {
  /** The key. */
  readonly key: K;
  /** Which of a key's lists this is, or 0 where it has one only. */
  readonly namespace: number;
  /** How many elements there are. */
  readonly size: number;
  /** All elements, as a new array; `undefined` when there are none. */
  readonly value: readonly V[] | undefined;
  /** The element at an index, the oldest at 0; `undefined` when there is none. */
  at(index: number): V | undefined;
  /** Must be called before the element at an index changes in place. It must be passed to `replace` afterwards. */
  touch(index: number): void;
  /** Replaces the value of an existing element. */
  replace(index: number, value: V): void;
  /** Adds an element at the end. */
  append(value: V): void;
  /** Removes the oldest elements. */
  shift(count?: number): void;
  /** The elements at this moment, oldest first. */
  elements(): Iterable<V>;
  /** Removes all of them. */
  clear(): void;
}

/** A state of maps or lists, by key and namespace. */
export interface KeyedCollections<C, K extends Key = Key> {
  /** The state's name. */
  readonly name: string;
  /** How many entries all keys hold together. */
  readonly size: number;
  /** The map or list of a key, or `undefined` when it is empty. */
  find(key: K, namespace?: number): C | undefined;
  /** The map or list of a key; creates an empty one if there is none. An empty one does not count. */
  cell(key: K, namespace?: number): C;
  /** The namespaces with at least one entry, in no particular order. */
  namespaces(): Iterable<number>;
  /** The maps or lists of one namespace. The stage may change them meanwhile. */
  cells(namespace: number): Iterable<C>;
  /** Removes everything in a namespace. */
  drop(namespace: number): void;
}

/** A state that keeps a map for each key. */
export type KeyedMap<K extends Key = Key, E extends Key = Key, V = unknown> = KeyedCollections<
  KeyedEntries<K, E, V>,
  K
>;

/** A state that keeps a list for each key. */
export type KeyedList<K extends Key = Key, V = unknown> = KeyedCollections<KeyedElements<K, V>, K>;

/** The type of the state for each kind. */
export interface StateKinds<K extends Key = Key, E extends Key = Key, V = unknown> {
  readonly value: KeyedState<K, V>;
  readonly map: KeyedMap<K, E, V>;
  readonly list: KeyedList<K, V>;
}

/** A state of any kind. */
export type AnyKeyedState = StateKinds[StateKind];

/** The type of the state that a specification describes. */
export type StateOf<S extends Pick<KeyedStateSpec, "kind">> = S extends { readonly kind: "map" } ? KeyedMap
  : S extends { readonly kind: "list" } ? KeyedList
  : KeyedState;
