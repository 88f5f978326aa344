/**
 * Cells as bytes: the deltas of an epoch, and the base of a bucket.
 *
 * A delta is: codec version, epoch, and for each state twice its number (+ 1, and + 1 more where it is namespaced) and its
 * cells; 0 ends it. A base is: codec version and
 * cells. Cells are: key, namespace (in namespaced states; nothing-byte: as before) and value; a nothing-byte ends them. A cell
 * without a value is a removed one.
 *
 * @module
 */
import type { Key } from "../operators/keyed_state.ts";
import { CODEC_VERSION } from "./codec.ts";
import type { CellWriter, DurableKeyedState } from "./durable_keyed_state.ts";
import type { Bucket } from "./state_cell.ts";
import { ValueReader } from "./value_reader.ts";
import { Tag, ValueWriter } from "./value_writer.ts";

/** Writes cells; used again and again. */
export class CellStreamWriter implements CellWriter {
  readonly values = new ValueWriter();
  #namespaced = false;
  #namespace = 0;

  begin(key: Key, namespace: number): void {
    this.values.value(key);
    if (!this.#namespaced) return;
    if (namespace === this.#namespace) this.values.byte(Tag.undefined);
    else this.values.value(this.#namespace = namespace);
  }

  /**
   * The delta of an epoch, valid until the next use; `undefined` when nothing has changed.
   *
   * @param epoch the epoch
   * @param states the states of the task
   * @param whole all cells rather than those that have changed
   */
  delta(epoch: number, states: Iterable<DurableKeyedState>, whole: boolean): Uint8Array | undefined {
    const { values } = this;
    values.reset();
    values.byte(CODEC_VERSION);
    values.varint(epoch);
    let total = 0;
    for (const state of states) {
      const before = values.length;
      values.varint(2 * state.id + (state.namespaced ? 2 : 1));
      this.#open(state);
      const count = whole ? state.encodeCells(this, state.buckets) : state.encodeChanges(this);
      if (count > 0) values.byte(Tag.undefined);
      else values.truncate(before);
      total += count;
    }
    values.varint(0);
    return total > 0 ? values.view() : undefined;
  }

  /** The base of a bucket, valid until the next use; `undefined` when it is empty. */
  base(state: DurableKeyedState, bucket: Bucket): Uint8Array | undefined {
    this.values.reset();
    this.values.byte(CODEC_VERSION);
    this.#open(state);
    if (state.encodeCells(this, [bucket]) === 0) return undefined;
    this.values.byte(Tag.undefined);
    return this.values.view();
  }

  #open({ namespaced }: DurableKeyedState): void {
    this.#namespaced = namespaced;
    this.#namespace = 0;
  }
}

/**
 * Reads a delta into its states.
 *
 * @param bytes what `delta` returned
 * @param stateOf the state of a number; `undefined` where it is dropped
 * @returns its epoch
 * @throws {RangeError} when the bytes are not a delta
 */
export function readDelta(
  bytes: Uint8Array,
  stateOf: (id: number) => Pick<DurableKeyedState, "load"> | undefined,
): number {
  const reader = open(bytes);
  const epoch = reader.varint();
  for (let mark = reader.varint(); mark !== 0; mark = reader.varint()) {
    const state = stateOf(Math.floor((mark - 1) / 2));
    // Cells of a state that was dropped are read, because others come after them, and forgotten.
    readCells(reader, mark % 2 === 0, (key, namespace, value) => state?.load(key, namespace, value, epoch));
  }
  if (reader.left > 0) throw new RangeError(`${reader.left} bytes are left over`);
  return epoch;
}

/** Reads the base of a bucket into its state. */
export function readBase(bytes: Uint8Array, state: DurableKeyedState, bucket: number): void {
  const reader = open(bytes);
  readCells(reader, state.namespaced, (key, namespace, value) => state.loadBase(bucket, key, namespace, value));
  if (reader.left > 0) throw new RangeError(`${reader.left} bytes are left over`);
}

function open(bytes: Uint8Array): ValueReader {
  const reader = new ValueReader(bytes);
  const version = reader.byte();
  if (version !== CODEC_VERSION) throw new RangeError(`codec version ${version} is unknown`);
  return reader;
}

function readCells(
  reader: ValueReader,
  namespaced: boolean,
  load: (key: Key, namespace: number, value: unknown) => void,
): void {
  let namespace = 0;
  for (;;) {
    const key = reader.value();
    if (key === undefined) return;
    if (namespaced) {
      const given = reader.value();
      if (given !== undefined) namespace = given as number;
    }
    load(key as Key, namespace, reader.value());
  }
}
