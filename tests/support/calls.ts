/** Calls of an asynchronous function that a test answers. */
import type { CallContext } from "@tidemark/streams/operators";

/** A call under way. */
export interface Waiting<T, R> {
  readonly value: T;
  readonly attempt: number;
  readonly signal: AbortSignal;
  answer(result: R): void;
  refuse(error: unknown): void;
}

/** A service that answers when a test says so. */
export class Calls<T, R = T> {
  /** Every call, in order, answered or not. */
  readonly made: Waiting<T, R>[] = [];
  /** Calls without an answer whose signal is not aborted. */
  readonly waiting: Waiting<T, R>[] = [];
  /** The most calls that waited at the same time. */
  most = 0;

  /** The function for `asyncMap`. */
  readonly fn = (value: T, { attempt, signal }: CallContext): Promise<R> => {
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    const call: Waiting<T, R> = {
      value,
      attempt,
      signal,
      answer: (result) => this.#end(call, () => resolve(result)),
      refuse: (error) => this.#end(call, () => reject(error)),
    };
    signal.addEventListener("abort", () => call.refuse(signal.reason));
    this.made.push(call);
    this.waiting.push(call);
    this.most = Math.max(this.most, this.waiting.length);
    return promise;
  };

  /** The call that waits for an answer about a value for which this holds. */
  about(holds: (value: T) => boolean): Waiting<T, R> {
    const found = this.waiting.find(({ value }) => holds(value));
    if (found === undefined) throw new Error(`No call waits; ${this.waiting.length} others do.`);
    return found;
  }

  #end(call: Waiting<T, R>, settle: () => void): void {
    const at = this.waiting.indexOf(call);
    if (at >= 0) this.waiting.splice(at, 1);
    settle();
  }
}
