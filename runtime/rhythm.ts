/**
 * Decides when to cut while a transaction is under way: late, so that the next transaction carries as much as possible,
 * but early enough for the commit to end before that transaction begins. An epoch that is cut at once would only wait,
 * and delay its results.
 *
 * @module
 */

/** The weight of the latest duration against the earlier ones. */
const WEIGHT = 0.2;
/** How much earlier than computed a cut is made, in milliseconds: timers are late by about this much. */
const SLACK_MS = 1;

/** Estimates how long commits and transactions take at present. Durations in milliseconds. */
export class Rhythm {
  #commit = 0;
  #transaction = 0;

  committed(ms: number): void {
    this.#commit += WEIGHT * (ms - this.#commit);
  }

  published(ms: number): void {
    this.#transaction += WEIGHT * (ms - this.#transaction);
  }

  /**
   * In how many milliseconds to cut, for a transaction that has been under way for this long. `commits`: how many must
   * end one after the other before the next transaction begins.
   */
  untilCut(underWay: number, commits: number): number {
    return Math.max(0, this.#transaction - commits * this.#commit - SLACK_MS - underWay);
  }
}
