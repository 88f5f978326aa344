/**
 * How much is written at once: from what the broker has shown that it takes.
 *
 * A transaction must be over before its time is, or the broker aborts it and everything is written again. So records go out in
 * pieces, and where the time runs out, the transaction ends with what is written by then. A quota lets a burst pass and then stops
 * the connection for as long as the burst was too large: a piece is therefore never more than a part of what was taken before it.
 *
 * @module
 */

import type { TimerClock } from "../../base/clock.ts";
import { FIRST_PIECE_BYTES, PIECE_SHARE, PRODUCE_BYTES, SHOWN_FOR, SMALLEST_PIECE_BYTES } from "./limits.ts";

/** What one cluster has shown. */
export class Pace {
  /** Bytes that were taken of late; what lies further back counts less. */
  #shown = 0;
  #at = -Infinity;
  /** After a slow piece, what would have been quick enough. */
  #piece = Infinity;
  /** After a transaction whose time ran out, what it held. */
  #transaction = Infinity;

  /** @param timeout How long a transaction may take, in milliseconds. */
  constructor(readonly clock: Pick<TimerClock, "elapsed">, readonly timeout: number) {}

  /** How many bytes the next piece may have. */
  get piece(): number {
    const shown = Math.max(FIRST_PIECE_BYTES, this.#recent() * PIECE_SHARE);
    return Math.min(PRODUCE_BYTES, shown, this.#piece);
  }

  /** How many bytes the next transaction is planned to have. */
  get transaction(): number {
    return this.#transaction;
  }

  /** Whether a transaction that began then has time for a further piece. */
  hasTime(began: number): boolean {
    return this.clock.elapsed() - began < this.timeout / 4;
  }

  /** A piece was written, and it took so many milliseconds until the next one could go. */
  wrote(bytes: number, ms: number): void {
    this.#shown = this.#recent() + bytes;
    this.#at = this.clock.elapsed();
    const quick = this.timeout / 8;
    if (ms > quick) this.#piece = Math.max(SMALLEST_PIECE_BYTES, Math.min(this.#piece, bytes * quick / ms));
    else if (ms < quick / 2) this.#piece = grown(this.#piece);
  }

  /** A transaction is over: with so many bytes, after so many milliseconds; `whole`: it held what it was planned to hold. */
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
