/**
 * Trouble that is ridden out: each part of a reader reports its own once when it begins and once when it is over.
 *
 * @module
 */

import type { TimerClock } from "../../base/clock.ts";
import type { ReaderTrouble } from "../connector.ts";
import { isDisconnected } from "./errors.ts";
import { MOMENTS, UNANSWERED_TOLD } from "./limits.ts";

/** Counts what the parts of a reader suffer from. */
export class Trouble {
  readonly #report: (part: ReaderTrouble, error: Error | undefined) => void;
  readonly #failures = new Map<ReaderTrouble, number>();
  readonly #reported = new Set<ReaderTrouble>();

  constructor(report: (part: ReaderTrouble, error: Error | undefined) => void) {
    this.#report = report;
  }

  /**
   * A part could not do something, and tries again.
   *
   * @param cause What failed. That leaders and coordinators are just moving is not worth a word before it has lasted.
   * @param worded The same for people.
   */
  failed(part: ReaderTrouble, cause: unknown, worded: Error): void {
    const failures = (this.#failures.get(part) ?? 0) + 1;
    this.#failures.set(part, failures);
    if (isDisconnected(cause) || failures > MOMENTS) this.tell(part, worded);
  }

  /** A trouble that no passing moment explains. */
  tell(part: ReaderTrouble, worded: Error): void {
    this.#reported.add(part);
    this.#report(part, worded);
  }

  /** Waits for an answer. One that is held back for longer than a moment is told of; the part says itself when it works again. */
  async whileWaiting<T>(
    part: ReaderTrouble,
    answer: Promise<T>,
    { clock, worded }: { readonly clock: Pick<TimerClock, "after">; readonly worded: () => Error },
  ): Promise<T> {
    const cancel = clock.after(UNANSWERED_TOLD, () => this.tell(part, worded()));
    try {
      return await answer;
    } finally {
      cancel();
    }
  }

  /** A part works again. */
  works(part: ReaderTrouble): void {
    this.#failures.delete(part);
    if (this.#reported.delete(part)) this.#report(part, undefined);
  }
}
