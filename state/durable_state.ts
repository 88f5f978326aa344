/**
 * The keyed states of one task: opened by stages, filled by a restore, written at each cut.
 *
 * @module
 */
import { messageOf } from "../base/thrown.ts";
import type { Key, KeyedState, KeyedStateSpec, StateKind, StateOf } from "../operators/keyed_state.ts";
import { CellStreamWriter } from "./cell_stream.ts";
import { type DurableStateOptions, LAYOUT, type StoredSpec, type StoredState } from "./stored_state.ts";
import { DurableCollections } from "./durable_collections.ts";
import { DurableKeyedState } from "./durable_keyed_state.ts";
import type { StateEntry } from "./head.ts";
import type { SharedTables } from "./shared_rows.ts";
import { SharedState } from "./shared_state.ts";
import { BUCKET_KEYS, STATES } from "./limits.ts";

/** Options of {@linkcode DurableStates}. */
export interface DurableStatesOptions {
  /**
   * Whether everything since the last cut can be undone. Then the old value of each dirty object is kept. @default
   * false
   */
  readonly undoable?: boolean;
  /** Names of states that may be in the checkpoint and must be dropped. @default [] */
  readonly drop?: readonly string[];
  /** The rows that the tasks of this worker share. @default none */
  readonly shared?: SharedTables;
}

/** A read-only keyed state. In a state of maps or lists, a cell's value is the whole map or list of the key. */
export type ReadonlyKeyedState = Pick<KeyedState, "name" | "size" | "find" | "namespaces" | "cells">;

/** A durable state of any kind. */
type AnyState = DurableKeyedState | SharedState | DurableCollections;

const SENTENCES: Readonly<Record<StateKind, string>> = { value: "one value", map: "a map", list: "a list" };

function makeState(spec: StoredSpec, options: DurableStateOptions, tables: SharedTables | undefined): AnyState {
  if (spec.kind !== undefined && spec.kind !== "value") return new DurableCollections(spec, options);
  const rows = spec.namespaced ? undefined : tables?.find(spec.name);
  return rows === undefined ? new DurableKeyedState(spec, options) : new SharedState(spec, options, rows);
}

/**
 * The states of one task. The order is: restore (`TaskCheckpoint.restore`), open (the stages, as they are subscribed), `seal`.
 *
 * @example Undo what happened since the last cut
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { DurableStates } from "./mod.ts";
 *
 * const states = new DurableStates({ undoable: true });
 * const counts = states.open({ name: "counts", operator: "keyedReduce", namespaced: false });
 * counts.write(counts.cell("ada"), 1);
 * states.undo();
 * assertEquals(states.size, 0);
 * ```
 */
export class DurableStates {
  /** Whether everything since the last cut can be undone. */
  readonly undoable: boolean;
  /** Names of states that must be dropped. */
  readonly dropped: ReadonlySet<string>;
  /** The secret seed of the hash that assigns cells of new states to buckets, 32 bits. Set by the claim of the task. */
  seed = 0;
  readonly #states = new Map<string, AnyState>();
  readonly #shared: SharedTables | undefined;
  readonly #opened = new Set<string>();
  #nextId = 0;
  #sealed = false;
  #rewrite = false;
  #removed: StoredState[] = [];
  #writer: CellStreamWriter | undefined;

  /**
   * Creates the states of a task that has none yet.
   *
   * @param options see {@linkcode DurableStatesOptions}
   */
  constructor(options: DurableStatesOptions = {}) {
    this.undoable = options.undoable ?? false;
    this.dropped = new Set(options.drop);
    this.#shared = options.shared;
  }

  /** How many cells of all states hold a value. */
  get size(): number {
    let size = 0;
    for (const state of this.#states.values()) size += state.size;
    return size;
  }

  /** All states, oldest first. */
  get all(): Iterable<StoredState> {
    return this.#states.values() as Iterable<unknown> as Iterable<StoredState>;
  }

  /** The state of that name. */
  named(name: string): StoredState | undefined {
    return this.#states.get(name) as unknown as StoredState | undefined;
  }

  /** The number that the next new state gets. */
  get nextId(): number {
    return this.#nextId;
  }

  /** Whether the next cut must write all states completely, because the stored ones have another form. */
  get rewrite(): boolean {
    return this.#rewrite;
  }

  /**
   * Opens the state of a stage: the restored one, or a new one.
   *
   * @throws {TypeError} when the name is taken, or the state was stored in a form that the stage does not take
   */
  open<S extends KeyedStateSpec>(spec: S): StateOf<S> {
    const { name, operator, namespaced, version = 1, kind = "value" } = spec;
    if (this.#opened.has(name)) {
      throw new TypeError(`Cannot open the state of ${operator} "${name}": the name is taken by another stage`);
    }
    if (!Number.isSafeInteger(version) || version < 0) {
      throw new RangeError(
        `Cannot open the state of ${operator} "${name}": its version must be a whole number, current value is ${version}`,
      );
    }
    const found = this.#states.get(name);
    const state = found ?? this.#create(spec);
    if (state.kind !== kind) {
      throw new TypeError(
        `Cannot open the state of ${operator} "${name}": a stage of another kind stored it, with ${
          SENTENCES[state.kind]
        } for each key, where this one keeps ${SENTENCES[kind]}. Give this stage a name of its own`,
      );
    }
    if (state.namespaced !== namespaced) {
      throw new TypeError(
        `Cannot open the state of ${operator} "${name}": a stage of another kind stored it. Give this stage a name of its own`,
      );
    }
    state.frozen = spec.frozen ?? false;
    state.plain = spec.plain ?? false;
    if (state.version !== version) this.#migrate(state, spec, version);
    this.#opened.add(name);
    return state as unknown as StateOf<S>;
  }

  /** A read-only view of a state, or `undefined` when there is none of this name. */
  find(name: string): ReadonlyKeyedState | undefined {
    return this.#states.get(name) as ReadonlyKeyedState | undefined;
  }

  /**
   * Must be called when all stages have opened their states; otherwise the first `cut` does it.
   *
   * @throws {Error} when the checkpoint has a state that no stage has opened and that `drop` does not name
   */
  seal(): void {
    if (this.#sealed) return;
    const left = [...this.#states.keys()].filter((name) => !this.#opened.has(name));
    const kept = left.filter((name) => !this.dropped.has(name));
    if (kept.length > 0) {
      const names = kept.map((name) => `"${name}"`).join(", ");
      throw new Error(
        `The checkpoint has state of ${names}, and no stage has that name. Give the stage its name back, or name the state in dropStates to forget it`,
      );
    }
    for (const name of left) {
      this.#removed.push(this.#states.get(name) as unknown as StoredState);
      this.#states.delete(name);
    }
    this.#sealed = true;
  }

  /** The states that were dropped since the last call. Their stored entries are no longer needed. */
  takeRemoved(): StoredState[] {
    const removed = this.#removed;
    this.#removed = [];
    return removed;
  }

  /**
   * Restores all states of the last cut. The cost depends only on the changes since. The stages that had opened them
   * have ended, so every state may be opened again, and old cells must not be used any more.
   */
  undo(): void {
    for (const state of this.#states.values()) state.undo();
    this.#opened.clear();
    this.#sealed = false;
  }

  /**
   * Encodes the changes since the last cut, as a cut would, and discards the bytes.
   *
   * @throws {TypeError | RangeError} when a state holds a value that cannot be stored; the message names the state and the key
   */
  assertStorable(): void {
    this.#writer ??= new CellStreamWriter();
    this.#writer.delta(0, this.all, this.#rewrite);
  }

  /** Creates the states that a head names. Must be called before any state is opened. */
  prepare(entries: readonly StateEntry[], nextId: number): void {
    if (this.#states.size > 0) throw new Error("States are restored before they are opened");
    for (const { id, buckets, seed, layout, ...spec } of entries) {
      const state = makeState(spec, { id, undoable: this.undoable, seed, layout }, this.#shared);
      state.prepare(buckets);
      this.#states.set(spec.name, state);
    }
    this.#nextId = nextId;
  }

  /**
   * All states are restored. States with an older layout get the current one, and the next cut writes them completely.
   */
  restored(): void {
    for (const state of this.#states.values()) {
      if (state.layout === LAYOUT) continue;
      state.renew(this.seed);
      this.#rewrite = true;
    }
  }

  /** The task has another owner, or has ended. Rows that no other task has are gone. */
  close(): void {
    for (const state of this.#states.values()) state.close();
  }

  /** An epoch has been cut. */
  cut(): void {
    for (const state of this.#states.values()) state.cut();
  }

  /** The delta of this epoch holds all cells. Buckets are laid out again, and need only this delta. */
  layOut(epoch: number): void {
    for (const state of this.#states.values()) {
      state.layOut(Math.max(1, Math.ceil(state.size / BUCKET_KEYS)), epoch, this.seed);
    }
    this.#rewrite = false;
  }

  #create(spec: KeyedStateSpec): AnyState {
    if (this.#states.size >= STATES) {
      throw new RangeError(
        `Cannot open the state of ${spec.operator} "${spec.name}": a task may have ${STATES} states`,
      );
    }
    const { undoable, seed } = this;
    const state = makeState(spec, { id: this.#nextId++, undoable, seed, layout: LAYOUT }, this.#shared);
    this.#states.set(spec.name, state);
    return state;
  }

  #migrate(state: AnyState, { name, operator, migrate }: KeyedStateSpec, version: number): void {
    const stored = state.version;
    if (stored > version || migrate === undefined) {
      throw new TypeError(
        `Cannot open the state of ${operator} "${name}": its values have version ${stored}, the program has version ${version}` +
          (stored > version ? ". Run the newer program" : " and no migrate function"),
      );
    }
    const refused = (key: Key, why: string, cause?: unknown) => {
      const shown = typeof key === "string" ? JSON.stringify(key) : String(key);
      return new TypeError(
        `Cannot migrate the state of ${operator} "${name}" from version ${stored} to ${version}, key ${shown}: ${why}`,
        { cause },
      );
    };
    state.migrate((value, key) => {
      let changed: unknown;
      try {
        changed = migrate(value, stored);
      } catch (error) {
        throw refused(key, `the migrate function failed: ${messageOf(error)}`, error);
      }
      if (changed === undefined && state.kind === "list") {
        throw refused(key, "a list's element cannot become undefined");
      }
      return changed;
    });
    state.version = version;
    this.#rewrite = true;
  }
}
