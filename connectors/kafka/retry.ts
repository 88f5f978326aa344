/**
 * Waiting and asking again.
 *
 * @module
 */

import { isDisconnected, isPassing, KafkaError } from "./errors.ts";
import type { Line } from "./driver.ts";
import { RETRY_FIRST_PAUSE, RETRY_LONGEST_PAUSE } from "./limits.ts";

/** Waits for so many milliseconds, or until the signal: it never rejects. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end);
  });
}

/** Pauses that double from try to try, with some chance in them so that many workers do not come at once. */
export class Backoff {
  #next = RETRY_FIRST_PAUSE;

  /** Waits a little longer than the last time. */
  async wait(signal?: AbortSignal): Promise<void> {
    const ms = this.#next * (0.75 + Math.random() / 2);
    this.#next = Math.min(this.#next * 2, RETRY_LONGEST_PAUSE);
    await pause(ms, signal);
  }

  /** It worked: the next failure waits shortly again. */
  reset(): void {
    this.#next = RETRY_FIRST_PAUSE;
  }
}

/**
 * Connects and asks, again and again while the failure is of a kind that passes, for at most `limit` milliseconds.
 *
 * @param ask What may be asked twice without harm.
 *
 * @throws The last failure.
 */
export async function askUntil<T>(
  line: Line,
  ask: () => Promise<T>,
  { limit, retries = isPassing, signal }: {
    readonly limit: number;
    readonly retries?: (error: unknown) => boolean;
    readonly signal?: AbortSignal;
  },
): Promise<T> {
  const backoff = new Backoff();
  const deadline = performance.now() + limit;
  for (;;) {
    try {
      await line.connect();
      return await ask();
    } catch (error) {
      if (!retries(error) || performance.now() >= deadline) throw error;
      if (isDisconnected(error)) line.renew();
      await backoff.wait(signal);
      if (signal?.aborted) throw new KafkaError("the connection was closed", { kind: "closed" });
    }
  }
}
