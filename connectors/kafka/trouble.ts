/**
 * Trouble that the reader waits out. Each part of a reader reports its trouble once when it begins and once when it
 * ends.
 *
 * @module
 */

import type { TimerClock } from "../../base/clock.ts";
import type { ReaderTrouble } from "../connector.ts";
import { isDisconnected } from "./errors.ts";
import { MOMENTS, UNANSWERED_TOLD } from "./limits.ts";

/** Tracks the troubles of a reader's parts. */
export class Trouble {
  readonly #report: (part: ReaderTrouble, error: Error | undefined) => void;
  readonly #failures = new Map<ReaderTrouble, number>();
  readonly #reported = new Set<ReaderTrouble>();

  constructor(report: (part: ReaderTrouble, error: Error | undefined) => void) {
    this.#report = report;
  }

  /**
   * A part has failed and will try again.
   *
   * @param cause the failure. Failures of moving leaders and coordinators are reported only when they last
   * @param worded the failure as a message
   */
  failed(part: ReaderTrouble, cause: unknown, worded: Error): void {
    const failures = (this.#failures.get(part) ?? 0) + 1;
    this.#failures.set(part, failures);
    if (isDisconnected(cause) || failures > MOMENTS) this.tell(part, worded);
  }

  /** Reports a trouble that will not pass in a moment. */
  tell(part: ReaderTrouble, worded: Error): void {
    this.#reported.add(part);
    this.#report(part, worded);
  }

  /** Waits for an answer, and reports one that takes long. The part itself reports that it works again. */
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

  /** Reports that a part works again. */
  works(part: ReaderTrouble): void {
    this.#failures.delete(part);
    if (this.#reported.delete(part)) this.#report(part, undefined);
  }
}
