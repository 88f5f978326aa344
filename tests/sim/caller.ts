/**
 * The seam between the engine and the simulated world: everything that the engine awaits goes through a caller, which is where a
 * process can be killed or paused, and where requests and replies are delayed, lost and repeated.
 *
 * @module
 */

/** One simulated process's way to the world outside of it. */
export interface Caller {
  /**
   * Asks a simulated server. `effect` is what the server does, at the moment when the request reaches it; it may answer at once, or
   * later by a promise. What it throws or rejects with is the server's own refusal. `lost` makes the error that the caller sees when
   * the outcome stays unknown to it (its connection broke, its patience ended), whether or not the effect took place.
   */
  call<T>(what: string, effect: () => T | Promise<T>, lost: () => Error): Promise<T>;
}
