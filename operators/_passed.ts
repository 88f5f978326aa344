/**
 * The times of the values that `deduplicate` has let pass, by key.
 *
 * Times of a key are at least `within` apart, so in each span of that length a key has one at most. The span's number is
 * the namespace, and a whole span is forgotten at once.
 *
 * @module
 */
import type { Stage } from "./_stage.ts";
import { Calendar } from "./_timers.ts";
import type { Key, KeyedState } from "./keyed_state.ts";

/** What has passed in one subscription. */
export class Passed {
  readonly #state: KeyedState<Key, number>;
  /** When each span is forgotten: when no value that is not too late can be near it. */
  readonly #gone = new Calendar((span) => this.#state.drop(span));
  /** The span that was scheduled last; the next value mostly belongs to it. */
  #scheduled = NaN;

  /** @param within how close two times must be, so that only the first passes, in milliseconds */
  constructor(readonly stage: Stage, readonly within: number) {
    this.#state = stage.state({ namespaced: true });
    stage.due(this.#gone);
  }

  /** Schedules the spans of the checkpoint. `within` may have had another value when they were stored. */
  open(): void {
    for (const stored of [...this.#state.namespaces()]) {
      for (const cell of [...this.#state.cells(stored)]) {
        const { key, value: time } = cell, span = this.#spanOf(time!);
        if (span !== stored) {
          this.#state.write(cell, undefined);
          const moved = this.#state.cell(key, span);
          if (!(moved.value! > time!)) this.#state.write(moved, time);
        }
        this.#forgetLater(span);
      }
    }
  }

  /** Whether the times near this one may be forgotten already, so that a value cannot be judged. */
  isTooLate(time: number): boolean {
    return time < this.stage.watermark - this.within;
  }

  /** Whether a value of this key and time may pass. If so, it has passed. */
  pass(key: Key, time: number): boolean {
    const span = this.#spanOf(time);
    if (this.#isNear(key, span, time) || this.#isNear(key, span - 1, time) || this.#isNear(key, span + 1, time)) {
      return false;
    }
    const cell = this.#state.cell(key, span);
    this.stage.meet(cell.key);
    this.#state.write(cell, time);
    this.#forgetLater(span);
    return true;
  }

  #isNear(key: Key, span: number, time: number): boolean {
    const near = this.#state.find(key, span);
    return near !== undefined && Math.abs(near.value! - time) < this.within;
  }

  #spanOf(time: number): number {
    return Math.floor(time / this.within);
  }

  #forgetLater(span: number): void {
    if (span === this.#scheduled) return;
    this.#scheduled = span;
    this.#gone.set((span + 3) * this.within - 1, span);
  }
}
