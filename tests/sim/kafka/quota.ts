/**
 * A producer quota: a producer that exceeds it gets its answer at once, and the broker then ignores its connection for
 * a while.
 *
 * @module
 */

/** How much may be sent at once after a rest, as milliseconds of the rate. */
const BURST_MS = 1000;

export class Quota {
  /** The limit for all producers together, in bytes per second. */
  bytesPerSecond = Infinity;
  /** The time until which the bytes sent so far would take at that rate, in virtual milliseconds. */
  #spentUntil = -Infinity;

  constructor(readonly now: () => number) {}

  /** Counts sent bytes. Returns until when the connection is ignored, in virtual milliseconds. */
  spend(bytes: number): number {
    if (this.bytesPerSecond === Infinity) return -Infinity;
    this.#spentUntil = Math.max(this.#spentUntil, this.now() - BURST_MS) + bytes / this.bytesPerSecond * 1000;
    return this.#spentUntil;
  }
}
