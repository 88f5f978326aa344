/**
 * How much an event says about what a user likes, by its type.
 */

/** A weight for each type of event. Types that are not listed weigh as `view` does. */
export type Weights = Readonly<Record<string, number>>;

/** The weights of the shop's events. */
export const WEIGHTS: Weights = { view: 1, search: 1, add_to_cart: 3, purchase: 5 };

/** The type of event after which a product is not recommended to the user any more. */
export const PURCHASE = "purchase";

/** The weight of a type of event. */
export function weightOf(type: string, weights: Weights): number {
  return (Object.hasOwn(weights, type) ? weights[type] : weights.view) ?? 1;
}
