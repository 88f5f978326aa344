/**
 * The seam between the engine and the simulated world. Everything that the engine awaits goes through a caller. There a
 * process can be killed or paused, and requests and replies can be delayed, lost and repeated.
 *
 * @module
 */

/** The connection of one simulated process to the world outside of it. */
export interface Caller {
  /**
   * Sends a request to a simulated server. `effect` is what the server does when the request reaches it; it answers at
   * once, or later by a promise. An error that it throws is the server's refusal. `lost` creates the error that the
   * caller sees when the outcome stays unknown to it (a broken connection, a timeout), whether or not the effect took
   * place.
   */
  call<T>(what: string, effect: () => T | Promise<T>, lost: () => Error): Promise<T>;
}
