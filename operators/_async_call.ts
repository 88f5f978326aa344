/**
 * One call of a user's asynchronous function: its attempts, their timeouts, and the pauses between them.
 *
 * Invariants:
 * - one attempt is under way at a time; the outcome of an earlier one, and any outcome after `stop()`, is ignored;
 * - no promise of the function is left without a handler, so that a late rejection is never unhandled.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { pauseAfter } from "../base/backoff.ts";
import type { PauseLimits } from "../base/limits.ts";
import { errorOf } from "../base/thrown.ts";

/** What a function is called with besides the value. */
export interface CallContext {
  /** Aborted when the attempt has timed out, and when the job stops or makes the call anew. */
  readonly signal: AbortSignal;
  /** Which attempt this is, from 1. After a restart it counts from 1 again. */
  readonly attempt: number;
}

/** The parts of a call that all calls of a stage share. */
export interface CallParts<T, R> {
  readonly label: string;
  readonly fn: (value: T, context: CallContext) => PromiseLike<R> | R;
  /** The longest time of an attempt, in milliseconds; Infinity: no limit. */
  readonly timeout: number;
  /** How many attempts may follow the first. */
  readonly retries: number;
  readonly pauses: PauseLimits;
  /** Whether an error may pass by itself. */
  readonly when: ((error: Error, attempt: number) => boolean) | undefined;
  /** Timers and randomness: those of the job, or of RxJS without one. */
  readonly clock: Pick<Clock, "after" | "random">;
}

/** The value of a call, and what hears of it. */
export interface Caller<T, R> {
  /** The value for the next attempt. */
  argument(attempt: number): T;
  /** The pause is over: `begin()` should be called, in a push. */
  again(): void;
  succeeded(result: R): void;
  failed(error: Error): void;
}

/** One attempt. The signal is made when it is asked for, because most functions do not use it. */
class Attempt implements CallContext {
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  constructor(readonly attempt: number) {}

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}

/** A call. */
export class Call<T, R> {
  attempts = 0;
  #current: Attempt | undefined;
  #cancel: (() => void) | undefined;
  #over = false;

  constructor(readonly parts: CallParts<T, R>, readonly caller: Caller<T, R>) {}

  /** Makes the first or the next attempt. */
  begin(): void {
    if (this.#over) return;
    const { parts, caller } = this;
    const attempt = this.#current = new Attempt(++this.attempts);
    let returned: PromiseLike<R> | R;
    try {
      returned = parts.fn(caller.argument(attempt.attempt), attempt);
    } catch (error) {
      return this.#failed(attempt, error);
    }
    if (!isPromise(returned)) return this.#succeeded(attempt, returned);
    if (parts.timeout < Infinity) {
      this.#cancel = parts.clock.after(parts.timeout, () => this.#timedOut(attempt));
    }
    Promise.resolve(returned).then(
      (result) => this.#succeeded(attempt, result),
      (error) => this.#failed(attempt, error),
    );
  }

  /** Ends the call: its signal is aborted, and its outcome is ignored. */
  stop(): void {
    if (this.#over) return;
    const { parts } = this;
    this.#end();
    this.#current?.abort(new DOMException(`The call of ${parts.label} is not needed any more`, "AbortError"));
    this.#current = undefined;
  }

  #succeeded(attempt: Attempt, result: R): void {
    if (this.#current !== attempt) return;
    this.#end();
    this.#current = undefined;
    this.caller.succeeded(result);
  }

  #timedOut(attempt: Attempt): void {
    if (this.#current !== attempt) return;
    const { timeout, label } = this.parts;
    const error = new DOMException(`A call of ${label} had no answer after ${timeout} ms`, "TimeoutError");
    // Its own failure, which the abortion causes, is ignored.
    this.#current = undefined;
    attempt.abort(error);
    if (!this.#over) this.#failedAt(attempt, error);
  }

  #failed(attempt: Attempt, thrown: unknown): void {
    if (this.#current !== attempt) return;
    this.#current = undefined;
    this.#failedAt(attempt, errorOf(thrown));
  }

  #failedAt({ attempt }: Attempt, error: Error): void {
    const { parts, caller } = this;
    this.#cancel?.();
    this.#cancel = undefined;
    let again = attempt <= parts.retries, reason = error;
    try {
      again &&= parts.when?.(error, attempt) ?? true;
    } catch (thrown) {
      again = false;
      reason = errorOf(thrown);
    }
    if (!again) {
      this.#end();
      return caller.failed(reason);
    }
    const { clock, pauses } = parts;
    this.#cancel = clock.after(pauseAfter(attempt - 1, pauses, clock.random()), () => {
      this.#cancel = undefined;
      caller.again();
    });
  }

  #end(): void {
    this.#over = true;
    this.#cancel?.();
    this.#cancel = undefined;
  }
}

function isPromise<R>(returned: PromiseLike<R> | R): returned is PromiseLike<R> {
  return typeof (returned as PromiseLike<R> | null | undefined)?.then === "function";
}
