/**
 * @module
 */
import type { ObservableInput } from "rxjs";
import { TABLE_ROWS } from "./_limits.ts";
import type { Display } from "./_notebook.ts";
import { rowsOf } from "./_rows.ts";
import { tableLook } from "./_table_look.ts";
import { counted } from "./_words.ts";
import { checkView, View, type ViewContent, type ViewOptions } from "./view.ts";

/** Options of {@linkcode table}. */
export interface TableOptions<T> extends ViewOptions {
  /**
   * The key of a value. There is one row for each key then, which a newer value of it replaces.
   *
   * @default each value has a row
   */
  readonly key?: (value: T) => unknown;
  /** The fields that are shown, in this order. @default all fields of the values, at most 12 */
  readonly columns?: readonly string[];
  /** The most rows. The one that changed longest ago leaves first. @default 20 */
  readonly limit?: number;
}

/**
 * Shows what an Observable emits as a table: a row for each value, or the newest value of each key. It subscribes at once.
 * The fields of a value are its columns; a value that is no object has one. Keeps as many values as it shows.
 *
 * In a notebook it displays itself as the last value of a cell, and goes on to change until the Observable ends or
 * `stop()` is called. In a terminal, `console.log()` prints what is there, and `await table(values).show()` shows it until
 * the Observable ends.
 *
 * @param source the Observable; an array, a promise, an async iterable and a stream will do as well
 * @param options key, columns and limits
 * @returns the table
 * @throws {TypeError} when `key` is not a function, `columns` is not a list of names, or `title` is not a string
 * @throws {RangeError} when `limit` is not an integer from 1 to 1,000, or `interval` is below 0
 *
 * @example The newest count of each user
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { keyedReduce } from "@tidemark/streams";
 * import { table } from "@tidemark/streams/pictures";
 *
 * const clicks = from(["ada", "bob", "ada"]).pipe(
 *   keyedReduce({ key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
 * );
 * const counts = table(clicks, { title: "clicks", key: ({ key }) => key });
 * console.log(counts);
 * assertEquals(
 *   String(counts),
 *   [
 *     "clicks",
 *     "key  value",
 *     "───  ─────",
 *     "ada      2",
 *     "bob      1",
 *     "3 values, ended",
 *   ].join("\n"),
 * );
 * ```
 */
export function table<T>(source: ObservableInput<T>, options: TableOptions<T> = {}): View<T> {
  const { key, columns, limit = TABLE_ROWS } = options;
  checkView(options, limit, "Cannot show a table");
  if (key !== undefined && typeof key !== "function") {
    throw new TypeError("Cannot show a table: key must be a function");
  }
  if (columns !== undefined && !(Array.isArray(columns) && columns.every((name) => typeof name === "string"))) {
    throw new TypeError("Cannot show a table: columns must be a list of names");
  }
  return new View(source, new TableContent(options, limit), options);
}

/** The newest values, by their keys. */
export class TableContent<T> implements ViewContent<T> {
  readonly #rows = new Map<unknown, { value: T; since: number }>();
  #taken = 0;
  #left = 0;

  constructor(readonly options: TableOptions<T>, readonly limit: number) {}

  take(value: T): void {
    const since = this.#taken++;
    const key = this.options.key === undefined ? since : this.options.key(value);
    const row = this.#rows.get(key);
    if (row !== undefined) {
      // The row stays where it is, so that the eye finds it again.
      row.value = value;
      row.since = since;
      return;
    }
    this.#rows.set(key, { value, since });
    if (this.#rows.size > this.limit) this.#leave();
  }

  /** The row that changed longest ago leaves the table. */
  #leave(): void {
    let oldest: unknown, since = Infinity;
    for (const [key, row] of this.#rows) {
      if (row.since < since) [oldest, since] = [key, row.since];
      // Without keys no row ever changes, so the first one is the oldest.
      if (this.options.key === undefined) break;
    }
    this.#rows.delete(oldest);
    this.#left++;
  }

  draw(status: string): Display {
    const { title, columns } = this.options;
    const rows = rowsOf([...this.#rows.values()].map(({ value }) => value), columns);
    const left = this.#left > 0 ? `; ${counted(this.#left, "older row")} left out` : "";
    return tableLook(rows, { title, status: `${status}${left}` });
  }
}
