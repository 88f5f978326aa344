/**
 * When to cut while a transaction is under way: late, so that as much as possible goes with the next one, but early enough that the
 * commit is done when it begins. Cut at once, an epoch would only wait, and its results with it.
 *
 * @module
 */

/** How much the latest duration counts beside those before it. */
const WEIGHT = 0.2;
/** How much earlier than expected a cut is made, in milliseconds: timers are late by about as much. */
const SLACK_MS = 1;

/** Knows how long commits and transactions take of late. Durations in milliseconds. */
export class Rhythm {
  #commit = 0;
  #transaction = 0;

  committed(ms: number): void {
    this.#commit += WEIGHT * (ms - this.#commit);
  }

  published(ms: number): void {
    this.#transaction += WEIGHT * (ms - this.#transaction);
  }

  /** In how many milliseconds to cut, where a transaction has been under way for so long. */
  untilCut(underWay: number): number {
    return Math.max(0, this.#transaction - this.#commit - SLACK_MS - underWay);
  }
}
