/**
 * Cells of a keyed state that wait until the watermark reaches their time.
 *
 * They are reached in the order of their times, and within one time in the order in which they were added, which after a
 * restart is that of their namespaces. The order is in memory only, and is rebuilt from the cells.
 *
 * @module
 */
import { ByTime } from "./_by_time.ts";
import type { Due } from "./_due.ts";
import type { Stage } from "./_stage.ts";
import type { Cell, Key, KeyedState } from "./keyed_state.ts";

/** What is kept with its event time. */
export interface Timed {
  readonly time: number;
}

/** The cells that wait, of one state. */
export class Waiting<K extends Key, V extends Timed> implements Due {
  /** A field and not a getter, because each watermark reads it. */
  next = Infinity;
  readonly #cells = new ByTime<Cell<K, V>>();

  /** @param reached called with each cell whose time is reached. It removes the cell from the state */
  constructor(readonly state: KeyedState<K, V>, readonly reached: (cell: Cell<K, V>) => void) {}

  /** Finds the cells of the checkpoint. Returns the greatest namespace, or 0. */
  open(): number {
    let last = 0;
    for (const cell of cellsByTime(this.state)) {
      last = Math.max(last, cell.namespace);
      this.add(cell);
    }
    return last;
  }

  /** A cell that was empty was written. */
  add(cell: Cell<K, V>): void {
    const { time } = cell.value!;
    this.#cells.add(time, cell);
    if (time < this.next) this.next = time;
  }

  fire(): void {
    const cell = this.#cells.take();
    this.next = this.#cells.least;
    this.reached(cell);
  }
}

/** All cells of a state in the order of their times, and then of their namespaces. */
export function cellsByTime<K extends Key, V extends Timed>(state: KeyedState<K, V>): Cell<K, V>[] {
  const cells: Cell<K, V>[] = [];
  for (const namespace of state.namespaces()) for (const cell of state.cells(namespace)) cells.push(cell);
  return cells.sort((a, b) => a.value!.time - b.value!.time || a.namespace - b.namespace);
}

/** Emits a result for a cell at a time. A failure meanwhile is attributed to the cell's key and that time. */
export function emitFor(stage: Stage, state: string, { key, namespace }: Cell, time: number, emit: () => void): void {
  if (stage.alone) return stage.atTimerAlone(time, key, time, emit);
  stage.atTimer({ state, key, namespace: time, index: namespace, result: undefined, timer: "event" }, time, emit);
}
