/**
 * Trouble that is ridden out is reported once when it begins and once when all of it is over.
 *
 * @module
 */

import { isDisconnected } from "./errors.ts";
import { MOMENTS } from "./limits.ts";

/** Collects what the parts of a reader suffer from. */
export class Trouble {
  readonly #report: (error: Error | undefined) => void;
  readonly #failures = new Map<string, number>();
  #reported = false;

  constructor(report: (error: Error | undefined) => void) {
    this.#report = report;
  }

  /**
   * A part could not do something, and tries again.
   *
   * @param cause What failed. That leaders and coordinators are just moving is not worth a word before it has lasted.
   * @param worded The same for people.
   */
  failed(part: string, cause: unknown, worded: Error): void {
    const failures = (this.#failures.get(part) ?? 0) + 1;
    this.#failures.set(part, failures);
    if (this.#reported || !(isDisconnected(cause) || failures > MOMENTS)) return;
    this.#reported = true;
    this.#report(worded);
  }

  /** A part works again. */
  works(part: string): void {
    if (!this.#failures.delete(part) || this.#failures.size > 0 || !this.#reported) return;
    this.#reported = false;
    this.#report(undefined);
  }
}
