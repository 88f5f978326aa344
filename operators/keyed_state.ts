/**
 * Keyed state: what a stateful stage remembers, one cell a key and namespace.
 *
 * The interface is what operators see; `MemoryKeyedState` is its in-memory form, which serves every pipeline that runs
 * without a job. `state/` has the durable form: the same cells, and on top of them which ones changed since the last cut.
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

/** What a stage asks for when it opens a state. */
export interface KeyedStateSpec {
  /** The stage's name: where its values are found again after a restart. Unique in a job. */
  readonly name: string;
  /** The operator that asks, for messages: `keyedReduce`. */
  readonly operator: string;
  /** Whether cells are also looked up by namespace (windows); without it the only namespace is 0. */
  readonly namespaced: boolean;
  /** The version of the values' shape. @default 1 */
  readonly version?: number;
  /** Turns a value written by an older version into today's. */
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

interface MutableCell<K extends Key, V> extends Cell<K, V> {
  value: V | undefined;
}

/** Keyed state in memory, with no memory of what changed: for pipelines that run without a job. */
export class MemoryKeyedState<K extends Key = Key, V = unknown> implements KeyedState<K, V> {
  readonly name: string;
  readonly #spaces = new Map<number, Map<K, MutableCell<K, V>>>();
  /** The namespace that was asked for last: mostly the one that is asked for next. */
  #last: Map<K, MutableCell<K, V>> | undefined;
  #lastNamespace = NaN;
  #size = 0;

  constructor(spec: KeyedStateSpec) {
    this.name = spec.name;
  }

  get size(): number {
    return this.#size;
  }

  find(key: K, namespace = 0): Cell<K, V> | undefined {
    const cell = this.#spaces.get(namespace)?.get(key);
    return cell === undefined || cell.value === undefined ? undefined : cell;
  }

  cell(key: K, namespace = 0): Cell<K, V> {
    let space = namespace === this.#lastNamespace ? this.#last : this.#spaces.get(namespace);
    if (space === undefined) this.#spaces.set(namespace, space = new Map());
    this.#last = space;
    this.#lastNamespace = namespace;
    let cell = space.get(key);
    if (cell === undefined) space.set(key, cell = { key, namespace, value: undefined });
    return cell;
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
    for (const [namespace, space] of this.#spaces) {
      // Cells that were made and never written count nowhere.
      if (space.values().some((cell) => cell.value !== undefined)) yield namespace;
    }
  }

  *cells(namespace: number): Iterable<Cell<K, V>> {
    const space = this.#spaces.get(namespace);
    if (space === undefined) return;
    for (const cell of space.values()) if (cell.value !== undefined) yield cell;
  }

  drop(namespace: number): void {
    const space = this.#spaces.get(namespace);
    if (space === undefined) return;
    for (const cell of space.values()) {
      if (cell.value !== undefined) this.#size--;
      cell.value = undefined;
    }
    this.#deleteSpace(namespace);
  }

  #deleteSpace(namespace: number): void {
    this.#spaces.delete(namespace);
    this.#lastNamespace = NaN;
  }

  #forget(cell: MutableCell<K, V>): void {
    const space = this.#spaces.get(cell.namespace);
    if (space?.get(cell.key) !== cell) return;
    space.delete(cell.key);
    if (space.size === 0) this.#deleteSpace(cell.namespace);
  }
}
