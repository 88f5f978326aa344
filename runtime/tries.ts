/**
 * Repeats tries while something cannot be reached, until the user's limit.
 *
 * @module
 */
import { Backoff } from "../base/backoff.ts";
import type { Clock } from "../base/clock.ts";
import { FencedError, UnavailableError } from "../state/mod.ts";
import { RETRY_PAUSE } from "./limits.ts";

/** The tries of one operation. */
export class Tries {
  readonly #backoff: Backoff;
  readonly #began: number;

  /**
   * @param clock where time comes from
   * @param giveUpAfter how long to go on, in milliseconds
   */
  constructor(readonly clock: Clock, readonly giveUpAfter: number) {
    this.#backoff = new Backoff(RETRY_PAUSE, clock);
    this.#began = clock.elapsed();
  }

  /** How many tries have failed. */
  get count(): number {
    return this.#backoff.tries;
  }

  /**
   * Waits before the next try after an error that may pass: something cannot be reached, or another owner has a task.
   * Throws every other error.
   */
  async waitOut(error: unknown, signal?: AbortSignal): Promise<void> {
    if (!(error instanceof UnavailableError || error instanceof FencedError)) throw error;
    await this.wait(error, signal);
  }

  /** Waits, at most until the signal is aborted. Throws the error when the limit has passed. */
  async wait(error: Error, signal?: AbortSignal): Promise<void> {
    if (this.clock.elapsed() - this.#began >= this.giveUpAfter) throw error;
    await this.#backoff.wait(signal);
  }
}
