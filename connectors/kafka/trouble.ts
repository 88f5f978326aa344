/**
 * Trouble that is ridden out is reported once when it begins and once when all of it is over.
 *
 * @module
 */

/** Collects what the parts of a reader suffer from. */
export class Trouble {
  readonly #report: (error: Error | undefined) => void;
  readonly #parts = new Set<string>();

  constructor(report: (error: Error | undefined) => void) {
    this.#report = report;
  }

  /** A part cannot go on just now. */
  begins(part: string, error: Error): void {
    if (this.#parts.size === 0) this.#report(error);
    this.#parts.add(part);
  }

  /** A part goes on. */
  ends(part: string): void {
    if (this.#parts.delete(part) && this.#parts.size === 0) this.#report(undefined);
  }
}
