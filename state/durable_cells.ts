/**
 * The cells of a keyed state that tracks changes since the last cut. All kinds of state share this part. How a stage
 * finds a cell is up to each kind.
 *
 * Invariants:
 * - a cell that was touched since the last cut is in the list of dirty cells, together with its value at that cut;
 * - a cell that holds a value is in its bucket, and its stage can find it;
 * - a cell's bucket depends only on its address, the state's seed and the number of buckets.
 *
 * @module
 */
import type { Key } from "../operators/keyed_state.ts";
import { loadKeys } from "./read_ahead.ts";
import { Bucket, bucketOf, isChanged, type StateCell } from "./state_cell.ts";
import { type Address, type CellWriter, LAYOUT, StoredState } from "./stored_state.ts";
import { ValueReader } from "./value_reader.ts";
import { ValueWriter } from "./value_writer.ts";

const undoWriter = new ValueWriter();

/** Cells of one state of a task with a checkpoint. */
export abstract class DurableCells<C extends StateCell = StateCell> extends StoredState<Bucket> {
  /** The number of this cut. A cell with this mark is in the list of dirty cells. */
  protected mark = 1;
  protected dirty: C[] = [];

  /** A hash of a cell's address. */
  protected abstract hashOf(address: Address): number;
  /** The cell at an address, with a value or without. */
  protected abstract at(address: Address): C | undefined;
  /** Creates the cell of an address that has none, without a value, so that the stage can find it. */
  protected abstract make(address: Address, mark: number): C;
  /** Called when a cell gets a value and had none. */
  protected abstract gained(cell: C): void;
  /** Called when a cell has no value, so that the stage no longer finds it. `had`: it had one before. */
  protected abstract lost(cell: C, had: boolean): void;
  /** Called at a cut for a cell that was never written, so that the stage no longer finds it. */
  protected abstract forget(cell: C): void;

  protected newBucket(index: number): Bucket {
    return new Bucket(index);
  }

  /** Keeps a cell's value at the last cut. */
  protected keep(cell: C): void {
    const { value } = cell;
    cell.mark = this.mark;
    const copied = this.undoable && !this.frozen && typeof value === "object" && value !== null;
    cell.before = copied ? this.#encoded(cell) : value;
    this.dirty.push(cell);
  }

  /** Sets a value of a cell that had none, or removes the value. */
  protected set(cell: C, value: unknown): void {
    const before = cell.value;
    cell.value = value;
    if (value !== undefined) {
      if (before !== undefined) return;
      this.grow(1);
      this.gained(cell);
      this.#bucketOfCell(cell).add(cell);
      return;
    }
    if (before !== undefined) {
      this.grow(-1);
      cell.bucket!.remove(cell);
    }
    this.lost(cell, before !== undefined);
  }

  /** While there is only one bucket, no hash is computed. */
  #bucketOfCell(cell: StateCell): Bucket {
    const { length } = this.list;
    return this.list[length === 1 ? 0 : bucketOf(this.#hashOfCell(cell), length)];
  }

  /** The hash is cached, because long keys take time to hash and every split needs it. */
  #hashOfCell(cell: StateCell): number {
    if (cell.hash === 0) cell.hash = this.hashOf(cell as unknown as Address) | 0;
    return cell.hash;
  }

  #encoded(cell: C): Uint8Array {
    undoWriter.reset();
    this.encode(undoWriter, cell);
    return undoWriter.take();
  }

  encodeChanges(writer: CellWriter): number {
    this.changed.length = 0;
    const ahead: C[] = [];
    for (const cell of this.dirty) if (isChanged(cell) && !this.#isSame(cell)) ahead.push(cell);
    loadKeys(ahead);
    let bytes = 0, written = 0;
    for (const cell of ahead) {
      writer.begin(cell);
      const from = writer.values.length;
      this.encode(writer.values, cell);
      this.changed.push(cell.bucket!);
      if (cell.value === undefined) continue;
      bytes += writer.values.length - from;
      written++;
    }
    this.written(bytes, written);
    return this.changed.length;
  }

  /** Whether a frozen value is the same object as before, and so unchanged. */
  #isSame(cell: C): boolean {
    return this.frozen && cell.value === cell.before && cell.value !== undefined;
  }

  encodeCells(writer: CellWriter, buckets: readonly Bucket[]): number {
    let count = 0;
    for (const { cells } of buckets) {
      loadKeys(cells);
      for (const cell of cells) {
        writer.begin(cell);
        this.encode(writer.values, cell as C);
      }
      count += cells.length;
    }
    return count;
  }

  cut(): void {
    for (const cell of this.dirty) {
      cell.before = undefined;
      if (cell.value === undefined && cell.linked) this.forget(cell);
    }
    this.dirty = [];
    this.mark++;
  }

  undo(): void {
    if (!this.undoable) throw new Error(`State "${this.name}" was not opened to be undone`);
    // Backwards, because of two cells with one address the older one existed at the cut.
    for (let at = this.dirty.length - 1; at >= 0; at--) {
      const cell = this.dirty[at];
      const copied = cell.before instanceof Uint8Array && !this.frozen;
      const before = copied ? new ValueReader(cell.before as Uint8Array).value() : cell.before;
      cell.before = undefined;
      cell.mark = 0;
      if (before !== undefined && cell.value !== undefined) cell.value = before;
      else this.set(cell, before);
    }
    this.dirty = [];
  }

  migrate(change: (value: unknown, key: Key) => unknown): void {
    for (const cell of this.#all()) {
      const value = change(cell.value, cell.key);
      if (value === undefined) this.set(cell, undefined);
      else cell.value = value;
    }
  }

  load(address: Address, value: unknown, epoch: number): void {
    const hash = this.hashOf(address) | 0;
    const bucket = this.list[bucketOf(hash, this.list.length)];
    // The base of its bucket may be newer than the delta, and then already contains the change.
    if (bucket.base !== undefined && bucket.base.epoch >= epoch) return;
    this.dirtyBuckets.add(bucket, epoch);
    let cell = this.at(address);
    if (cell === undefined) {
      if (value === undefined) return;
      cell = this.make(address, 0);
      cell.hash = hash;
    }
    this.set(cell, value);
  }

  loadBase(index: number, address: Address, value: unknown): void {
    const cell = this.make(address, 0);
    cell.value = value;
    this.grow(1);
    this.gained(cell);
    this.list[index].add(cell);
  }

  split(): [old: Bucket, made: Bucket] {
    const [old, made] = this.beginSplit();
    const { length } = this.list;
    for (const cell of old.cells.splice(0)) {
      (bucketOf(this.#hashOfCell(cell), length) === made.index ? made : old).add(cell);
    }
    return [old, made];
  }

  layOut(buckets: number, epoch: number, seed: number = this.seed): void {
    const cells = this.#all();
    const isOther = this.seed !== seed || this.layout !== LAYOUT;
    this.beginBuckets(buckets, seed);
    for (const cell of cells) {
      if (isOther) cell.hash = 0;
      this.#bucketOfCell(cell).add(cell);
    }
    for (const bucket of this.list) if (bucket.cells.length > 0) this.dirtyBuckets.add(bucket, epoch);
  }

  #all(): C[] {
    const all: C[] = [];
    for (const { cells } of this.list) for (const cell of cells) all.push(cell as C);
    return all;
  }
}
