/**
 * A keyed state with one value for each key and namespace, the kind that most stages use.
 *
 * @module
 */
import type { Cell, Key, KeyedState } from "../operators/keyed_state.ts";
import { type Address, DurableCells, type DurableStateOptions, LAYOUT, type StoredSpec } from "./durable_cells.ts";
import { combined, hashKey } from "./hash.ts";
import { hashKeyOfFormat1 } from "./hash_format_1.ts";
import { KeyIndex } from "./key_index.ts";
import { StateCell } from "./state_cell.ts";

/** The cells of one namespace. */
class Space<K extends Key, V> {
  readonly cells = new KeyIndex<StateCell<K, V>>();
  /** How many of them hold a value. */
  valued = 0;

  /** @param namespace its namespace */
  constructor(readonly namespace: number) {}
}

/** A keyed state of a task with a checkpoint. Opened through `DurableStates`. */
export class DurableKeyedState<K extends Key = Key, V = unknown> extends DurableCells<StateCell<K, V>>
  implements KeyedState<K, V> {
  readonly #spaces = new Map<number, Space<K, V>>();
  /** The namespace that was used last. The next access mostly uses the same one. */
  #last: Space<K, V>;

  /**
   * @param spec the stage's specification
   * @param options its number, and whether it can be undone
   */
  constructor(spec: StoredSpec, options: DurableStateOptions) {
    super(spec, options);
    this.#spaces.set(0, this.#last = new Space(0));
  }

  find(key: K, namespace = 0): Cell<K, V> | undefined {
    const space = namespace === this.#last.namespace ? this.#last : this.#spaces.get(namespace);
    const cell = space?.cells.get(key);
    return cell === undefined || cell.value === undefined ? undefined : cell;
  }

  cell(key: K, namespace = 0): Cell<K, V> {
    const space = namespace === this.#last.namespace ? this.#last : this.#spaceOf(namespace);
    return space.cells.get(key) ?? this.#create(space, key);
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
    for (const [namespace, { valued }] of this.#spaces) if (valued > 0) yield namespace;
  }

  *cells(namespace: number): Iterable<Cell<K, V>> {
    for (const cell of this.#spaces.get(namespace)?.cells.all() ?? []) if (cell.value !== undefined) yield cell;
  }

  drop(namespace: number): void {
    for (const cell of this.cells(namespace)) this.write(cell, undefined);
  }

  #spaceOf(namespace: number): Space<K, V> {
    let space = this.#spaces.get(namespace);
    if (space === undefined) {
      if (!this.namespaced || !Number.isSafeInteger(namespace)) {
        throw new RangeError(`State "${this.name}" has no namespace ${namespace}`);
      }
      this.#spaces.set(namespace, space = new Space(namespace));
    }
    return this.#last = space;
  }

  #create(space: Space<K, V>, key: K): StateCell<K, V> {
    const cell = this.#place(space, key, this.mark);
    this.dirty.push(cell);
    return cell;
  }

  #place(space: Space<K, V>, key: K, mark: number): StateCell<K, V> {
    // A Map treats -0 as 0, so the cell's key is 0 as well.
    const cell = new StateCell<K, V>(key === 0 ? 0 as K : key, space.namespace, mark);
    space.cells.add(cell.key, cell);
    return cell;
  }

  protected hashOf({ key, namespace }: Pick<Address, "key" | "namespace">): number {
    if (this.layout !== LAYOUT) return hashKeyOfFormat1(key);
    const hash = hashKey(key, this.seed);
    // The namespace is part of the hash, so that a key with many namespaces is spread over many buckets.
    return namespace === 0 ? hash : combined(hash, hashKey(namespace, this.seed));
  }

  protected at({ key, namespace }: Address): StateCell<K, V> | undefined {
    return this.#spaces.get(namespace)?.cells.get(key);
  }

  protected make({ key, namespace }: Address, mark: number): StateCell<K, V> {
    return this.#place(this.#spaceOf(namespace), key as K, mark);
  }

  protected gained(cell: StateCell<K, V>): void {
    const space = cell.namespace === this.#last.namespace ? this.#last : this.#spaceOf(cell.namespace);
    space.valued++;
    if (cell.linked) return;
    if (space.cells.get(cell.key) !== undefined) {
      throw new Error(
        `A cell of state "${this.name}" was written after it was removed and another had come in its place`,
      );
    }
    space.cells.add(cell.key, cell);
    cell.linked = true;
  }

  protected lost(cell: StateCell<K, V>, had: boolean): void {
    if (had) this.#spaces.get(cell.namespace)!.valued--;
    if (cell.linked) this.forget(cell);
  }

  protected forget(cell: StateCell<K, V>): void {
    const space = this.#spaces.get(cell.namespace)!;
    space.cells.remove(cell.key);
    cell.linked = false;
    if (space.cells.size > 0 || space.namespace === 0) return;
    this.#spaces.delete(space.namespace);
    if (this.#last === space) this.#last = this.#spaces.get(0)!;
  }
}
