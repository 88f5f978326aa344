/**
 * Pauses between retries. Each is longer than the one before, up to a limit. They are randomised, so that many clients
 * do not retry at the same moment.
 *
 * @module
 */
import type { TimerClock } from "./clock.ts";
import type { PauseLimits } from "./limits.ts";

/** The pauses between the retries of one operation. */
export class Backoff {
  /** How many pauses there were since the last success. */
  tries = 0;

  /**
   * @param limits the first pause and the longest
   * @param clock the source of timers and randomness
   */
  constructor(readonly limits: PauseLimits, readonly clock: Pick<TimerClock, "after" | "random">) {}

  /** Waits longer than the last time, or until the signal is aborted. Never rejects. */
  async wait(signal?: AbortSignal): Promise<void> {
    await pause(this.clock, pauseAfter(this.tries++, this.limits, this.clock.random()), signal);
  }

  /** Resets the pauses after a success, so that the next failure waits for the first pause again. */
  reset(): void {
    this.tries = 0;
  }
}

/**
 * The milliseconds to wait after a failure. They double with each failure, plus or minus a quarter.
 *
 * @param failures how many failures came before this one
 * @param limits the first pause and the longest
 * @param random at least 0, below 1
 */
export function pauseAfter(failures: number, { first, longest }: PauseLimits, random: number): number {
  return Math.min(longest, first * 2 ** Math.min(failures, 30)) * (0.75 + random / 2);
}

/** Waits for `ms` milliseconds, or until the signal is aborted. Never rejects. */
export function pause(clock: Pick<TimerClock, "after">, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    signal?.addEventListener("abort", end);
  });
}
