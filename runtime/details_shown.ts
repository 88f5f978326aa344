/**
 * The rows of a snapshot that are shown, of many that might be. Only those are made.
 *
 * @module
 */
import { DETAILS_ROWS } from "./limits.ts";

/** A row that is shown so far. */
interface Row<T> {
  readonly task: number;
  readonly lag: number;
  /** Which row it was, in the order in which they were looked at. */
  readonly at: number;
  readonly make: () => T;
}

/** All rows in the order of their tasks, or those with the most lag. */
export class ShownRows<T> {
  readonly #rows: Row<T>[] = [];
  #looked = 0;

  /** @param bytes into which the rows should fit as JSON, where they are not all */
  constructor(readonly bytes: number) {}

  /** How many rows there were. */
  get count(): number {
    return this.#looked;
  }

  /** Whether a row with this lag is among those with the most, so that it must be added. Each row is asked for once. */
  takes(task: number, lag: number): boolean {
    this.#looked++;
    const last = this.#rows[DETAILS_ROWS - 1];
    return last === undefined || lag > last.lag || (lag === last.lag && task < last.task);
  }

  /** Adds the row that was asked for last. */
  add(task: number, lag: number, make: () => T): void {
    const rows = this.#rows;
    let at = rows.length;
    while (at > 0 && (rows[at - 1].lag < lag || (rows[at - 1].lag === lag && rows[at - 1].task > task))) at--;
    rows.splice(at, 0, { task, lag, at: this.#looked, make });
    if (rows.length > DETAILS_ROWS) rows.pop();
  }

  /** Makes them. */
  make(): T[] {
    const rows = this.#rows;
    if (this.#looked <= DETAILS_ROWS) {
      return rows.sort((a, b) => a.task - b.task || a.at - b.at).map(({ make }) => make());
    }
    const first = rows[0].make();
    // Rows of one kind are about as long as each other.
    const fit = Math.max(1, Math.floor(this.bytes / (JSON.stringify(first).length + 1)));
    return [first, ...rows.slice(1, fit).map(({ make }) => make())];
  }
}
