/**
 * What trends, by category, and which of it a user may see.
 */
import type { Trending } from "./candidates.ts";

/** What trends in a category: a row of the table `trending`. */
export interface Trend {
  /** The best first. */
  readonly products: readonly Trending[];
}

/** The name of the row of all categories together. A category of this name would share it. */
export const ALL = "all";

/** The lists that fill up a user's row: of their categories, the last one first, then of all. */
export function trendsFor(
  { categories }: { readonly categories: readonly string[] },
  trends: ReadonlyMap<string, Trend>,
): (readonly Trending[])[] {
  const lists: (readonly Trending[])[] = [];
  for (const category of [...categories, ALL]) {
    const trend = trends.get(category);
    if (trend !== undefined) lists.push(trend.products);
  }
  return lists;
}

/** What is wanted most of a category, the best first. */
export interface Lists {
  readonly hour: readonly Trending[];
  /** Empty where no day has ended yet. */
  readonly day: readonly Trending[];
}

/** Of the best of a window those of the last hour, or of the last day. */
export function best(
  top: readonly { readonly span: keyof Lists; readonly product_id: string; readonly score: number }[],
  span: keyof Lists,
): Trending[] {
  return top.filter((one) => one.span === span && one.score > 0).map(({ product_id, score }) => ({
    product_id,
    score,
  }));
}

/**
 * The row of several categories: the best of their last hour, filled up with the best of their last day.
 *
 * @param most how many products the row has
 */
export function trendOf(lists: readonly Lists[], most: number): Trend {
  const hour = lists.flatMap((one) => one.hour).sort(bestFirst);
  const known = new Set(hour.map(({ product_id }) => product_id));
  const day = lists.flatMap((one) => one.day).sort(bestFirst).filter(({ product_id }) => !known.has(product_id));
  return { products: [...hour, ...day].slice(0, most) };
}

/** Of equal ones the first by name is first. */
function bestFirst(one: Trending, other: Trending): number {
  return other.score - one.score || (one.product_id < other.product_id ? -1 : 1);
}
