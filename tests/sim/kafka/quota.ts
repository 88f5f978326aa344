/**
 * A producer quota: whoever has sent more than it may is answered at once, and its connection is not listened to for a while.
 *
 * @module
 */

/** How much may be sent at once after a rest, in milliseconds of the rate. */
const BURST_MS = 1000;

export class Quota {
  /** Bytes a second that all producers may send. */
  bytesPerSecond = Infinity;
  /** Until when what was sent would have taken at that rate, in virtual milliseconds. */
  #spentUntil = -Infinity;

  constructor(readonly now: () => number) {}

  /** So many bytes were sent. Returns until when the connection is not listened to, in virtual milliseconds. */
  spend(bytes: number): number {
    if (this.bytesPerSecond === Infinity) return -Infinity;
    this.#spentUntil = Math.max(this.#spentUntil, this.now() - BURST_MS) + bytes / this.bytesPerSecond * 1000;
    return this.#spentUntil;
  }
}
