/**
 * Watches over a thread: a run that goes on and on without ever waiting for anything outside never lets its thread speak, so it is
 * seen from another one.
 *
 * @module
 */

/** Where a thread says which run is under way, and where its timer counts. */
const RUN = 0, BEATS = 1;
const BEAT_MS = 200;

/** What the watching thread knows of another one. */
export class Watch {
  /** Goes to the thread that is watched. */
  readonly memory = new Int32Array(new SharedArrayBuffer(8));
  #beats = -1;
  #since = NaN;

  /** The number of the run that is under way there. */
  get run(): number {
    return Atomics.load(this.memory, RUN);
  }

  /** For how long its timer has not run, in milliseconds, as far as it was looked at. */
  silentFor(now: number): number {
    const beats = Atomics.load(this.memory, BEATS);
    if (beats !== this.#beats) {
      this.#beats = beats;
      this.#since = now;
    }
    return now - this.#since;
  }
}

/** Called in the thread that is watched. Returns what says which run begins. */
export function giveSigns(memory: Int32Array): (run: number) => void {
  setInterval(() => Atomics.add(memory, BEATS, 1), BEAT_MS);
  return (run) => void Atomics.store(memory, RUN, run);
}
