/**
 * The states of `keyedProcess`: the values of the current key. One object for each state, not one for each record. It
 * looks its key up at the first use in each record.
 *
 * What is kept is a copy that nobody else has, or frozen, so it never changes in place and needs no copy for undo.
 *
 * @module
 */
import { isKey } from "./_key.ts";
import { copyOf, freeze, notKept } from "./_own.ts";
import type { ListState, MapState, ProcessStateOptions, ValueState } from "./_process_types.ts";
import type { Cell, Key, KeyedElements, KeyedEntries, KeyedList, KeyedMap, KeyedState } from "./keyed_state.ts";

/** The key of the record or timer at hand. */
export interface KeyAtHand {
  /** Throws when no record and no timer is at hand. */
  readonly key: Key;
  /** Grows with each record and timer. */
  readonly turn: number;
  /** Checks a key of which a state keeps nothing yet. */
  meet(): void;
}

/** What the states of a stage share. */
export interface HandleParts {
  readonly current: KeyAtHand;
  /** `state "cart" of keyedProcess "carts"` */
  readonly label: string;
  readonly options: ProcessStateOptions;
}

/** A state for the key at hand. */
export abstract class Handle {
  protected readonly current: KeyAtHand;
  readonly #own: <V>(value: V) => V;

  constructor(protected readonly parts: HandleParts) {
    this.current = parts.current;
    this.#own = parts.options.values === "frozen" ? freeze : copyOf;
  }

  /** A value that the state may keep. */
  protected own<V>(value: V): V {
    if (value === undefined) throw new TypeError(`Cannot set ${this.parts.label} to undefined: delete it instead`);
    try {
      return this.#own(value);
    } catch (error) {
      throw notKept(error, this.parts.label, this.current.key);
    }
  }

  /** Checks the name of an entry. */
  protected checkEntry(entry: unknown): void {
    if (isKey(entry)) return;
    throw new TypeError(
      `An entry of ${this.parts.label} must be named by a string, number, bigint or boolean, not by ${typeof entry}`,
    );
  }

  /** A kept value as others may see it. A restored value is not frozen yet. */
  protected share<V>(value: V): V {
    return typeof value === "object" ? this.#own(value) : value;
  }
}

export class ValueHandle<V> extends Handle implements ValueState<V> {
  #turn = -1;
  #cell: Cell<Key, V> | undefined;

  constructor(parts: HandleParts, readonly state: KeyedState<Key, V>) {
    super(parts);
  }

  /** What it has found for the key at hand, if it has looked. For `recall`. */
  get found(): unknown {
    return this.#turn === this.current.turn ? this.#cell : undefined;
  }

  /**
   * Takes what it has found for the same key before, to save a look-up. A cell without a value says nothing: another one
   * may have come in its place.
   */
  recall(found: unknown): void {
    const cell = found as Cell<Key, V> | undefined;
    if (cell?.value === undefined) return;
    this.#cell = cell;
    this.#turn = this.current.turn;
  }

  get(): V | undefined {
    const value = this.#find()?.value;
    return value === undefined ? undefined : this.share(value);
  }

  set(value: V): void {
    const own = this.own(value);
    let cell = this.#find();
    if (cell === undefined) {
      this.current.meet();
      this.#cell = cell = this.state.cell(this.current.key);
    }
    this.state.write(cell, own);
  }

  delete(): void {
    const cell = this.#find();
    if (cell === undefined) return;
    this.#cell = undefined;
    this.state.write(cell, undefined);
  }

  #find(): Cell<Key, V> | undefined {
    const { current } = this;
    if (this.#turn !== current.turn) {
      this.#cell = this.state.find(current.key);
      this.#turn = current.turn;
    }
    return this.#cell;
  }
}

export class MapHandle<E extends Key, V> extends Handle implements MapState<E, V> {
  #turn = -1;
  #entries: KeyedEntries<Key, E, V> | undefined;

  constructor(parts: HandleParts, readonly state: KeyedMap<Key, E, V>) {
    super(parts);
  }

  get size(): number {
    return this.#find()?.size ?? 0;
  }

  has(entry: E): boolean {
    return this.#find()?.get(entry) !== undefined;
  }

  get(entry: E): V | undefined {
    const value = this.#find()?.get(entry);
    return value === undefined ? undefined : this.share(value);
  }

  set(entry: E, value: V): void {
    this.checkEntry(entry);
    const own = this.own(value);
    let entries = this.#find();
    if (entries === undefined) {
      this.current.meet();
      this.#entries = entries = this.state.cell(this.current.key);
    }
    entries.set(entry, own);
  }

  delete(entry: E): void {
    this.#find()?.set(entry, undefined);
  }

  entries(): [E, V][] {
    // The pairs were made for this call, so they take the values that others may see.
    const entries = [...this.#find()?.entries() ?? []];
    for (const pair of entries) pair[1] = this.share(pair[1]);
    return entries;
  }

  forEach(visit: (value: V, entry: E) => void): void {
    this.#find()?.forEach((value, entry) => visit(this.share(value), entry));
  }

  keys(): E[] {
    return Array.from(this.#find()?.entries() ?? [], ([entry]) => entry);
  }

  values(): V[] {
    return Array.from(this.#find()?.entries() ?? [], ([, value]) => this.share(value));
  }

  clear(): void {
    this.#find()?.clear();
  }

  #find(): KeyedEntries<Key, E, V> | undefined {
    const { current } = this;
    if (this.#turn !== current.turn) {
      this.#entries = this.state.find(current.key);
      this.#turn = current.turn;
    }
    return this.#entries;
  }
}

export class ListHandle<V> extends Handle implements ListState<V> {
  #turn = -1;
  #elements: KeyedElements<Key, V> | undefined;

  constructor(parts: HandleParts, readonly state: KeyedList<Key, V>) {
    super(parts);
  }

  get size(): number {
    return this.#find()?.size ?? 0;
  }

  at(index: number): V | undefined {
    const value = this.#find()?.at(index);
    return value === undefined ? undefined : this.share(value);
  }

  append(value: V): void {
    const own = this.own(value);
    let elements = this.#find();
    if (elements === undefined) {
      this.current.meet();
      this.#elements = elements = this.state.cell(this.current.key);
    }
    elements.append(own);
  }

  replace(index: number, value: V): void {
    const elements = this.#find();
    if (elements?.at(index) === undefined) throw new RangeError(`${this.parts.label} has no element ${index}`);
    elements.replace(index, this.own(value));
  }

  shift(count = 1): void {
    this.#find()?.shift(count);
  }

  values(): V[] {
    return Array.from(this.#find()?.elements() ?? [], (value) => this.share(value));
  }

  clear(): void {
    this.#find()?.clear();
  }

  #find(): KeyedElements<Key, V> | undefined {
    const { current } = this;
    if (this.#turn !== current.turn) {
      this.#elements = this.state.find(current.key);
      this.#turn = current.turn;
    }
    return this.#elements;
  }
}
