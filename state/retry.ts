/**
 * Retries with growing pauses and jitter, always on the clock that is passed in.
 *
 * @module
 */
import { pause, pauseAfter } from "../base/backoff.ts";
import type { WaitingClock } from "../base/clock.ts";
import { UnavailableError } from "./errors.ts";
import { RETRY_PAUSE } from "./limits.ts";

/** How long to wait for a store that is unavailable. */
export interface Patience {
  /** The clock for pauses. */
  readonly clock: WaitingClock;
  /** Milliseconds after which the last `UnavailableError` is rethrown. @default Infinity */
  readonly patience?: number;
  /** Called with each failure, and with `undefined` after the next success. */
  readonly trouble?: (error: UnavailableError | undefined) => void;
  /** Aborting it ends the retries at once. */
  readonly signal?: AbortSignal;
}

/** Counts the failures of one operation, and waits after each. */
export class Retry {
  #failures = 0;
  #until = NaN;

  /** @param options how long, and on which clock */
  constructor(readonly options: Patience) {}

  /** Waits before the next try. Rethrows the error when `patience` is exceeded. */
  async after(error: UnavailableError): Promise<void> {
    const { clock, patience = Infinity, trouble } = this.options;
    // A change of the wall clock must neither shorten nor prolong the wait.
    const now = () => clock.elapsed?.() ?? clock.now();
    if (this.#failures === 0) this.#until = now() + patience;
    trouble?.(error);
    const wait = pauseAfter(this.#failures++, RETRY_PAUSE, clock.random());
    if (now() + wait > this.#until) throw error;
    await waitOrThrow(this.options, wait, error);
  }

  /** Resets the count after a success. */
  worked(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.options.trouble?.(undefined);
  }
}

/** Waits that many milliseconds. Throws the error when the wait is ended, or was ended before. */
export async function waitOrThrow({ clock, signal }: Patience, ms: number, error: Error): Promise<void> {
  if (signal?.aborted) throw error;
  const { after } = clock;
  if (after === undefined) await clock.sleep(ms);
  else await pause({ after: (delay, run) => after.call(clock, delay, run) }, ms, signal);
  if (signal?.aborted) throw error;
}

/** Repeats an operation until the store answers. Only for operations that may run twice. */
export async function persist<T>(options: Patience, act: () => Promise<T>): Promise<T> {
  const retry = new Retry(options);
  for (;;) {
    try {
      const result = await act();
      retry.worked();
      return result;
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      await retry.after(error);
    }
  }
}
