/**
 * Connects and repeats requests.
 *
 * @module
 */

import { Backoff } from "../../base/backoff.ts";
import type { TimerClock } from "../../base/clock.ts";
import { isDisconnected, isPassing, KafkaError } from "./errors.ts";
import type { Line } from "./driver.ts";
import { RETRY_PAUSE } from "./limits.ts";

/**
 * Connects and runs a request. Repeats it while the failure is one that may pass, for at most `limit` milliseconds.
 *
 * @param ask a request that may be repeated without harm
 *
 * @throws {Error} when the request fails otherwise, or the time is over: the last failure
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
