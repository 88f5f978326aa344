/** Words and numbers as the page shows them. */

const EURO = new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" });

/** A price in cents: `€14.00`. */
export function price(cents) {
  return EURO.format(cents / 100);
}

/** A number of things: `1 thing`, `3 things`. */
export function things(count) {
  return `${count} ${count === 1 ? "thing" : "things"}`;
}

/** A duration in milliseconds, rounded: a browser's clock says no more. */
export function milliseconds(ms) {
  return ms < 1 ? "under 1 ms" : `${Math.round(ms).toLocaleString("en")} ms`;
}

/** The middle of some numbers. */
export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Why something is in the list. `productOf` gives a product by its id. */
export function why(because, productOf) {
  const product = productOf(because);
  return product === undefined ? "many look at it right now" : `because you looked at ${product.name}`;
}
