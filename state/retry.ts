/**
 * Waiting and trying again: always through the clock that is passed in, longer from time to time, with jitter.
 *
 * @module
 */
import { pauseAfter } from "../base/backoff.ts";
import type { WaitingClock } from "../base/clock.ts";
import { UnavailableError } from "./errors.ts";
import { RETRY_PAUSE } from "./limits.ts";

/** How long somebody waits for a store that cannot be asked. */
export interface Patience {
  /** Where time comes from. */
  readonly clock: WaitingClock;
  /** Milliseconds after which the last `UnavailableError` is thrown on. @default Infinity */
  readonly patience?: number;
  /** Told of each failure, and with `undefined` when it is over. */
  readonly trouble?: (error: UnavailableError | undefined) => void;
  /** Gives up at once when it is aborted. */
  readonly signal?: AbortSignal;
}

/** Keeps count of the failures of one undertaking, and waits after each. */
export class Retry {
  #failures = 0;
  #until = NaN;

  /** @param options how long, and on which clock */
  constructor(readonly options: Patience) {}

  /** Waits before the next try; throws the error on when patience is at its end. */
  async after(error: UnavailableError): Promise<void> {
    const { clock, patience = Infinity, trouble, signal } = this.options;
    // The wall clock may be set meanwhile, which must neither end nor prolong the wait.
    const now = () => clock.elapsed?.() ?? clock.now();
    if (this.#failures === 0) this.#until = now() + patience;
    trouble?.(error);
    const wait = pauseAfter(this.#failures++, RETRY_PAUSE, clock.random());
    if (signal?.aborted || now() + wait > this.#until) throw error;
    await clock.sleep(wait);
  }

  /** It has worked: the next failure is a first one again. */
  worked(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.options.trouble?.(undefined);
  }
}

/** Does something until the store answers. Only for what may be done twice. */
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
