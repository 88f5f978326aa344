/**
 * Trying again at something that is away, until the user's limit.
 *
 * @module
 */
import { Backoff } from "../base/backoff.ts";
import type { Clock } from "../base/clock.ts";
import { FencedError, UnavailableError } from "../state/mod.ts";
import { RETRY_PAUSE } from "./limits.ts";

/** How long one undertaking is tried. */
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

  /** The same after what may be otherwise next time: something is away, or somebody took what is ours. Throws every other error. */
  async waitOut(error: unknown): Promise<void> {
    if (!(error instanceof UnavailableError || error instanceof FencedError)) throw error;
    await this.wait(error);
  }

  /** Waits, or until the signal; throws the error once the limit has passed. */
  async wait(error: Error, signal?: AbortSignal): Promise<void> {
    if (this.clock.elapsed() - this.#began >= this.giveUpAfter) throw error;
    await this.#backoff.wait(signal);
  }
}
