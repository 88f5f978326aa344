/**
 * The cells of a keyed state that knows what changed since the last cut: what all kinds of state have in common. How a stage finds a
 * cell is the matter of each kind.
 *
 * Invariants:
 * - a cell that was touched since the last cut is in the list of dirty cells, with its value at the cut;
 * - a cell that holds a value is in its bucket, and its stage finds it;
 * - a cell's bucket depends on its address, the state's seed and the number of buckets only.
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

/** What a state is made of. */
export interface DurableStateOptions {
  /** Its number in the head. */
  readonly id: number;
  /** Whether everything since the last cut can be undone. */
  readonly undoable: boolean;
  /** What its buckets are found with: 32 bits that nobody can guess. */
  readonly seed: number;
  /** How its buckets are found: `LAYOUT`, or that of an older format, until it is laid out anew. */
  readonly layout: number;
}

/** Today's way to find a cell's bucket. */
export const LAYOUT = 2;

/** Where a cell is: its key, its namespace, and in a map or a list its entry's name or its number. */
export interface Address {
  readonly key: Key;
  readonly namespace: number;
  readonly element: Key | undefined;
}

/** What a state is opened with, as far as it is stored. */
export type StoredSpec = Pick<KeyedStateSpec, "name" | "namespaced" | "version" | "kind" | "frozen">;

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
  /** Values are frozen: what a cell held is what it holds, and needs no copy. */
  frozen: boolean;
  /** How many buckets have a base, of how many bytes, and the exclusive or of their placed checksums. */
  bases = 0;
  baseBytes = 0;
  basesChecksum = 0;
  /** Bases of a layout before: they lie there until the whole state is written anew. */
  outdated: readonly Bucket[] = [];
  /** The number of this cut. A cell with this mark is in the list of dirty cells. */
  protected mark = 1;
  protected dirty: C[] = [];
  #buckets: Bucket[] = [new Bucket(0)];
  #dirtyBuckets = new DirtyBuckets();
  /** The buckets of what `encodeChanges` wrote, while they are at hand. */
  readonly #changed: Bucket[] = [];
  #size = 0;
  readonly #undoable: boolean;

  /**
   * @param spec what the stage asked for
   * @param options its number, and whether it can be undone
   */
  constructor(spec: StoredSpec, options: DurableStateOptions) {
    this.name = spec.name;
    this.kind = spec.kind ?? "value";
    this.namespaced = spec.namespaced;
    this.version = spec.version ?? 1;
    this.frozen = spec.frozen ?? false;
    this.id = options.id;
    this.seed = options.seed;
    this.layout = options.layout;
    this.#undoable = options.undoable;
  }

  /** A hash of a cell's address. */
  protected abstract hashOf(address: Address): number;
  /** The cell at an address, with a value or without. */
  protected abstract at(address: Address): C | undefined;
  /** Makes the cell of an address where there is none, without a value; the stage finds it. */
  protected abstract make(address: Address, mark: number): C;
  /** A cell has got its first value. */
  protected abstract gained(cell: C): void;
  /** A cell has no value: it is found no more. `had`: it had one. */
  protected abstract lost(cell: C, had: boolean): void;
  /** An epoch was cut: a cell that nobody has written is found no more. */
  protected abstract forget(cell: C): void;

  /** How many cells hold a value. */
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

  /** Keeps a cell's value at the last cut. */
  protected keep(cell: C): void {
    const { value } = cell;
    cell.mark = this.mark;
    const copied = this.#undoable && !this.frozen && typeof value === "object" && value !== null;
    cell.before = copied ? this.#encoded(cell) : value;
    this.dirty.push(cell);
  }

  /** Sets a value where there was none, or removes it. */
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

  /** Nobody asks for the hash of a cell while there is one bucket only. */
  #bucketOfCell(cell: StateCell): Bucket {
    const { length } = this.#buckets;
    return this.#buckets[length === 1 ? 0 : bucketOf(this.#hashOfCell(cell), length)];
  }

  /** Long keys take a while to hash, and splits ask again and again. */
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

  /** Writes what has changed since the last cut; returns how many entries. Changes nothing: `markChanged` and `cut` follow when all went well. */
  encodeChanges(writer: CellWriter): number {
    this.#changed.length = 0;
    const ahead: C[] = [];
    for (const cell of this.dirty) if (isChanged(cell) && !this.#isSame(cell)) ahead.push(cell);
    loadKeys(ahead);
    for (const cell of ahead) {
      writer.begin(cell);
      this.#encode(writer.values, cell);
      this.#changed.push(cell.bucket!);
    }
    return this.#changed.length;
  }

  /** A frozen value that is the one before has not changed. */
  #isSame(cell: C): boolean {
    return this.frozen && cell.value === cell.before && cell.value !== undefined;
  }

  /** Tells the buckets of what `encodeChanges` wrote that they need the delta of this epoch. */
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

  /** An epoch has been cut: what is now is what `undo` comes back to. */
  cut(): void {
    for (const cell of this.dirty) {
      cell.before = undefined;
      if (cell.value === undefined && cell.linked) this.forget(cell);
    }
    this.dirty = [];
    this.mark++;
  }

  /** Makes everything as it was at the last cut. */
  undo(): void {
    if (!this.#undoable) throw new Error(`State "${this.name}" was not opened to be undone`);
    // Backwards: of two cells of one address, the older one was there at the cut.
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

  /** Gives every value a new form, as part of opening the state. */
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
    // The base of its bucket may be younger: then it knows already.
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

  /** Splits the next bucket in two; returns both. */
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

  /** Lays all cells out anew in so many buckets, none of which has a base: each needs the deltas from that epoch on. */
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

  /** Gives a state that was restored from an older layout today's. Its bases stay where they are until all of it is written anew. */
  renew(seed: number): void {
    const before = this.#buckets.filter(({ base }) => base !== undefined);
    this.layOut(this.#buckets.length, 0, seed);
    this.outdated = before;
  }

  /** Makes empty buckets, as many as are stored. */
  prepare(buckets: number): void {
    this.#buckets = Array.from({ length: buckets }, (_, index) => new Bucket(index));
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

  #all(): C[] {
    const all: C[] = [];
    for (const { cells } of this.#buckets) for (const cell of cells) all.push(cell as C);
    return all;
  }
}

/** Where cells are written: the address first, the value to `values`. */
export interface CellWriter {
  readonly values: ValueWriter;
  begin(cell: StateCell): void;
}
