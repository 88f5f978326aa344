/**
 * Waiting and asking again.
 *
 * @module
 */

import { Backoff } from "../../base/backoff.ts";
import type { TimerClock } from "../../base/clock.ts";
import { isDisconnected, isPassing, KafkaError } from "./errors.ts";
import type { Line } from "./driver.ts";
import { RETRY_PAUSE } from "./limits.ts";

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
  { clock, limit, retries = isPassing, signal }: {
    readonly clock: TimerClock;
    readonly limit: number;
    readonly retries?: (error: unknown) => boolean;
    readonly signal?: AbortSignal;
  },
): Promise<T> {
  const backoff = new Backoff(RETRY_PAUSE, clock);
  const deadline = clock.elapsed() + limit;
  for (;;) {
    try {
      await line.connect();
      return await ask();
    } catch (error) {
      if (!retries(error) || clock.elapsed() >= deadline) throw error;
      if (isDisconnected(error)) line.renew();
      await backoff.wait(signal);
      if (signal?.aborted) throw new KafkaError("the connection was closed", { kind: "closed" });
    }
  }
}
