/**
 * The encoding of cells: the delta of an epoch, and the base of a bucket.
 *
 * A delta contains the version, the epoch, and for each state a mark of its number and kind (see `markOf`) and its
 * cells. A mark 0 ends it. A base contains the version and cells. A cell contains the key, the namespace (in namespaced
 * states; the byte for `undefined` repeats the previous one), the entry's name or the element's number (in maps and
 * lists; there the byte for `null` repeats the previous key and namespace) and the value. The byte for `undefined` in
 * place of a key ends the cells. A cell without a value is a removed one.
 *
 * Version 1 had no kinds. Its mark was twice the state's number plus 1, or plus 2 for a namespaced state.
 *
 * @module
 */
import type { Key, StateKind } from "../operators/keyed_state.ts";
import type { Address, CellWriter, StoredState } from "./stored_state.ts";
import type { StateCell, StoredBucket } from "./state_cell.ts";
import { ValueReader } from "./value_reader.ts";
import { Tag } from "./value_tags.ts";
import { ValueWriter } from "./value_writer.ts";

const VERSION = 2;
const KINDS: readonly StateKind[] = ["value", "map", "list"];

/** The properties of a state that determine how its cells are written. */
type Form = Pick<StoredState, "kind" | "namespaced">;

/** Writes cells. A writer is reused for many streams. */
export class CellStreamWriter implements CellWriter {
  readonly values = new ValueWriter();
  #namespaced = false;
  #elements = false;
  #namespace = 0;
  #key: Key | undefined;

  begin(cell: StateCell): void {
    const { values } = this;
    const { key, namespace } = cell;
    if (this.#elements && key === this.#key && namespace === this.#namespace) values.byte(Tag.null);
    else {
      values.value(this.#key = key);
      if (this.#namespaced) {
        if (namespace === this.#namespace) values.byte(Tag.undefined);
        else values.value(this.#namespace = namespace);
      }
    }
    if (this.#elements) values.value((cell as unknown as Address).element);
  }

  /**
   * The delta of an epoch, valid until the next use; `undefined` when nothing has changed.
   *
   * @param epoch the epoch
   * @param states the states of the task
   * @param whole whether to write all cells, not only the changed ones
   */
  delta(epoch: number, states: Iterable<StoredState>, whole: boolean): Uint8Array | undefined {
    const { values } = this;
    values.reset();
    values.byte(VERSION);
    values.varint(epoch);
    let total = 0;
    for (const state of states) {
      const before = values.length;
      values.varint(markOf(state.id, state));
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
  base(state: StoredState, bucket: StoredBucket): Uint8Array | undefined {
    this.values.reset();
    this.values.byte(VERSION);
    this.#open(state);
    if (state.encodeCells(this, [bucket]) === 0) return undefined;
    this.values.byte(Tag.undefined);
    return this.values.view();
  }

  #open({ namespaced, kind }: Form): void {
    this.#namespaced = namespaced;
    this.#elements = kind !== "value";
    this.#namespace = 0;
    this.#key = undefined;
  }
}

/** A state's number and kind, and whether it is namespaced, combined in one number that is not 0. */
function markOf(id: number, { kind, namespaced }: Form): number {
  return 1 + 8 * id + 2 * KINDS.indexOf(kind) + (namespaced ? 1 : 0);
}

function markedState(mark: number, version: number): Form & { readonly id: number } {
  if (version === 1) {
    return { id: Math.floor((mark - 1) / 2), kind: "value", namespaced: mark % 2 === 0 };
  }
  const kind = KINDS[((mark - 1) % 8) >> 1];
  if (kind === undefined) throw new RangeError("a state is of an unknown kind");
  return { id: Math.floor((mark - 1) / 8), kind, namespaced: (mark - 1) % 2 === 1 };
}

/**
 * Reads a delta into its states.
 *
 * @param bytes the result of `delta`
 * @param stateOf returns the state of a number; `undefined` for a dropped one
 * @returns its epoch
 * @throws {RangeError} when the bytes are not a delta
 */
export function readDelta(
  bytes: Uint8Array,
  stateOf: (id: number) => Pick<StoredState, "load"> | undefined,
): number {
  const { reader, version } = open(bytes);
  const epoch = reader.varint();
  for (let mark = reader.varint(); mark !== 0; mark = reader.varint()) {
    const marked = markedState(mark, version);
    const state = stateOf(marked.id);
    // Cells of a dropped state are read and discarded, because other cells follow them.
    readCells(reader, marked, (address, value) => state?.load(address, value, epoch));
  }
  if (reader.left > 0) throw new RangeError(`${reader.left} bytes are left over`);
  return epoch;
}

/** Reads the base of a bucket into its state. */
export function readBase(bytes: Uint8Array, state: StoredState, bucket: number): void {
  const { reader } = open(bytes);
  readCells(reader, state, (address, value) => state.loadBase(bucket, address, value));
  if (reader.left > 0) throw new RangeError(`${reader.left} bytes are left over`);
}

function open(bytes: Uint8Array): { reader: ValueReader; version: number } {
  const reader = new ValueReader(bytes);
  const version = reader.byte();
  if (version < 1 || version > VERSION) throw new RangeError(`version ${version} of cells is unknown`);
  return { reader, version };
}

function readCells(
  reader: ValueReader,
  { kind, namespaced }: Form,
  load: (address: Address, value: unknown) => void,
): void {
  const elements = kind !== "value";
  let namespace = 0;
  let last: Key | undefined;
  for (;;) {
    const found = reader.value();
    if (found === undefined) return;
    if (found !== null) {
      last = found as Key;
      const given = namespaced ? reader.value() : undefined;
      if (given !== undefined) namespace = given as number;
    }
    const element = elements ? reader.value() as Key : undefined;
    load({ key: last!, namespace, element }, reader.value());
  }
}
