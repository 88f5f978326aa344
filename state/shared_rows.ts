/**
 * The rows of a table that every task of a job holds whole. The tasks of one worker keep one copy of each row that is
 * equal in several of them, and each task a reference to the rows that it has now.
 *
 * A row never changes: a key that gets another value gets another row. So tasks that have read different parts of the
 * table's topic refer to different rows of one key, and share the others.
 *
 * @module
 */
import type { Key } from "../operators/keyed_state.ts";
import { KeyIndex } from "./key_index.ts";
import { isSame } from "./same_value.ts";

/** One row, which is also what a stage finds under its key. */
export class SharedRow<K extends Key = Key, V = unknown> {
  readonly namespace = 0;
  /** How many tasks have it now. */
  holders = 0;
  /** Another row of the same key. */
  next: SharedRow<K, V> | undefined = undefined;

  /** @param number the number of its key, among all keys of the table */
  constructor(readonly key: K, readonly value: V | undefined, readonly number: number) {}
}

/** All rows that tasks of this worker have, of one table. */
export class SharedRows<K extends Key = Key, V = unknown> {
  /** The first row of each key that a task has a row of. */
  readonly #rows = new KeyIndex<SharedRow<K, V>>();
  /** Numbers of keys that no task has any more. */
  readonly #free: number[] = [];
  #numbers = 0;

  /** How many keys there are. */
  get size(): number {
    return this.#rows.size;
  }

  /** The number of a key, or `undefined` when no task has a row of it. */
  numberOf(key: K): number | undefined {
    return this.#rows.get(key)?.number;
  }

  /** The row of a key with this value, for one more task. */
  hold(key: K, value: V): SharedRow<K, V> {
    const first = this.#rows.get(key);
    for (let row = first; row !== undefined; row = row.next) {
      if (!isSame(row.value, value)) continue;
      row.holders++;
      return row;
    }
    // A Map treats -0 as 0, so the row's key is 0 as well.
    const own = key === 0 ? 0 as K : key;
    const made = new SharedRow<K, V>(own, value, first?.number ?? this.#free.pop() ?? this.#numbers++);
    made.holders = 1;
    if (first === undefined) this.#rows.add(own, made);
    else {
      made.next = first.next;
      first.next = made;
    }
    return made;
  }

  /** A task no longer has this row. */
  release(row: SharedRow<K, V>): void {
    if (--row.holders > 0) return;
    const { key, number, next } = row;
    const first = this.#rows.get(key)!;
    if (first !== row) {
      let before = first;
      while (before.next !== row) before = before.next!;
      before.next = next;
    } else {
      this.#rows.remove(key);
      if (next === undefined) this.#free.push(number);
      else this.#rows.add(key, next);
    }
    row.next = undefined;
  }
}

/** The shared rows of a worker's tables, by the name of their state. */
export class SharedTables {
  readonly #tables = new Map<string, SharedRows>();

  /** @param names the states whose rows are shared */
  constructor(readonly names: ReadonlySet<string>) {}

  /** The rows of a state, or `undefined` when they are not shared. */
  find(name: string): SharedRows | undefined {
    if (!this.names.has(name)) return undefined;
    let rows = this.#tables.get(name);
    if (rows === undefined) this.#tables.set(name, rows = new SharedRows());
    return rows;
  }
}
