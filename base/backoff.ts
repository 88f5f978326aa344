/**
 * Pauses between tries: longer from try to try, up to a longest one, with some chance in them so that many do not come at once.
 *
 * @module
 */
import type { TimerClock } from "./clock.ts";
import type { PauseLimits } from "./limits.ts";

/** The pauses of one undertaking. */
export class Backoff {
  /** How many pauses there were since it last worked. */
  tries = 0;

  /**
   * @param limits the first pause and the longest
   * @param clock where time and chance come from
   */
  constructor(readonly limits: PauseLimits, readonly clock: Pick<TimerClock, "after" | "random">) {}

  /** Waits a little longer than the last time, or until the signal: it never rejects. */
  async wait(signal?: AbortSignal): Promise<void> {
    await pause(this.clock, pauseAfter(this.tries++, this.limits, this.clock.random()), signal);
  }

  /** It worked: the next failure waits shortly again. */
  reset(): void {
    this.tries = 0;
  }
}

/**
 * The milliseconds to wait after a failure: doubled from one to the next, give or take a quarter.
 *
 * @param failures how many there were before it, from 0
 * @param limits the first pause and the longest
 * @param random at least 0, below 1
 */
export function pauseAfter(failures: number, { first, longest }: PauseLimits, random: number): number {
  return Math.min(longest, first * 2 ** Math.min(failures, 30)) * (0.75 + random / 2);
}

/** Waits for so many milliseconds, or until the signal: it never rejects. */
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
