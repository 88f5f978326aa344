/**
 * Decides how much is written at once, from what the broker has accepted so far.
 *
 * A transaction must end before its timeout, or the broker aborts it and everything is written again. So records are
 * sent in pieces, and when the time runs out, the transaction ends with the pieces written so far. A quota lets a burst
 * pass, and then stops the connection in proportion to the excess. So a piece is only a part of what was accepted
 * before.
 *
 * @module
 */

import type { TimerClock } from "../../base/clock.ts";
import { FIRST_PIECE_BYTES, PIECE_SHARE, PRODUCE_BYTES, SHOWN_FOR, SMALLEST_PIECE_BYTES } from "./limits.ts";

/** What one cluster has accepted. */
export class Pace {
  /** Bytes that were accepted recently; earlier ones count less. */
  #shown = 0;
  #at = -Infinity;
  /** After a slow piece: the size that would have been fast enough. */
  #piece = Infinity;
  /** After a transaction whose time ran out: its size. */
  #transaction = Infinity;

  /** @param timeout how long a transaction may take, in milliseconds */
  constructor(readonly clock: Pick<TimerClock, "elapsed">, readonly timeout: number) {}

  /** The largest size of the next piece, in bytes. */
  get piece(): number {
    const shown = Math.max(FIRST_PIECE_BYTES, this.#recent() * PIECE_SHARE);
    return Math.min(PRODUCE_BYTES, shown, this.#piece);
  }

  /** The planned size of the next transaction, in bytes. */
  get transaction(): number {
    return this.#transaction;
  }

  /** Whether a transaction that began at this time has time for another piece. */
  hasTime(began: number): boolean {
    return this.clock.elapsed() - began < this.timeout / 4;
  }

  /** A piece was written. It took this many milliseconds until the next one could be sent. */
  wrote(bytes: number, ms: number): void {
    this.#shown = this.#recent() + bytes;
    this.#at = this.clock.elapsed();
    const quick = this.timeout / 8;
    if (ms > quick) this.#piece = Math.max(SMALLEST_PIECE_BYTES, Math.min(this.#piece, bytes * quick / ms));
    else if (ms < quick / 2) this.#piece = grown(this.#piece);
  }

  /** A transaction has ended, with this many bytes after this many milliseconds. `whole`: it had its planned size. */
  ended(bytes: number, ms: number, whole: boolean): void {
    if (!whole) this.#transaction = Math.max(SMALLEST_PIECE_BYTES, bytes);
    else if (ms < this.timeout / 8) this.#transaction = grown(this.#transaction);
  }

  #recent(): number {
    return this.#shown * Math.exp((this.#at - this.clock.elapsed()) / SHOWN_FOR);
  }
}

function grown(bytes: number): number {
  return bytes > PRODUCE_BYTES ? Infinity : bytes * 2;
}
