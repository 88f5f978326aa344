/**
 * The wall clock of pipelines without a job: RxJS's own scheduler, so that processing time is virtual inside of
 * `TestScheduler.run()` and with fake timers, as it is for RxJS's operators.
 *
 * @module
 */
import { asyncScheduler } from "rxjs";

/** The longest delay that a timer of JavaScript can have, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** Milliseconds since 1970. */
export function wallTime(): number {
  return asyncScheduler.now();
}

/** Calls a function after this many milliseconds. Returns a function that cancels it. */
export function afterWallTime(ms: number, run: () => void): () => void {
  const scheduled = asyncScheduler.schedule(run, Math.min(ms, LONGEST));
  return () => scheduled.unsubscribe();
}

/** Rings at one time at most: setting a new time replaces the one before. */
export class Alarm {
  #time = Infinity;
  #cancel: (() => void) | undefined;

  /** @param ring called when the time has come, or earlier where it is very far */
  constructor(readonly ring: () => void) {}

  /** Rings at this time; Infinity: not at all. */
  set(time: number): void {
    if (time === this.#time) return;
    this.#cancel?.();
    this.#time = time;
    this.#cancel = undefined;
    if (time === Infinity) return;
    const delay = Math.min(Math.max(0, time - wallTime()), LONGEST);
    const scheduled = asyncScheduler.schedule(() => {
      this.#time = Infinity;
      this.#cancel = undefined;
      this.ring();
    }, delay);
    this.#cancel = () => scheduled.unsubscribe();
  }
}
