/**
 * A clock that moves only on request.
 *
 * @module
 */
import { type Clock, rest, systemClock } from "../base/clock.ts";
import { STEP_MS, STEPS } from "./limits.ts";

/** A clock that moves only when `advance` is called. */
export class VirtualClock implements Clock {
  #now: number;
  readonly #began: number;
  readonly #timers = new Set<{ readonly at: number; readonly run: () => void }>();

  /**
   * @param start milliseconds since 1970
   * @param random gives numbers of at least 0, below 1; lives of a job must not get the same ones, because fences come
   * from them
   */
  constructor(start: number, readonly random: () => number) {
    this.#now = start;
    this.#began = start;
  }

  readonly now = (): number => this.#now;
  readonly elapsed = (): number => this.#now - this.#began;
  readonly sleep = (ms: number): Promise<void> => new Promise((resolve) => void this.after(ms, resolve));

  /** Resolves at once, because there is no input and output to wait for. */
  readonly turn = (): Promise<void> => Promise.resolve();

  /** Uses real randomness. Results do not depend on ids; they only have to differ. */
  readonly id = (): string => systemClock.id();

  readonly after = (ms: number, run: () => void): () => void => {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };

  /**
   * Moves the clock forward in steps. Due timers fire in order, and their effects are complete before the next step.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    const step = Math.max(STEP_MS, Math.ceil(ms / STEPS));
    while (this.#now < end) {
      this.#now = Math.min(end, this.#now + step);
      for (const timer of this.#due()) if (this.#timers.delete(timer)) timer.run();
      await rest();
    }
  }

  #due(): { readonly at: number; readonly run: () => void }[] {
    return [...this.#timers].filter(({ at }) => at <= this.#now).sort((a, b) => a.at - b.at);
  }
}
