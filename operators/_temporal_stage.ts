/**
 * Records, each with the row that a table had for its key at the record's event time.
 *
 * Changes of the table and records wait until the watermark reaches their time. A change that is reached becomes the row
 * of its key, and a record that is reached is joined with the row that its key has then. As both are reached in the
 * order of time, changes before records, a record needs one look-up, and nothing that waits is found by its key. The
 * rules are those of Apache Flink's `TemporalRowTimeJoinOperatorV2`.
 *
 * Invariants:
 * - of each key the table holds the newest version whose time was reached, and no older one;
 * - of each key and time one change waits: the one that came last;
 * - records are emitted in the order of their times, and within one time in that of their arrival;
 * - a record is out of the state before its result is emitted;
 * - kept values never change: a copy is kept and copies are given away, or the value is frozen and shared.
 *
 * @module
 */
import type { TwoHandlers } from "./_operate.ts";
import { copyOf, freeze, notKept } from "./_own.ts";
import type { Stage } from "./_stage.ts";
import type { TableChange } from "./_table_change.ts";
import { emitFor, type Timed, Waiting } from "./_waiting.ts";
import type { Cell, Key, KeyedState } from "./keyed_state.ts";

/** What a temporal join does. */
export interface TemporalRules<T, K extends Key, V, O> {
  readonly key: (value: T) => K;
  /** Whether a value without a row has a result. */
  readonly outer: boolean;
  readonly join: (value: T, row: V | undefined) => O;
  readonly frozen: boolean;
  readonly version?: number;
  readonly migrate?: (value: unknown, version: number, side: "left" | "table") => unknown;
}

/** A record that waits. */
interface Waits<T> extends Timed {
  readonly value: T;
}

/** The row of a key from a time on. It has no row where that was deleted. */
interface Version<V> extends Timed {
  readonly row?: V;
}

/** The stage of one subscription. */
export class TemporalStage<T, K extends Key, V, O> implements TwoHandlers<T, TableChange<K, V>> {
  /** Records, each under a number of its own, by arrival. */
  readonly #records: Waiting<K, Waits<T>>;
  /** Changes, each under its time. */
  readonly #changes: Waiting<K, Version<V>>;
  readonly #table: KeyedState<K, Version<V>>;
  readonly #own: <Value>(value: Value) => Value;
  /** The number of the record that came last. */
  #last = 0;

  constructor(readonly stage: Stage<O>, readonly rules: TemporalRules<T, K, V, O>) {
    this.#own = rules.frozen ? freeze : copyOf;
    const migrated = (kept: unknown, from: number): Version<V> => {
      const { time, ...rest } = kept as Version<unknown>;
      return "row" in rest ? { time, row: rules.migrate!(rest.row, from, "table") as V } : { time };
    };
    const records = this.#open<Waits<T>>("left", true, (kept, from) => {
      const { time, value } = kept as Waits<unknown>;
      return { time, value: rules.migrate!(value, from, "left") as T };
    });
    this.#records = new Waiting(records, (cell) => this.#join(cell));
    this.#changes = new Waiting(this.#open("changes", true, migrated), (cell) => this.#change(cell));
    this.#table = this.#open("table", false, migrated);
    stage.side("late");
    // At the same time, changes go before records.
    stage.due(this.#changes);
    stage.due(this.#records);
  }

  /** Finds what waits in the checkpoint. The table is not looked at. */
  open(): void {
    this.#changes.open();
    this.#last = this.#records.open();
  }

  /** Takes a record. */
  readonly left = (value: T): void => {
    const { stage } = this;
    const { state } = this.#records;
    const key = this.rules.key(value);
    const time = stage.eventTime();
    if (time <= stage.scope.watermark) return stage.late(value);
    if (this.#table.find(key) === undefined) stage.meet(key);
    const own = this.#owned(value, key);
    const cell = state.cell(key, ++this.#last);
    state.write(cell, { time, value: own });
    this.#records.add(cell);
  };

  /** Takes a change of the table. One that is late counts for the records that are not emitted yet. */
  readonly right = ({ key, value }: TableChange<K, V>): void => {
    const { state } = this.#changes;
    const time = this.stage.eventTime();
    const current = this.#table.find(key);
    if (current === undefined) this.stage.meet(key);
    else if (time < current.value!.time) return;
    const version = value === undefined ? { time } : { time, row: this.#owned(value, key) };
    const cell = state.cell(key, time);
    const waits = cell.value !== undefined;
    state.write(cell, version);
    if (!waits) this.#changes.add(cell);
  };

  /** A change is reached: it becomes the row of its key. */
  #change(cell: Cell<K, Version<V>>): void {
    const { key, value } = cell;
    this.#changes.state.write(cell, undefined);
    if ("row" in value!) return this.#table.write(this.#table.cell(key), value);
    const current = this.#table.find(key);
    if (current !== undefined) this.#table.write(current, undefined);
  }

  /** A record is reached: it is joined with the row of its key. */
  #join(cell: Cell<K, Waits<T>>): void {
    const { stage } = this;
    const { join, outer } = this.rules;
    const { state } = this.#records;
    const { time, value } = cell.value!;
    state.write(cell, undefined);
    const row = this.#table.find(cell.key)?.value?.row;
    if (row === undefined && !outer) return;
    // An undone epoch returns to what was kept, so a record is copied although it has left.
    emitFor(stage, state.name, cell, time, () => stage.emit(join(this.#share(value), this.#share(row))));
  }

  /** A kept value as others may see it. A restored one is not frozen yet. */
  #share<Value>(kept: Value): Value {
    return typeof kept === "object" ? this.#own(kept) : kept;
  }

  #owned<Value>(value: Value, key: K): Value {
    try {
      return this.#own(value);
    } catch (error) {
      throw notKept(error, this.stage.label, key);
    }
  }

  #open<Value>(
    part: string,
    namespaced: boolean,
    migrate: (kept: unknown, from: number) => Value,
  ): KeyedState<K, Value> {
    const { frozen, version } = this.rules;
    const migrates = this.rules.migrate !== undefined;
    return this.stage.state<K, Value>({
      part,
      namespaced,
      frozen: true,
      // A copy is plain data by construction. What the user froze or migrated may not be.
      plain: !frozen && !migrates,
      version,
      migrate: migrates ? migrate : undefined,
    });
  }
}
