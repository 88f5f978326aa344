/**
 * What the checkpoint knows of a keyed state, whatever its kind: its place in the head, its buckets with their bases,
 * and which of them need deltas. How values are kept is up to each form of state.
 *
 * @module
 */
import type { Key, KeyedStateSpec, StateKind } from "../operators/keyed_state.ts";
import { placed } from "./hash.ts";
import { STATE_VALUE_BYTES } from "./limits.ts";
import { type Base, DirtyBuckets, type StoredBucket } from "./state_cell.ts";
import type { ValueWriter } from "./value_writer.ts";

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

/** The numbers of a state: how many cells hold a value, and the mean length of values; NaN before the first was written. */
export const STATE_SIZE = 0, STATE_MEAN = 1, STATE_NUMBERS = 2;

/** After so many values their mean length counts half. */
const MEAN_OF = 100;

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

/** One state of a task with a checkpoint. */
export abstract class StoredState<B extends StoredBucket = StoredBucket> {
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
  outdated: readonly StoredBucket[] = [];
  /** Its buckets, by number. */
  protected list: B[] = [this.newBucket(0)];
  protected dirtyBuckets: DirtyBuckets = new DirtyBuckets();
  /** The buckets of the cells that `encodeChanges` wrote. */
  protected readonly changed: B[] = [];
  protected readonly undoable: boolean;
  /** Where its numbers are. */
  #numbers: Float64Array;
  #at: number;

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
    this.undoable = options.undoable;
    this.#numbers = new Float64Array(STATE_NUMBERS);
    this.#at = 0;
    this.#numbers[STATE_MEAN] = NaN;
  }

  /** How many cells hold a value. */
  get size(): number {
    return this.#numbers[this.#at + STATE_SIZE];
  }

  /** So many more cells hold a value. */
  protected grow(by: number): void {
    this.#numbers[this.#at + STATE_SIZE] += by;
  }

  /**
   * Its numbers are there from now on. Whoever reads many states gives them places that lie together. Only the reader that
   * asked last has them.
   */
  tellTo(numbers: Float64Array, at: number): void {
    for (let n = 0; n < STATE_NUMBERS; n++) numbers[at + n] = this.#numbers[this.#at + n];
    this.#numbers = numbers;
    this.#at = at;
  }

  /** Creates an empty bucket. */
  protected abstract newBucket(index: number): B;
  /**
   * Writes the changes since the last cut, and returns how many entries. It changes no state: `markChanged` and `cut`
   * must follow if everything was encoded.
   */
  abstract encodeChanges(writer: CellWriter): number;
  /** Writes all cells of these buckets; returns how many. */
  abstract encodeCells(writer: CellWriter, buckets: readonly StoredBucket[]): number;
  /** An epoch has been cut: the current values are those to which `undo` returns. */
  abstract cut(): void;
  /** Restores all values of the last cut. */
  abstract undo(): void;
  /** Migrates every value, when the state is opened. */
  abstract migrate(change: (value: unknown, key: Key) => unknown): void;
  /** Sets a value that was read from a delta of that epoch. */
  abstract load(address: Address, value: unknown, epoch: number): void;
  /** Adds a cell that was read from the base of a bucket, before any delta. */
  abstract loadBase(index: number, address: Address, value: unknown): void;
  /** Splits the next bucket in two, and returns both. */
  abstract split(): [old: StoredBucket, made: StoredBucket];
  /**
   * Distributes all cells over a new number of buckets. None of them has a base, so each needs the deltas from that
   * epoch on.
   */
  abstract layOut(buckets: number, epoch: number, seed?: number): void;
  /** The task has another owner, or has ended: nothing of the state is used any more. */
  close(): void {}

  /**
   * About how many bytes its values take where they are stored, from the lengths of those that were written last. After a
   * restore, until the first is written, the bytes of the bases.
   */
  get valueBytes(): number {
    const mean = this.#numbers[this.#at + STATE_MEAN];
    return Number.isNaN(mean) ? this.baseBytes : Math.round(mean * this.size);
  }

  /** So many values with so many bytes in all were written. */
  protected written(bytes: number, values: number): void {
    if (values === 0) return;
    const numbers = this.#numbers, at = this.#at + STATE_MEAN;
    const mean = bytes / values, before = numbers[at];
    numbers[at] = Number.isNaN(before) ? mean : before + values / (values + MEAN_OF) * (mean - before);
  }

  /** Its buckets, by number. */
  get buckets(): readonly B[] {
    return this.list;
  }

  /** The bucket that needs the oldest delta, or `undefined` when none needs one. */
  get oldest(): StoredBucket | undefined {
    return this.dirtyBuckets.first;
  }

  /** Records that the buckets of the written cells need the delta of this epoch. */
  markChanged(epoch: number): void {
    for (const bucket of this.changed) this.dirtyBuckets.add(bucket, epoch);
    this.changed.length = 0;
  }

  /**
   * Converts a state from an older layout to the current one. Its bases stay in the store until the whole state is
   * rewritten.
   */
  renew(seed: number): void {
    const before = this.list.filter(({ base }) => base !== undefined);
    this.layOut(this.list.length, 0, seed);
    this.outdated = before;
  }

  /** Creates empty buckets, as many as are stored. */
  prepare(buckets: number): void {
    this.list = Array.from({ length: buckets }, (_, index) => this.newBucket(index));
  }

  /** Sets the base of a bucket, which then needs no deltas. Returns the previous base. */
  setBase(bucket: StoredBucket, base: Base | undefined): Base | undefined {
    const before = bucket.base;
    for (const [one, sign] of [[before, -1], [base, 1]] as const) {
      if (one === undefined) continue;
      this.bases += sign;
      this.baseBytes += sign * one.bytes;
      this.basesChecksum = (this.basesChecksum ^ placed(one.checksum, bucket.index, this.id)) >>> 0;
    }
    bucket.base = base;
    this.dirtyBuckets.remove(bucket);
    return before;
  }

  /** Begins new buckets without bases, for all cells. The caller adds the cells. */
  protected beginBuckets(count: number, seed: number): void {
    this.seed = seed;
    this.layout = LAYOUT;
    this.outdated = [];
    this.prepare(count);
    this.dirtyBuckets = new DirtyBuckets();
    this.bases = this.baseBytes = this.basesChecksum = 0;
  }

  /** The bucket that is split next, and a new one beside it, which needs the same deltas. The caller moves the cells. */
  protected beginSplit(): [old: B, made: B] {
    const count = this.list.length;
    const old = this.list[count - 2 ** (31 - Math.clz32(count))];
    const made = this.newBucket(count);
    this.list.push(made);
    this.dirtyBuckets.addBeside(made, old);
    return [old, made];
  }

  /** Writes the value of a cell. */
  protected encode(writer: ValueWriter, cell: { readonly key: Key; readonly value: unknown }): void {
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
}

/** The destination of cells: first the address is written, then the value to `values`. */
export interface CellWriter {
  readonly values: ValueWriter;
  begin(cell: { readonly key: Key; readonly namespace: number }): void;
}
