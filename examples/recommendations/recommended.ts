/**
 * The row that each event of a user gives: what to show them now, and why.
 */

/** What is recommended to a user after one of their events. */
export interface Recommended {
  readonly user_id: string;
  /** How many events the user has had, this one included. Each number has one row. */
  readonly event_count: number;
  /** The best first, at most ten. Empty while nothing is known of the product and nothing trends. */
  readonly recommendations: readonly Listed[];
}

/** A product in a list. */
export interface Listed {
  readonly product_id: string;
  /**
   * Higher is better. Because of a product: how strongly it belongs to what the user has seen, where older events count
   * for less. For `trending`: its weight in the window. The two do not compare.
   */
  readonly score: number;
  /** The product of the user's that it belongs to most, or `trending`. */
  readonly because: string;
}

/** What `because` says of a product that is there because many want it. */
export const TRENDING = "trending";
