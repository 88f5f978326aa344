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
import type { Key, KeyedStateSpec, StateKind } from "../operators/keyed_state.ts";
import { placed } from "./hash.ts";
import { STATE_VALUE_BYTES } from "./limits.ts";
import { loadKeys } from "./read_ahead.ts";
import { type Base, Bucket, bucketOf, DirtyBuckets, isChanged, type StateCell } from "./state_cell.ts";
import { ValueReader } from "./value_reader.ts";
import { ValueWriter } from "./value_writer.ts";

const undoWriter = new ValueWriter();

/** After so many values their mean length counts half. */
const MEAN_OF = 100;

/** Options of a durable state. */
export interface DurableStateOptions {
  /** Its number in the head. */
  readonly id: number;
  /** Whether everything since the last cut can be undone. */
  readonly undoable: boolean;
  /** The secret seed of the hash that assigns cells to buckets, 32 bits. */
  readonly seed: number;
  /** The layout of its buckets: `LAYOUT`, or that of an older format until the cells are distributed again. */
  readonly layout: number;
}

/** The current layout of buckets. */
export const LAYOUT = 2;

/** The address of a cell: its key, its namespace, and in a map or a list its entry's name or number. */
export interface Address {
  readonly key: Key;
  readonly namespace: number;
  readonly element: Key | undefined;
}

/** The part of a state's specification that is stored. */
export type StoredSpec = Pick<KeyedStateSpec, "name" | "namespaced" | "version" | "kind" | "frozen" | "plain">;

/** Cells of one state of a task with a checkpoint. */
export abstract class DurableCells<C extends StateCell = StateCell> {
  readonly name: string;
  readonly kind: StateKind;
  readonly id: number;
  readonly namespaced: boolean;
  /** The version of the values. */
  version: number;
  seed: number;
  layout: number;
  /** Whether values are frozen. Then a value cannot change in place and needs no copy. */
  frozen: boolean;
  /** Whether values are plain data by construction. */
  plain: boolean;
  /** How many buckets have a base, of how many bytes, and the exclusive or of their placed checksums. */
  bases = 0;
  baseBytes = 0;
  basesChecksum = 0;
  /** Bases of an older layout. They stay in the store until the whole state is rewritten. */
  outdated: readonly Bucket[] = [];
  /** The number of this cut. A cell with this mark is in the list of dirty cells. */
  protected mark = 1;
  protected dirty: C[] = [];
  #buckets: Bucket[] = [new Bucket(0)];
  #dirtyBuckets = new DirtyBuckets();
  /** The buckets of the cells that `encodeChanges` wrote. */
  readonly #changed: Bucket[] = [];
  #size = 0;
  #meanBytes = NaN;
  readonly #undoable: boolean;

  /**
   * @param spec the stage's specification
   * @param options its number, and whether it can be undone
   */
  constructor(spec: StoredSpec, options: DurableStateOptions) {
    this.name = spec.name;
    this.kind = spec.kind ?? "value";
    this.namespaced = spec.namespaced;
    this.version = spec.version ?? 1;
    this.frozen = spec.frozen ?? false;
    this.plain = spec.plain ?? false;
    this.id = options.id;
    this.seed = options.seed;
    this.layout = options.layout;
    this.#undoable = options.undoable;
  }

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

  /** How many cells hold a value. */
  get size(): number {
    return this.#size;
  }

  /**
   * About how many bytes its values take where they are stored, from the lengths of those that were written last. After a
   * restore, until the first is written, the bytes of the bases.
   */
  get valueBytes(): number {
    return Number.isNaN(this.#meanBytes) ? this.baseBytes : Math.round(this.#meanBytes * this.#size);
  }

  /** Its buckets, by number. */
  get buckets(): readonly Bucket[] {
    return this.#buckets;
  }

  /** The bucket that needs the oldest delta, or `undefined` when none needs one. */
  get oldest(): Bucket | undefined {
    return this.#dirtyBuckets.first;
  }

  /** Keeps a cell's value at the last cut. */
  protected keep(cell: C): void {
    const { value } = cell;
    cell.mark = this.mark;
    const copied = this.#undoable && !this.frozen && typeof value === "object" && value !== null;
    cell.before = copied ? this.#encoded(cell) : value;
    this.dirty.push(cell);
  }

  /** Sets a value of a cell that had none, or removes the value. */
  protected set(cell: C, value: unknown): void {
    const before = cell.value;
    cell.value = value;
    if (value !== undefined) {
      if (before !== undefined) return;
      this.#size++;
      this.gained(cell);
      this.#bucketOfCell(cell).add(cell);
      return;
    }
    if (before !== undefined) {
      this.#size--;
      cell.bucket!.remove(cell);
    }
    this.lost(cell, before !== undefined);
  }

  /** While there is only one bucket, no hash is computed. */
  #bucketOfCell(cell: StateCell): Bucket {
    const { length } = this.#buckets;
    return this.#buckets[length === 1 ? 0 : bucketOf(this.#hashOfCell(cell), length)];
  }

  /** The hash is cached, because long keys take time to hash and every split needs it. */
  #hashOfCell(cell: StateCell): number {
    if (cell.hash === 0) cell.hash = this.hashOf(cell as unknown as Address) | 0;
    return cell.hash;
  }

  #encoded(cell: C): Uint8Array {
    undoWriter.reset();
    this.#encode(undoWriter, cell);
    return undoWriter.take();
  }

  #encode(writer: ValueWriter, cell: C): void {
    const from = writer.length;
    try {
      if (this.plain) writer.plain(cell.value);
      else writer.value(cell.value);
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

  /**
   * Writes the changes since the last cut, and returns how many entries. It changes no state: `markChanged` and `cut`
   * must follow if everything was encoded.
   */
  encodeChanges(writer: CellWriter): number {
    this.#changed.length = 0;
    const ahead: C[] = [];
    for (const cell of this.dirty) if (isChanged(cell) && !this.#isSame(cell)) ahead.push(cell);
    loadKeys(ahead);
    let bytes = 0, written = 0;
    for (const cell of ahead) {
      writer.begin(cell);
      const from = writer.values.length;
      this.#encode(writer.values, cell);
      this.#changed.push(cell.bucket!);
      if (cell.value === undefined) continue;
      bytes += writer.values.length - from;
      written++;
    }
    if (written > 0) this.#meet(bytes / written, written);
    return this.#changed.length;
  }

  /** Values of this mean length were written. */
  #meet(mean: number, written: number): void {
    const share = Number.isNaN(this.#meanBytes) ? 1 : written / (written + MEAN_OF);
    this.#meanBytes = share === 1 ? mean : this.#meanBytes + share * (mean - this.#meanBytes);
  }

  /** Whether a frozen value is the same object as before, and so unchanged. */
  #isSame(cell: C): boolean {
    return this.frozen && cell.value === cell.before && cell.value !== undefined;
  }

  /** Records that the buckets of the written cells need the delta of this epoch. */
  markChanged(epoch: number): void {
    for (const bucket of this.#changed) this.#dirtyBuckets.add(bucket, epoch);
    this.#changed.length = 0;
  }

  /** Writes all cells of these buckets; returns how many. */
  encodeCells(writer: CellWriter, buckets: readonly Bucket[]): number {
    let count = 0;
    for (const { cells } of buckets) {
      loadKeys(cells);
      for (const cell of cells) {
        writer.begin(cell);
        this.#encode(writer.values, cell as C);
      }
      count += cells.length;
    }
    return count;
  }

  /** An epoch has been cut: the current values are those to which `undo` returns. */
  cut(): void {
    for (const cell of this.dirty) {
      cell.before = undefined;
      if (cell.value === undefined && cell.linked) this.forget(cell);
    }
    this.dirty = [];
    this.mark++;
  }

  /** Restores all values of the last cut. */
  undo(): void {
    if (!this.#undoable) throw new Error(`State "${this.name}" was not opened to be undone`);
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

  /** Migrates every value, when the state is opened. */
  migrate(change: (value: unknown, key: Key) => unknown): void {
    for (const cell of this.#all()) {
      const value = change(cell.value, cell.key);
      if (value === undefined) this.set(cell, undefined);
      else cell.value = value;
    }
  }

  /** Sets a value that was read from a delta of that epoch. */
  load(address: Address, value: unknown, epoch: number): void {
    const hash = this.hashOf(address) | 0;
    const bucket = this.#buckets[bucketOf(hash, this.#buckets.length)];
    // The base of its bucket may be newer than the delta, and then already contains the change.
    if (bucket.base !== undefined && bucket.base.epoch >= epoch) return;
    this.#dirtyBuckets.add(bucket, epoch);
    let cell = this.at(address);
    if (cell === undefined) {
      if (value === undefined) return;
      cell = this.make(address, 0);
      cell.hash = hash;
    }
    this.set(cell, value);
  }

  /** Adds a cell that was read from the base of a bucket, before any delta. */
  loadBase(index: number, address: Address, value: unknown): void {
    const cell = this.make(address, 0);
    cell.value = value;
    this.#size++;
    this.gained(cell);
    this.#buckets[index].add(cell);
  }

  /** Splits the next bucket in two, and returns both. */
  split(): [old: Bucket, made: Bucket] {
    const count = this.#buckets.length;
    const old = this.#buckets[count - 2 ** (31 - Math.clz32(count))];
    const made = new Bucket(count);
    this.#buckets.push(made);
    for (const cell of old.cells.splice(0)) {
      (bucketOf(this.#hashOfCell(cell), count + 1) === count ? made : old).add(cell);
    }
    this.#dirtyBuckets.addBeside(made, old);
    return [old, made];
  }

  /**
   * Distributes all cells over a new number of buckets. None of them has a base, so each needs the deltas from that
   * epoch on.
   */
  layOut(buckets: number, epoch: number, seed: number = this.seed): void {
    const cells = this.#all();
    const isOther = this.seed !== seed || this.layout !== LAYOUT;
    this.seed = seed;
    this.layout = LAYOUT;
    this.outdated = [];
    this.#buckets = Array.from({ length: buckets }, (_, index) => new Bucket(index));
    for (const cell of cells) {
      if (isOther) cell.hash = 0;
      this.#bucketOfCell(cell).add(cell);
    }
    this.#dirtyBuckets = new DirtyBuckets();
    for (const bucket of this.#buckets) if (bucket.cells.length > 0) this.#dirtyBuckets.add(bucket, epoch);
    this.bases = this.baseBytes = this.basesChecksum = 0;
  }

  /**
   * Converts a state from an older layout to the current one. Its bases stay in the store until the whole state is
   * rewritten.
   */
  renew(seed: number): void {
    const before = this.#buckets.filter(({ base }) => base !== undefined);
    this.layOut(this.#buckets.length, 0, seed);
    this.outdated = before;
  }

  /** Creates empty buckets, as many as are stored. */
  prepare(buckets: number): void {
    this.#buckets = Array.from({ length: buckets }, (_, index) => new Bucket(index));
  }

  /** Sets the base of a bucket, which then needs no deltas. Returns the previous base. */
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

  #all(): C[] {
    const all: C[] = [];
    for (const { cells } of this.#buckets) for (const cell of cells) all.push(cell as C);
    return all;
  }
}

/** The destination of cells: first the address is written, then the value to `values`. */
export interface CellWriter {
  readonly values: ValueWriter;
  begin(cell: StateCell): void;
}
