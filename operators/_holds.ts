/**
 * Holds: while a stage has a value in flight, it keeps the watermark that it forwards below the value's time.
 *
 * @module
 */
import { Heap } from "./_heap.ts";
import type { Task } from "./_task.ts";

/** Holds the watermark back, and keeps the task from ending, until it is released. */
export interface Hold {
  /** The watermark that is forwarded stays below it, in milliseconds. */
  readonly time: number;
  /** Releases the hold. A second call does nothing. */
  release(): void;
}

/** The holds of one stage. */
export class Holds {
  /** How many holds are not released. */
  size = 0;
  /** How many holds there are at each time. */
  readonly #counts = new Map<number, number>();
  readonly #times = new Heap();

  /** @param released called after each release */
  constructor(readonly task: Task, readonly released: () => void) {}

  /** The highest watermark that may be forwarded. */
  get limit(): number {
    for (;;) {
      const least = this.#times.least;
      if (least === undefined) return Infinity;
      if (this.#counts.has(least)) return least - 1;
      this.#times.pop();
    }
  }

  add(time: number): Hold {
    const count = this.#counts.get(time);
    this.#counts.set(time, (count ?? 0) + 1);
    if (count === undefined) this.#times.push(time);
    this.size++;
    this.task.held++;
    let held = true;
    return {
      time,
      release: () => {
        if (!held) return;
        held = false;
        this.#remove(time);
        this.released();
      },
    };
  }

  /** Releases all holds, because the subscription is over. */
  clear(): void {
    this.task.held -= this.size;
    this.size = 0;
    this.#counts.clear();
  }

  #remove(time: number): void {
    if (this.size === 0) return;
    const count = this.#counts.get(time)! - 1;
    if (count > 0) this.#counts.set(time, count);
    else this.#counts.delete(time);
    this.size--;
    this.task.held--;
  }
}
