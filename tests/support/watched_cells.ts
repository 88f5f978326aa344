/**
 * Finds stages that change a kept value before they touch its cell. A cell keeps its value for an undo when it is touched
 * first, so such a change stays when its epoch is undone; and a change of a cell that is never touched is in no checkpoint.
 *
 * @module
 */
import { encode } from "../../state/codec.ts";
import { DurableCells } from "../../state/durable_cells.ts";
import type { Bucket, StateCell } from "../../state/state_cell.ts";

/** The parts of the cells that are watched. */
interface Watched {
  readonly name: string;
  readonly dirty: readonly StateCell[];
  readonly buckets: readonly Bucket[];
  keep(cell: StateCell): void;
  cut(): void;
  undo(): void;
}

/** Watches all durable states until it is disposed. */
export class WatchedCells implements Disposable {
  /** What was changed too early, or differs after an undo. */
  readonly found: string[] = [];
  /** How many values were compared. */
  compared = 0;
  readonly #seen = new WeakMap<StateCell, string>();
  readonly #before: Pick<Watched, "keep" | "cut" | "undo">;

  constructor() {
    const cells = DurableCells.prototype as unknown as Watched;
    const { keep, cut, undo } = this.#before = { keep: cells.keep, cut: cells.cut, undo: cells.undo };
    // deno-lint-ignore no-this-alias
    const watch = this;
    cells.keep = function (cell) {
      watch.#compare(this, cell, "was changed before it was touched");
      keep.call(this, cell);
    };
    cells.cut = function () {
      const dirty = new Set(this.dirty);
      for (const { cells } of this.buckets) {
        for (const cell of cells) if (!dirty.has(cell)) watch.#compare(this, cell, "was changed and never touched");
      }
      cut.call(this);
      for (const cell of dirty) watch.#remember(cell);
    };
    cells.undo = function () {
      const dirty = this.dirty;
      undo.call(this);
      for (const cell of dirty) watch.#compare(this, cell, "is another one after an undo");
    };
  }

  [Symbol.dispose](): void {
    Object.assign(DurableCells.prototype, this.#before);
  }

  #remember(cell: StateCell): void {
    this.#seen.set(cell, shown(cell));
  }

  #compare({ name }: Watched, cell: StateCell, what: string): void {
    const before = this.#seen.get(cell);
    if (before === undefined) return;
    this.compared++;
    const now = shown(cell);
    if (now !== before) {
      this.found.push(`state "${name}", key ${Deno.inspect(cell.key)}: the value ${what}: ${before} is ${now}`);
    }
  }
}

function shown({ value }: StateCell): string {
  return value === undefined ? "nothing" : `${Deno.inspect(value)} (${encode(value).length} bytes)`;
}
