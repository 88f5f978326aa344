/**
 * Keyed state: what a stateful stage remembers. A state is of one kind: one value a key, a map a key, or a list a key; each of them
 * once a namespace, where it has namespaces.
 *
 * The interfaces are what operators see; `_memory_state.ts` has their in-memory form, which serves every
 * pipeline that runs without a job. `state/` has the durable form, which knows as well what changed since the last cut.
 *
 * @module
 */

/** What may be a key: values that compare by content. */
export type Key = string | number | bigint | boolean;

/**
 * One key's value in one namespace. A stage that has found a cell keeps working on it without another look-up.
 * Read its fields freely; change them only through the {@linkcode KeyedState} that the cell came from.
 */
export interface Cell<K extends Key = Key, V = unknown> {
  /** The key. */
  readonly key: K;
  /** Which of a key's values this is: a window's start, or 0 where a key has one value only. */
  readonly namespace: number;
  /** The value, or `undefined` while the key is absent. */
  readonly value: V | undefined;
}

/** What a state keeps for a key: one value, entries by name, or elements in their order. */
export type StateKind = "value" | "map" | "list";

/** What a stage asks for when it opens a state. */
export interface KeyedStateSpec {
  /** The stage's name: where its values are found again after a restart. Unique in a job. */
  readonly name: string;
  /** The operator that asks, for messages: `keyedReduce`. */
  readonly operator: string;
  /** Whether cells are also looked up by namespace (windows); without it the only namespace is 0. */
  readonly namespaced: boolean;
  /** What it keeps for a key. @default "value" */
  readonly kind?: StateKind;
  /** Values are frozen deeply before they are written: what a cell held once never changes, and needs no copy. @default false */
  readonly frozen?: boolean;
  /** The version of the values' shape. @default 1 */
  readonly version?: number;
  /** Turns a value written by an older version into today's; of a map or a list, each entry. */
  readonly migrate?: (value: unknown, version: number) => unknown;
}

/** The values of one stage by key and namespace. Iteration is in the order in which cells came to be, as far as a restart leaves it. */
export interface KeyedState<K extends Key = Key, V = unknown> {
  /** The stage's name. */
  readonly name: string;
  /** How many cells hold a value. */
  readonly size: number;
  /** The cell that holds a value for this key, or `undefined`. */
  find(key: K, namespace?: number): Cell<K, V> | undefined;
  /** The cell of this key, made empty where there is none. An empty cell counts nowhere until it is written. */
  cell(key: K, namespace?: number): Cell<K, V>;
  /** Says that the cell's value is about to change in place, so that its value at the last cut can be kept. */
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
 * The entries that a map keeps for one key and namespace. Finding, setting or removing one costs the same however many there are, and
 * what is stored of a change is the entry alone.
 */
export interface KeyedEntries<K extends Key = Key, E extends Key = Key, V = unknown> {
  /** The key. */
  readonly key: K;
  /** Which of a key's maps this is, or 0 where it has one only. */
  readonly namespace: number;
  /** How many entries there are. */
  readonly size: number;
  /** All entries, as a map of its own; `undefined` where there are none. */
  readonly value: ReadonlyMap<E, V> | undefined;
  /** The value of an entry, or `undefined`. */
  get(entry: E): V | undefined;
  /** Says that an entry's value is about to change in place; it must be set afterwards. */
  touch(entry: E): void;
  /** Sets an entry; `undefined` removes it. */
  set(entry: E, value: V | undefined): void;
  /** The entries at this moment, in the order in which they came to be, as far as a restart leaves it. */
  entries(): Iterable<[E, V]>;
  /** Removes all of them. */
  clear(): void;
}

/**
 * The elements that a list keeps for one key and namespace. Appending one, and finding one by its place, cost the same however many
 * there are, and what is stored of a change is the element alone.
 */
export interface KeyedElements<K extends Key = Key, V = unknown> {
  /** The key. */
  readonly key: K;
  /** Which of a key's lists this is, or 0 where it has one only. */
  readonly namespace: number;
  /** How many elements there are. */
  readonly size: number;
  /** All elements, as an array of its own; `undefined` where there are none. */
  readonly value: readonly V[] | undefined;
  /** The element at a place, the oldest at 0; `undefined` where there is none. */
  at(index: number): V | undefined;
  /** Says that the element at a place is about to change in place; it must be replaced, by itself, afterwards. */
  touch(index: number): void;
  /** Puts another value in the place of one that is there. */
  replace(index: number, value: V): void;
  /** Adds one at the end. */
  append(value: V): void;
  /** Removes the oldest. */
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
  /** What a key holds, or `undefined` where it holds nothing. */
  find(key: K, namespace?: number): C | undefined;
  /** What a key holds, made empty where there is nothing. What is empty counts nowhere. */
  cell(key: K, namespace?: number): C;
  /** The namespaces in which a key holds something, in no particular order. */
  namespaces(): Iterable<number>;
  /** What the keys of one namespace hold. The stage may change it meanwhile. */
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

/** What a state of each kind is. */
export interface StateKinds<K extends Key = Key, E extends Key = Key, V = unknown> {
  readonly value: KeyedState<K, V>;
  readonly map: KeyedMap<K, E, V>;
  readonly list: KeyedList<K, V>;
}

/** A state of whatever kind. */
export type AnyKeyedState = StateKinds[StateKind];

/** A state of any kind, as its specification says. */
export type StateOf<S extends Pick<KeyedStateSpec, "kind">> = S extends { readonly kind: "map" } ? KeyedMap
  : S extends { readonly kind: "list" } ? KeyedList
  : KeyedState;
