/**
 * Watches a thread from another one. A run that never waits does not let its own thread report anything.
 *
 * @module
 */

/** The place for the number of the current run, and the place where a timer of the thread counts. */
const RUN = 0, BEATS = 1;
const BEAT_MS = 200;

/** What the watching thread knows of the watched one. */
export class Watch {
  /** Memory that the watched thread gets. */
  readonly memory = new Int32Array(new SharedArrayBuffer(8));
  #beats = -1;
  #since = NaN;
  #ended = false;

  /** The thread has done what it had to do, and gives no more signs. */
  end(): void {
    this.#ended = true;
  }

  /** The number of the run under way there. */
  get run(): number {
    return Atomics.load(this.memory, RUN);
  }

  /** For how long its timer has not run, in milliseconds, as of the last look; 0 when it has ended. */
  silentFor(now: number): number {
    if (this.#ended) return 0;
    const beats = Atomics.load(this.memory, BEATS);
    if (beats !== this.#beats) {
      this.#beats = beats;
      this.#since = now;
    }
    return now - this.#since;
  }
}

/** Called in the watched thread. Returns the function that reports each run at its beginning. */
export function giveSigns(memory: Int32Array): (run: number) => void {
  setInterval(() => Atomics.add(memory, BEATS, 1), BEAT_MS);
  return (run) => void Atomics.store(memory, RUN, run);
}
