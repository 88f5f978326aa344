/**
 * A keyed state with one value for each key and namespace, the kind that most stages use.
 *
 * @module
 */
import { NumberIndex } from "../base/number_index.ts";
import type { Cell, Key, KeyedState } from "../operators/keyed_state.ts";
import { DurableCells } from "./durable_cells.ts";
import { type Address, type DurableStateOptions, LAYOUT, type StoredSpec } from "./stored_state.ts";
import { combined, hashKey } from "./hash.ts";
import { hashKeyOfFormat1 } from "./hash_format_1.ts";
import { KeyIndex } from "./key_index.ts";
import { StateCell } from "./state_cell.ts";

/** The cells of one namespace. */
class Space<K extends Key, V> {
  readonly cells = new KeyIndex<StateCell<K, V>>();

  /** @param namespace its namespace */
  constructor(readonly namespace: number) {}
}

/** A keyed state of a task with a checkpoint. Opened through `DurableStates`. */
export class DurableKeyedState<K extends Key = Key, V = unknown> extends DurableCells<StateCell<K, V>>
  implements KeyedState<K, V> {
  /** The cells of each namespace. A namespace with one cell, as most timers have, is that cell. */
  readonly #spaces = new NumberIndex<Space<K, V> | StateCell<K, V>>();
  /** Namespace 0. */
  readonly #first: Space<K, V> = new Space(0);
  /** The namespace with several cells that was used last. The next access mostly uses the same one. */
  #last: Space<K, V> = this.#first;

  /**
   * @param spec the stage's specification
   * @param options its number, and whether it can be undone
   */
  constructor(spec: StoredSpec, options: DurableStateOptions) {
    super(spec, options);
    this.#spaces.set(0, this.#first);
  }

  find(key: K, namespace = 0): Cell<K, V> | undefined {
    const cell = namespace === this.#last.namespace ? this.#last.cells.get(key) : this.#at(key, namespace);
    return cell === undefined || cell.value === undefined ? undefined : cell;
  }

  cell(key: K, namespace = 0): Cell<K, V> {
    const cell = namespace === this.#last.namespace ? this.#last.cells.get(key) : this.#at(key, namespace);
    return cell ?? this.#create(key, namespace);
  }

  touch(cell: Cell<K, V>): void {
    if ((cell as StateCell<K, V>).mark !== this.mark) this.keep(cell as StateCell<K, V>);
  }

  write(cell: Cell<K, V>, value: V | undefined): void {
    const own = cell as StateCell<K, V>;
    if (own.mark !== this.mark) this.keep(own);
    if (own.value !== undefined && value !== undefined) own.value = value;
    else this.set(own, value);
  }

  *namespaces(): Iterable<number> {
    for (const [namespace, space] of this.#spaces.entries()) {
      if (space instanceof Space ? space.cells.some(isValued) : isValued(space)) yield namespace;
    }
  }

  *cells(namespace: number): Iterable<Cell<K, V>> {
    const space = this.#spaces.get(namespace);
    if (space === undefined) return;
    for (const cell of space instanceof Space ? space.cells.all() : [space]) if (isValued(cell)) yield cell;
  }

  drop(namespace: number): void {
    for (const cell of this.cells(namespace)) this.write(cell, undefined);
  }

  #at(key: K, namespace: number): StateCell<K, V> | undefined {
    const space = this.#spaces.get(namespace);
    if (space === undefined) return undefined;
    if (space instanceof Space) return (this.#last = space).cells.get(key);
    return space.key === key || Object.is(space.key, key) ? space : undefined;
  }

  #create(key: K, namespace: number): StateCell<K, V> {
    const cell = this.#place(key, namespace, this.mark);
    this.dirty.push(cell);
    return cell;
  }

  #place(key: K, namespace: number, mark: number): StateCell<K, V> {
    // A Map treats -0 as 0, so the cell's key is 0 as well.
    const cell = new StateCell<K, V>(key === 0 ? 0 as K : key, namespace, mark);
    this.#link(cell);
    return cell;
  }

  /** Makes a cell one that the stage finds. */
  #link(cell: StateCell<K, V>): void {
    const { key, namespace } = cell;
    const found = namespace === this.#last.namespace ? this.#last : this.#spaces.get(namespace);
    if (found instanceof Space) return found.cells.add(key, cell);
    if (found === undefined) {
      if (!this.namespaced || !Number.isSafeInteger(namespace)) {
        throw new RangeError(`State "${this.name}" has no namespace ${namespace}`);
      }
      return this.#spaces.set(namespace, cell);
    }
    const space = new Space<K, V>(namespace);
    space.cells.add(found.key, found);
    space.cells.add(key, cell);
    this.#spaces.set(namespace, space);
  }

  protected hashOf({ key, namespace }: Pick<Address, "key" | "namespace">): number {
    if (this.layout !== LAYOUT) return hashKeyOfFormat1(key);
    const hash = hashKey(key, this.seed);
    // The namespace is part of the hash, so that a key with many namespaces is spread over many buckets.
    return namespace === 0 ? hash : combined(hash, hashKey(namespace, this.seed));
  }

  protected at({ key, namespace }: Address): StateCell<K, V> | undefined {
    return this.#at(key as K, namespace);
  }

  protected make({ key, namespace }: Address, mark: number): StateCell<K, V> {
    return this.#place(key as K, namespace, mark);
  }

  protected gained(cell: StateCell<K, V>): void {
    if (cell.linked) return;
    if (this.#at(cell.key, cell.namespace) !== undefined) {
      throw new Error(
        `A cell of state "${this.name}" was written after it was removed and another had come in its place`,
      );
    }
    this.#link(cell);
    cell.linked = true;
  }

  protected lost(cell: StateCell<K, V>): void {
    if (cell.linked) this.forget(cell);
  }

  protected forget(cell: StateCell<K, V>): void {
    const space = this.#spaces.get(cell.namespace);
    cell.linked = false;
    if (!(space instanceof Space)) return this.#spaces.delete(cell.namespace);
    space.cells.remove(cell.key);
    if (space.cells.size > 0 || space === this.#first) return;
    this.#spaces.delete(space.namespace);
    if (this.#last === space) this.#last = this.#first;
  }
}

function isValued({ value }: StateCell): boolean {
  return value !== undefined;
}
