/**
 * Waiting between tries: longer each time, with jitter, until the user's limit.
 *
 * @module
 */
import { FencedError, UnavailableError } from "../state/mod.ts";
import type { RuntimeClock } from "./clock.ts";
import { RETRY_MS } from "./limits.ts";

export class Backoff {
  tries = 0;
  #next: number = RETRY_MS.first;
  readonly #began: number;

  /**
   * @param clock where time comes from
   * @param giveUpAfter how long to go on, in milliseconds
   */
  constructor(readonly clock: RuntimeClock, readonly giveUpAfter: number) {
    this.#began = clock.elapsed();
  }

  /** The same after what may be otherwise next time: something is away, or somebody took what is ours. Throws every other error. */
  async waitOut(error: unknown): Promise<void> {
    if (!(error instanceof UnavailableError || error instanceof FencedError)) throw error;
    await this.wait(error);
  }

  /** Waits; throws the error once the limit has passed. */
  async wait(error: Error): Promise<void> {
    if (this.clock.elapsed() - this.#began >= this.giveUpAfter) throw error;
    this.tries++;
    await this.clock.sleep(this.#next * (0.5 + this.clock.random()));
    this.#next = Math.min(this.#next * 2, RETRY_MS.longest);
  }
}
