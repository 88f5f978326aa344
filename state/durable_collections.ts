/**
 * Keyed states with many values for each key: maps and lists. Each entry is a cell of its own. Finding it costs the
 * same however many entries its key has, and a delta contains only the changed entries. The entries of one key are
 * spread over many buckets, so that a large key does not delay an epoch.
 *
 * @module
 */
import type { Key, KeyedCollections, KeyedElements, KeyedEntries } from "../operators/keyed_state.ts";
import { DurableCells } from "./durable_cells.ts";
import type { Address } from "./stored_state.ts";
import { combined, hashKey } from "./hash.ts";
import { KeyIndex } from "./key_index.ts";
import { StateCell } from "./state_cell.ts";

/** How many successive elements of a list are in one bucket. */
const PAGE = 64;

/** One entry of a map, or one element of a list. */
class ElementCell extends StateCell {
  /**
   * @param owner the map or list that it belongs to
   * @param element the entry's name, or the element's number since the list was created
   * @param mark the number of the cut after which it was first touched
   */
  constructor(readonly owner: Collected, readonly element: Key, mark: number) {
    super(owner.key, owner.namespace, mark);
  }
}

/** The map or list of one key and namespace. */
abstract class Collected {
  /** Whether the state finds it under its key. */
  linked = true;

  /**
   * @param state the state that it belongs to
   * @param key its key
   * @param namespace its namespace
   */
  constructor(protected readonly state: DurableCollections, readonly key: Key, readonly namespace: number) {}

  /** How many elements there are. */
  abstract readonly size: number;
  /** A copy of its contents. */
  abstract readonly value: unknown;
  /** The cell of an element, if there is one. */
  abstract cellOf(element: Key): ElementCell | undefined;
  /** All cells at this moment. */
  abstract all(): ElementCell[];
  /** Adds a cell that got a value. */
  abstract add(cell: ElementCell): void;
  /** Removes a cell that has no value any more. */
  abstract remove(cell: ElementCell): void;

  clear(): void {
    for (const cell of this.all()) this.state.write(cell, undefined);
  }

  protected touchElement(element: Key): void {
    const cell = this.cellOf(element);
    if (cell !== undefined) this.state.touch(cell);
  }

  protected refuseTaken(): never {
    throw new Error(`An entry of state "${this.state.name}" was written after it was removed and set anew`);
  }
}

/** The entries of one key in a map. */
class Entries extends Collected implements KeyedEntries {
  readonly #cells = new Map<Key, ElementCell>();
  /** The entry that was read last, because most of those that are set were read before. */
  #read: ElementCell | undefined = undefined;

  get size(): number {
    return this.#cells.size;
  }

  get value(): ReadonlyMap<Key, unknown> | undefined {
    return this.size === 0 ? undefined : new Map(this.entries());
  }

  get(entry: Key): unknown {
    return (this.#read = this.#cells.get(entry))?.value;
  }

  touch(entry: Key): void {
    this.touchElement(entry);
  }

  set(entry: Key, value: unknown): void {
    const read = this.#read;
    const cell = read !== undefined && read.element === entry ? read : this.#cells.get(entry);
    if (cell !== undefined) this.state.write(cell, value);
    else if (value !== undefined) this.state.create(this, entry, value);
  }

  entries(): [Key, unknown][] {
    const entries: [Key, unknown][] = [];
    for (const { element, value } of this.#cells.values()) entries.push([element, value]);
    return entries;
  }

  forEach(visit: (value: unknown, entry: Key) => void): void {
    for (const { element, value } of this.#cells.values()) visit(value, element);
  }

  cellOf(entry: Key): ElementCell | undefined {
    return this.#cells.get(entry);
  }

  all(): ElementCell[] {
    return [...this.#cells.values()];
  }

  add(cell: ElementCell): void {
    if (this.#cells.has(cell.element)) this.refuseTaken();
    this.#cells.set(cell.element, cell);
  }

  remove(cell: ElementCell): void {
    this.#read = undefined;
    this.#cells.delete(cell.element);
  }
}

/** The elements of one key in a list, numbered in the order in which they were added. The oldest are removed first. */
class Elements extends Collected implements KeyedElements {
  /** The cells of successive numbers. Those before `#gone` were removed. During a restore there may be holes. */
  #cells: (ElementCell | undefined)[] = [];
  #gone = 0;
  /** The number of the array's first element. */
  #base = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get value(): readonly unknown[] | undefined {
    return this.size === 0 ? undefined : this.elements();
  }

  at(index: number): unknown {
    return index < 0 ? undefined : this.#cells[this.#gone + index]?.value;
  }

  touch(index: number): void {
    if (index >= 0) this.touchElement(this.#base + this.#gone + index);
  }

  replace(index: number, value: unknown): void {
    const cell = index < 0 ? undefined : this.#cells[this.#gone + index];
    if (cell === undefined) {
      throw new RangeError(
        `The list of key ${Deno.inspect(this.key)} in state "${this.state.name}" has no element ${index}`,
      );
    }
    this.state.write(cell, listed(value, this.state.name));
  }

  append(value: unknown): void {
    this.state.create(this, this.#base + this.#cells.length, listed(value, this.state.name));
  }

  shift(count = 1): void {
    for (let left = Math.min(count, this.#size); left > 0; left--) {
      this.state.write(this.#cells[this.#gone]!, undefined);
    }
  }

  elements(): unknown[] {
    return this.all().map(({ value }) => value);
  }

  cellOf(number: Key): ElementCell | undefined {
    return this.#cells[(number as number) - this.#base];
  }

  all(): ElementCell[] {
    return this.#cells.filter((cell) => cell !== undefined);
  }

  add(cell: ElementCell): void {
    const number = cell.element as number;
    if (this.#size === 0) {
      this.#cells.length = this.#gone = 0;
      this.#base = number;
    }
    // A restore reads elements in the order of their buckets, and an undo restores the oldest ones, so a number may lie
    // before the first one.
    if (number < this.#base) {
      this.#cells = [...new Array(this.#base - number).fill(undefined), ...this.#cells];
      this.#base = number;
    }
    const at = number - this.#base;
    while (this.#cells.length < at) this.#cells.push(undefined);
    if (at === this.#cells.length) this.#cells.push(cell);
    else if (this.#cells[at] === undefined) this.#cells[at] = cell;
    else this.refuseTaken();
    this.#gone = Math.min(this.#gone, at);
    this.#size++;
  }

  remove(cell: ElementCell): void {
    const cells = this.#cells;
    cells[(cell.element as number) - this.#base] = undefined;
    if (--this.#size === 0) return;
    while (cells[this.#gone] === undefined) this.#gone++;
    while (cells[cells.length - 1] === undefined) cells.pop();
    if (2 * this.#gone < cells.length) return;
    this.#cells = cells.slice(this.#gone);
    this.#base += this.#gone;
    this.#gone = 0;
  }
}

/** A map or a list, as the state's callers see it. */
type AnyCollected = Collected & KeyedEntries & KeyedElements;

/** A keyed state of maps or lists of a task with a checkpoint. Opened through `DurableStates`. */
export class DurableCollections extends DurableCells<ElementCell> implements KeyedCollections<AnyCollected> {
  readonly #spaces = new Map<number, KeyIndex<AnyCollected>>();
  /** Maps and lists that were empty when they were opened since the last cut. */
  #empty: AnyCollected[] = [];
  /** The key whose hash was computed last. */
  #hashed: Key | undefined = undefined;
  #hash = 0;

  find(key: Key, namespace = 0): AnyCollected | undefined {
    const found = this.#spaces.get(namespace)?.get(key);
    return found === undefined || found.size === 0 ? undefined : found;
  }

  cell(key: Key, namespace = 0): AnyCollected {
    const found = this.#spaces.get(namespace)?.get(key);
    if (found !== undefined) return found;
    const made = this.#make(key, namespace);
    this.#empty.push(made);
    return made;
  }

  *namespaces(): Iterable<number> {
    for (const [namespace, space] of this.#spaces) if (space.some(({ size }) => size > 0)) yield namespace;
  }

  *cells(namespace: number): Iterable<AnyCollected> {
    for (const found of this.#spaces.get(namespace)?.all() ?? []) if (found.size > 0) yield found;
  }

  drop(namespace: number): void {
    for (const found of this.cells(namespace)) found.clear();
  }

  /** Keeps the value of an entry that is about to be changed in place. */
  touch(cell: ElementCell): void {
    if (cell.mark !== this.mark) this.keep(cell);
  }

  /** Sets an existing entry. */
  write(cell: ElementCell, value: unknown): void {
    if (cell.mark !== this.mark) this.keep(cell);
    if (value !== undefined) cell.value = value;
    else this.set(cell, undefined);
  }

  /** Creates an entry. */
  create(owner: Collected, element: Key, value: unknown): void {
    const cell = new ElementCell(owner, element === 0 ? 0 : element, this.mark);
    this.dirty.push(cell);
    this.set(cell, value);
  }

  override cut(): void {
    super.cut();
    for (const owner of this.#empty) if (owner.size === 0) this.#unlink(owner);
    this.#empty = [];
  }

  override undo(): void {
    super.undo();
    for (const owner of this.#empty) if (owner.size === 0) this.#unlink(owner);
    this.#empty = [];
  }

  #make(key: Key, namespace: number): AnyCollected {
    // A Map treats -0 as 0, so a key -0 becomes 0.
    const Kind = this.kind === "list" ? Elements : Entries;
    const owner = new Kind(this, key === 0 ? 0 : key, namespace) as unknown as AnyCollected;
    this.#spaceOf(namespace).add(owner.key, owner);
    return owner;
  }

  #spaceOf(namespace: number): KeyIndex<AnyCollected> {
    let space = this.#spaces.get(namespace);
    if (space !== undefined) return space;
    if (namespace !== 0 && !(this.namespaced && Number.isSafeInteger(namespace))) {
      throw new RangeError(`State "${this.name}" has no namespace ${namespace}`);
    }
    this.#spaces.set(namespace, space = new KeyIndex());
    return space;
  }

  #unlink(owner: Collected): void {
    if (!owner.linked) return;
    owner.linked = false;
    const space = this.#spaces.get(owner.namespace)!;
    space.remove(owner.key);
    if (space.size === 0) this.#spaces.delete(owner.namespace);
  }

  #ownerAt({ key, namespace }: Address): AnyCollected | undefined {
    return this.#spaces.get(namespace)?.get(key);
  }

  protected hashOf({ key, namespace, element }: Address): number {
    // Entries of one key mostly follow one another, so the last hash is cached.
    if (key !== this.#hashed) {
      this.#hashed = key;
      this.#hash = hashKey(key, this.seed);
    }
    const within = this.kind === "list" ? Math.floor(element as number / PAGE) : hashKey(element!, this.seed);
    const hash = combined(this.#hash, within);
    return namespace === 0 ? hash : combined(hash, hashKey(namespace, this.seed));
  }

  override layOut(buckets: number, epoch: number, seed: number = this.seed): void {
    this.#hashed = undefined;
    super.layOut(buckets, epoch, seed);
  }

  protected at(address: Address): ElementCell | undefined {
    return this.#ownerAt(address)?.cellOf(address.element!);
  }

  protected make(address: Address, mark: number): ElementCell {
    const owner = this.#ownerAt(address) ?? this.#make(address.key, address.namespace);
    return new ElementCell(owner, address.element!, mark);
  }

  protected gained(cell: ElementCell): void {
    const { owner } = cell;
    if (!owner.linked) {
      const other = this.#ownerAt(owner as unknown as Address);
      if (other !== undefined && other.size > 0) {
        throw new Error(`An entry of state "${this.name}" was written after its key was removed and had come again`);
      }
      if (other !== undefined) this.#unlink(other);
      this.#spaceOf(owner.namespace).add(owner.key, owner as AnyCollected);
      owner.linked = true;
    }
    owner.add(cell);
    cell.linked = true;
  }

  protected lost(cell: ElementCell, had: boolean): void {
    if (!had) return;
    cell.linked = false;
    cell.owner.remove(cell);
    if (cell.owner.size === 0) this.#unlink(cell.owner);
  }

  protected forget(): void {}
}

function listed(value: unknown, state: string): unknown {
  if (value === undefined) throw new TypeError(`A list of state "${state}" cannot hold undefined`);
  return value;
}
