/** What is compared: a recommender learns events one by one, and lists what a user may want next. */

/** How many products are recommended. */
export const LISTED = 10;

/** An event. Users and products are numbers from 0, in the order in which they appear first. */
export interface Learnt {
  readonly user: number;
  readonly product: number;
  /** In milliseconds. */
  readonly time: number;
}

/** A recommender that is compared with that of the example. */
export interface Rival {
  /** The best products for a user without the excluded ones, {@linkcode LISTED} at most, the best one first. */
  list(user: number, excluded: ReadonlySet<number>): readonly number[];
  /** Learns an event, after the prediction for it. */
  learn(event: Learnt): void;
}
