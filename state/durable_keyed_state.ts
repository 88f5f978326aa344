/**
 * One keyed state that knows what changed since the last cut.
 *
 * Invariants:
 * - a cell that was touched since the last cut is in the list of dirty cells, once, with its value at the cut;
 * - a cell that holds a value is in its bucket, and in the list of its namespace;
 * - a key's bucket depends on the key and the number of buckets only.
 *
 * @module
 */
import type { Cell, Key, KeyedState, KeyedStateSpec } from "../operators/keyed_state.ts";
import { hashKey, placed } from "./hash.ts";
import { STATE_VALUE_BYTES } from "./limits.ts";
import { loadKeys } from "./read_ahead.ts";
import { type Base, Bucket, bucketOf, DirtyBuckets, isChanged, Space, StateCell } from "./state_cell.ts";
import { ValueReader } from "./value_reader.ts";
import { ValueWriter } from "./value_writer.ts";

const undoWriter = new ValueWriter();

/** What a state is made of. */
export interface DurableStateOptions {
  /** Its number in the head. */
  readonly id: number;
  /** Whether everything since the last cut can be undone. */
  readonly undoable: boolean;
}

/** A keyed state of a task with a checkpoint. Opened through `DurableStates`. */
export class DurableKeyedState<K extends Key = Key, V = unknown> implements KeyedState<K, V> {
  readonly name: string;
  readonly id: number;
  readonly namespaced: boolean;
  /** The version of the values. */
  version: number;
  /** How many buckets have a base, of how many bytes, and the exclusive or of their placed checksums. */
  bases = 0;
  baseBytes = 0;
  basesChecksum = 0;
  #buckets: Bucket[] = [new Bucket(0)];
  #only: Map<Key, StateCell> | undefined = this.#buckets[0].cells;
  readonly #spaces = new Map<number, Space<K, V>>();
  #dirtyBuckets = new DirtyBuckets();
  /** The buckets of what `encodeChanges` wrote, while they are at hand. */
  readonly #changed: Bucket[] = [];
  #dirty: StateCell<K, V>[] = [];
  #mark = 1;
  #size = 0;
  readonly #undoable: boolean;

  /**
   * @param spec what the stage asked for
   * @param options its number, and whether it can be undone
   */
  constructor(spec: Pick<KeyedStateSpec, "name" | "namespaced" | "version">, options: DurableStateOptions) {
    this.name = spec.name;
    this.namespaced = spec.namespaced;
    this.version = spec.version ?? 1;
    this.id = options.id;
    this.#undoable = options.undoable;
  }

  get size(): number {
    return this.#size;
  }

  /** Its buckets, by number. */
  get buckets(): readonly Bucket[] {
    return this.#buckets;
  }

  /** The bucket that needs the oldest delta, or `undefined` when none needs one. */
  get oldest(): Bucket | undefined {
    return this.#dirtyBuckets.first;
  }

  find(key: K, namespace = 0): Cell<K, V> | undefined {
    const cell = this.#find(this.#cellsOf(key), key, namespace);
    return cell === undefined || cell.value === undefined ? undefined : cell;
  }

  cell(key: K, namespace = 0): Cell<K, V> {
    const cells = this.#only ?? this.#cellsOf(key);
    const first = cells.get(key) as StateCell<K, V> | undefined;
    for (let cell = first; cell !== undefined; cell = cell.next) if (cell.namespace === namespace) return cell;
    return this.#create(cells, first, key, namespace);
  }

  touch(cell: Cell<K, V>): void {
    if ((cell as StateCell<K, V>).mark !== this.#mark) this.#keep(cell as StateCell<K, V>);
  }

  write(cell: Cell<K, V>, value: V | undefined): void {
    const own = cell as StateCell<K, V>;
    if (own.mark !== this.#mark) this.#keep(own);
    if (own.value !== undefined && value !== undefined) own.value = value;
    else this.#set(own, value);
  }

  *namespaces(): Iterable<number> {
    if (!this.namespaced) {
      if (this.#size > 0) yield 0;
      return;
    }
    yield* this.#spaces.keys();
  }

  *cells(namespace: number): Iterable<Cell<K, V>> {
    if (!this.namespaced) return yield* this.#allCells();
    for (const cell of this.#spaces.get(namespace)?.all() ?? []) if (cell.value !== undefined) yield cell;
  }

  drop(namespace: number): void {
    if (!this.namespaced) return void [...this.#allCells()].forEach((cell) => this.write(cell, undefined));
    for (const cell of this.#spaces.get(namespace)?.all() ?? []) this.write(cell, undefined);
  }

  *#allCells(): Iterable<StateCell<K, V>> {
    for (const { cells } of this.#buckets) {
      for (const first of cells.values()) {
        for (let cell = first as StateCell<K, V> | undefined; cell !== undefined; cell = cell.next) {
          if (cell.value !== undefined) yield cell;
        }
      }
    }
  }

  #cellsOf(key: Key): Map<Key, StateCell> {
    return this.#only ?? this.#bucketOf(key).cells;
  }

  #bucketOf(key: Key): Bucket {
    return this.#buckets[bucketOf(hashKey(key), this.#buckets.length)];
  }

  #find(cells: Map<Key, StateCell>, key: K, namespace: number): StateCell<K, V> | undefined {
    let cell = cells.get(key) as StateCell<K, V> | undefined;
    while (cell !== undefined && cell.namespace !== namespace) cell = cell.next;
    return cell;
  }

  #create(cells: Map<Key, StateCell>, first: StateCell<K, V> | undefined, key: K, namespace: number): StateCell<K, V> {
    if (namespace !== 0 && !(this.namespaced && Number.isSafeInteger(namespace))) {
      throw new RangeError(`State "${this.name}" has no namespace ${namespace}`);
    }
    // A Map takes -0 for 0, and so does the cell.
    const cell = new StateCell<K, V>(key === 0 ? 0 as K : key, namespace, this.#mark);
    cell.next = first;
    cells.set(key, cell as StateCell);
    this.#dirty.push(cell);
    return cell;
  }

  #keep(cell: StateCell<K, V>): void {
    const { value } = cell;
    cell.mark = this.#mark;
    cell.before = this.#undoable && typeof value === "object" && value !== null ? this.#encoded(cell) : value;
    this.#dirty.push(cell);
  }

  #encoded(cell: StateCell<K, V>): Uint8Array {
    undoWriter.reset();
    this.#encode(undoWriter, cell);
    return undoWriter.take();
  }

  #encode(writer: ValueWriter, cell: StateCell<K, V>): void {
    const from = writer.length;
    try {
      writer.value(cell.value);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw new TypeError(
        `Cannot store the value of key ${Deno.inspect(cell.key)} in state "${this.name}": ${error.message}`,
      );
    }
    if (writer.length - from > STATE_VALUE_BYTES) {
      throw new RangeError(
        `Cannot store the value of key ${Deno.inspect(cell.key)} in state "${this.name}": it has ` +
          `${writer.length - from} bytes, and may have ${STATE_VALUE_BYTES}`,
      );
    }
  }

  /** Sets a value where there was none, or removes it. */
  #set(cell: StateCell<K, V>, value: V | undefined): void {
    const before = cell.value;
    cell.value = value;
    if (value !== undefined) {
      if (before !== undefined) return;
      this.#size++;
      if (!cell.linked) this.#link(cell);
      if (this.namespaced) this.#spaceOf(cell.namespace).add(cell);
      return;
    }
    if (before !== undefined) {
      this.#size--;
      if (this.namespaced) this.#leaveSpace(cell);
    }
    if (cell.linked) this.#unlink(cell);
  }

  #link(cell: StateCell<K, V>): void {
    const cells = this.#cellsOf(cell.key);
    if (this.#find(cells, cell.key, cell.namespace) !== undefined) {
      throw new Error(
        `A cell of state "${this.name}" was written after it was removed and another had come in its place`,
      );
    }
    cell.next = cells.get(cell.key) as StateCell<K, V> | undefined;
    cells.set(cell.key, cell as StateCell);
    cell.linked = true;
  }

  #unlink(cell: StateCell<K, V>): void {
    const cells = this.#cellsOf(cell.key);
    const first = cells.get(cell.key) as StateCell<K, V> | undefined;
    if (first === cell) {
      if (cell.next === undefined) cells.delete(cell.key);
      else cells.set(cell.key, cell.next as StateCell);
    } else {
      let before = first;
      while (before !== undefined && before.next !== cell) before = before.next;
      if (before === undefined) throw new Error(`A cell of state "${this.name}" is not in its bucket`);
      before.next = cell.next;
    }
    cell.next = undefined;
    cell.linked = false;
  }

  #spaceOf(namespace: number): Space<K, V> {
    let space = this.#spaces.get(namespace);
    if (space === undefined) this.#spaces.set(namespace, space = new Space());
    return space;
  }

  #leaveSpace(cell: StateCell<K, V>): void {
    const space = this.#spaces.get(cell.namespace)!;
    space.remove(cell);
    if (space.size === 0) this.#spaces.delete(cell.namespace);
  }

  /** Writes what has changed since the last cut; returns how many entries. Changes nothing: `mark` and `cut` follow when all went well. */
  encodeChanges(writer: CellWriter): number {
    this.#changed.length = 0;
    const ahead: StateCell<K, V>[] = [];
    for (const cell of this.#dirty) if (isChanged(cell)) ahead.push(cell);
    loadKeys(ahead);
    for (const cell of ahead) {
      writer.begin(cell.key, cell.namespace);
      this.#encode(writer.values, cell);
      this.#changed.push(this.#bucketOf(cell.key));
    }
    return this.#changed.length;
  }

  /** Tells the buckets of what `encodeChanges` wrote that they need the delta of this epoch. */
  mark(epoch: number): void {
    for (const bucket of this.#changed) this.#dirtyBuckets.add(bucket, epoch);
    this.#changed.length = 0;
  }

  /** Writes all cells of these buckets; returns how many. */
  encodeCells(writer: CellWriter, buckets: readonly Bucket[]): number {
    let count = 0;
    for (const { cells } of buckets) {
      const ahead: StateCell<K, V>[] = [];
      for (const first of cells.values()) {
        for (let cell = first as StateCell<K, V> | undefined; cell !== undefined; cell = cell.next) {
          if (cell.value !== undefined) ahead.push(cell);
        }
      }
      loadKeys(ahead);
      for (const cell of ahead) {
        writer.begin(cell.key, cell.namespace);
        this.#encode(writer.values, cell);
      }
      count += ahead.length;
    }
    return count;
  }

  /** An epoch has been cut: what is now is what `undo` comes back to. */
  cut(): void {
    for (const cell of this.#dirty) {
      cell.before = undefined;
      if (cell.value === undefined && cell.linked) this.#unlink(cell);
    }
    this.#dirty = [];
    this.#mark++;
  }

  /** Makes everything as it was at the last cut. */
  undo(): void {
    if (!this.#undoable) throw new Error(`State "${this.name}" was not opened to be undone`);
    // Backwards: of two cells of one key, the older one was there at the cut.
    for (let at = this.#dirty.length - 1; at >= 0; at--) {
      const cell = this.#dirty[at];
      const before = cell.before instanceof Uint8Array ? new ValueReader(cell.before).value() : cell.before;
      cell.before = undefined;
      cell.mark = 0;
      if (before !== undefined && cell.value !== undefined) cell.value = before as V;
      else this.#set(cell, before as V | undefined);
    }
    this.#dirty = [];
  }

  /** Gives every value a new form, as part of opening the state. */
  migrate(change: (value: unknown) => unknown): void {
    for (const cell of [...this.#allCells()]) {
      const value = change(cell.value) as V | undefined;
      this.#set(cell, undefined);
      if (value !== undefined) this.#set(cell, value);
    }
  }

  /** Sets a value that was read from a delta of that epoch. */
  load(key: K, namespace: number, value: V | undefined, epoch: number): void {
    const bucket = this.#bucketOf(key);
    // The base of its bucket may be younger: then it knows already.
    if (bucket.base !== undefined && bucket.base.epoch >= epoch) return;
    this.#dirtyBuckets.add(bucket, epoch);
    let cell = this.#find(bucket.cells, key, namespace);
    if (cell === undefined) {
      if (value === undefined) return;
      cell = new StateCell<K, V>(key, namespace, 0);
      cell.next = bucket.cells.get(key) as StateCell<K, V> | undefined;
      bucket.cells.set(key, cell as StateCell);
    }
    this.#set(cell, value);
  }

  /** Adds a cell that was read from the base of a bucket, before any delta. */
  loadBase(index: number, key: K, namespace: number, value: V): void {
    const { cells } = this.#buckets[index];
    const cell = new StateCell<K, V>(key, namespace, 0);
    if (this.namespaced) {
      cell.next = cells.get(key) as StateCell<K, V> | undefined;
      this.#spaceOf(namespace).add(cell);
    }
    cells.set(key, cell as StateCell);
    cell.value = value;
    this.#size++;
  }

  /** Splits the next bucket in two; returns both. */
  split(): [old: Bucket, made: Bucket] {
    const count = this.#buckets.length;
    const old = this.#buckets[count - 2 ** (31 - Math.clz32(count))];
    const made = new Bucket(count);
    this.#buckets.push(made);
    this.#only = undefined;
    for (const [key, cell] of old.cells) {
      if (bucketOf(hashKey(key), count + 1) !== count) continue;
      old.cells.delete(key);
      made.cells.set(key, cell);
    }
    this.#dirtyBuckets.addBeside(made, old);
    return [old, made];
  }

  /** Lays all keys out anew in so many buckets, none of which has a base: each needs the deltas from that epoch on. */
  layOut(buckets: number, epoch: number): void {
    const before = this.#buckets;
    this.#buckets = Array.from({ length: buckets }, (_, index) => new Bucket(index));
    this.#only = buckets === 1 ? this.#buckets[0].cells : undefined;
    for (const { cells } of before) {
      for (const [key, cell] of cells) this.#cellsOf(key).set(key, cell);
    }
    this.#dirtyBuckets = new DirtyBuckets();
    for (const bucket of this.#buckets) if (bucket.cells.size > 0) this.#dirtyBuckets.add(bucket, epoch);
    this.bases = this.baseBytes = this.basesChecksum = 0;
  }

  /** A bucket has this base now, and needs no deltas. Returns the base before. */
  setBase(bucket: Bucket, base: Base | undefined): Base | undefined {
    const before = bucket.base;
    for (const [one, sign] of [[before, -1], [base, 1]] as const) {
      if (one === undefined) continue;
      this.bases += sign;
      this.baseBytes += sign * one.bytes;
      this.basesChecksum = (this.basesChecksum ^ placed(one.checksum, bucket.index, this.id)) >>> 0;
    }
    bucket.base = base;
    this.#dirtyBuckets.remove(bucket);
    return before;
  }
}

/** Where cells are written: the key and namespace first, the value to `values`. */
export interface CellWriter {
  readonly values: ValueWriter;
  begin(key: Key, namespace: number): void;
}
