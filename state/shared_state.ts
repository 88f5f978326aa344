/**
 * The keyed state of a table that every task holds whole, in one task. It has a reference to the row of each key; the
 * rows are those of the worker, see `shared_rows.ts`. What is stored of it is what is stored of any state with one value
 * for each key, so a state may be shared in one run of a job and not in another.
 *
 * Invariants:
 * - a key that was written since the last cut is in `#dirty`, with its row at that cut;
 * - a key that has a row is in the bucket of its hash.
 *
 * @module
 */
import type { Key, KeyedState } from "../operators/keyed_state.ts";
import { hashKey } from "./hash.ts";
import { hashKeyOfFormat1 } from "./hash_format_1.ts";
import { NumberList } from "./number_list.ts";
import { SharedRow, type SharedRows } from "./shared_rows.ts";
import { bucketOf, StoredBucket } from "./state_cell.ts";
import {
  type Address,
  type CellWriter,
  type DurableStateOptions,
  LAYOUT,
  type StoredSpec,
  StoredState,
} from "./stored_state.ts";

/** How many references are in one array. */
const PAGE = 1024;

/** A bucket that holds the numbers of its keys. */
class RowBucket extends StoredBucket {
  numbers = new NumberList();
}

/** A keyed state whose rows are shared. Opened through `DurableStates`. */
export class SharedState<K extends Key = Key, V = unknown> extends StoredState<RowBucket> implements KeyedState<K, V> {
  readonly #shared: SharedRows<K, V>;
  /** The row of each key, by the key's number. */
  readonly #pages: (SharedRow<K, V> | undefined)[][] = [];
  /** The rows at the last cut of the keys that were written since. */
  #dirty = new Map<K, SharedRow<K, V> | undefined>();

  /**
   * @param spec the stage's specification
   * @param options its number, and whether it can be undone
   * @param shared the rows of all tasks
   */
  constructor(spec: StoredSpec, options: DurableStateOptions, shared: SharedRows<K, V>) {
    super(spec, options);
    this.#shared = shared;
  }

  protected newBucket(index: number): RowBucket {
    return new RowBucket(index);
  }

  find(key: K, namespace = 0): SharedRow<K, V> | undefined {
    const number = namespace === 0 ? this.#shared.numberOf(key) : undefined;
    return number === undefined ? undefined : this.#at(number);
  }

  cell(key: K, namespace = 0): SharedRow<K, V> {
    if (namespace !== 0) throw new RangeError(`State "${this.name}" has no namespace ${namespace}`);
    return this.find(key) ?? new SharedRow<K, V>(key === 0 ? 0 as K : key, undefined, -1);
  }

  /** A row never changes. */
  touch(): void {}

  write({ key }: { readonly key: K }, value: V | undefined): void {
    const before = this.find(key);
    if (!this.#dirty.has(key)) this.#dirty.set(key, before);
    this.#set(key, before, value);
  }

  *namespaces(): Iterable<number> {
    if (this.size > 0) yield 0;
  }

  *cells(namespace: number): Iterable<SharedRow<K, V>> {
    if (namespace !== 0) return;
    for (const page of this.#pages) for (const row of page.slice()) if (row !== undefined) yield row;
  }

  drop(namespace: number): void {
    for (const row of this.cells(namespace)) this.write(row, undefined);
  }

  #at(number: number): SharedRow<K, V> | undefined {
    return this.#pages[Math.floor(number / PAGE)]?.[number % PAGE];
  }

  #put(number: number, row: SharedRow<K, V> | undefined): void {
    const page = Math.floor(number / PAGE);
    while (this.#pages.length <= page) this.#pages.push(new Array(PAGE).fill(undefined));
    this.#pages[page][number % PAGE] = row;
  }

  /** Replaces the row of a key. */
  #set(key: K, before: SharedRow<K, V> | undefined, value: V | undefined): void {
    // The new row is held first, so that the key keeps its number.
    const row = value === undefined ? undefined : this.#shared.hold(key, value);
    if (row !== undefined) this.#put(row.number, row);
    else if (before !== undefined) this.#put(before.number, undefined);
    if (row === undefined && before !== undefined) {
      this.grow(-1);
      this.#bucketOf(key).numbers.remove(before.number);
    } else if (row !== undefined && before === undefined) {
      this.grow(1);
      this.#bucketOf(key).numbers.push(row.number);
    }
    if (before !== undefined) this.#shared.release(before);
  }

  #bucketOf(key: K): RowBucket {
    const { length } = this.list;
    return this.list[length === 1 ? 0 : bucketOf(this.#hash(key), length)];
  }

  #hash(key: Key): number {
    return (this.layout === LAYOUT ? hashKey(key, this.seed) : hashKeyOfFormat1(key)) | 0;
  }

  encodeChanges(writer: CellWriter): number {
    this.changed.length = 0;
    let bytes = 0, written = 0;
    for (const [key, before] of this.#dirty) {
      const row = this.find(key);
      if (row === before) continue;
      const cell = row ?? { key, namespace: 0, value: undefined };
      writer.begin(cell);
      const from = writer.values.length;
      this.encode(writer.values, cell);
      this.changed.push(this.#bucketOf(key));
      if (row === undefined) continue;
      bytes += writer.values.length - from;
      written++;
    }
    this.written(bytes, written);
    return this.changed.length;
  }

  encodeCells(writer: CellWriter, buckets: readonly StoredBucket[]): number {
    let count = 0;
    for (const { numbers } of buckets as readonly RowBucket[]) {
      for (let at = 0; at < numbers.length; at++) {
        const row = this.#at(numbers.at(at))!;
        writer.begin(row);
        this.encode(writer.values, row);
      }
      count += numbers.length;
    }
    return count;
  }

  cut(): void {
    this.#dirty = new Map();
  }

  undo(): void {
    if (!this.undoable) throw new Error(`State "${this.name}" was not opened to be undone`);
    for (const [key, before] of this.#dirty) this.#set(key, this.find(key), before?.value);
    this.#dirty = new Map();
  }

  migrate(change: (value: unknown, key: Key) => unknown): void {
    for (const row of this.cells(0)) this.#set(row.key, row, change(row.value, row.key) as V | undefined);
  }

  load({ key }: Address, value: unknown, epoch: number): void {
    const bucket = this.#bucketOf(key as K);
    // The base of its bucket may be newer than the delta, and then already contains the change.
    if (bucket.base !== undefined && bucket.base.epoch >= epoch) return;
    this.dirtyBuckets.add(bucket, epoch);
    this.#set(key as K, this.find(key as K), value as V | undefined);
  }

  loadBase(index: number, { key }: Address, value: unknown): void {
    const row = this.#shared.hold(key as K, value as V);
    this.#put(row.number, row);
    this.grow(1);
    this.list[index].numbers.push(row.number);
  }

  split(): [old: RowBucket, made: RowBucket] {
    const [old, made] = this.beginSplit();
    const { numbers } = old, { length } = this.list;
    old.numbers = new NumberList();
    for (let at = 0; at < numbers.length; at++) {
      const number = numbers.at(at);
      const isMoved = bucketOf(this.#hash(this.#at(number)!.key), length) === made.index;
      (isMoved ? made : old).numbers.push(number);
    }
    return [old, made];
  }

  layOut(buckets: number, epoch: number, seed: number = this.seed): void {
    this.beginBuckets(buckets, seed);
    for (const { key, number } of this.cells(0)) this.#bucketOf(key).numbers.push(number);
    for (const bucket of this.list) if (bucket.numbers.length > 0) this.dirtyBuckets.add(bucket, epoch);
  }

  /** Gives the rows back that no other task has. */
  override close(): void {
    for (const row of this.cells(0)) this.#shared.release(row);
    this.#pages.length = 0;
    this.grow(-this.size);
  }
}
