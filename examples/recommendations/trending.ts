/**
 * What trends: the products with the highest weight of events in the last hour and the last day, of each category and
 * of all.
 */
import { filter, map as each, merge, mergeMap, type Observable } from "rxjs";
import {
  type Aggregate,
  aggregates,
  hours,
  keyedProcess,
  map,
  minutes,
  repartition,
  slidingWindow,
  type TableChange,
  topN,
  tumblingWindow,
  typed,
} from "@tidemark/streams";
import type { News } from "./messages.ts";
import type { Trending } from "./rules/candidates.ts";
import { ALL, best, type Lists, type Trend, trendOf } from "./rules/trends.ts";
import { weightOf, WEIGHTS, type Weights } from "./rules/weights.ts";

/** Options of {@linkcode trending}. */
export interface TrendingOptions {
  /** What an event weighs, by its type. @default { view: 1, search: 1, add_to_cart: 3, purchase: 5 } */
  readonly weights?: Weights;
  /** How often the last hour is looked at, in milliseconds of event time. The last day is, at every twelfth time. @default 5 minutes */
  readonly every?: number;
  /** How many products a row has. @default 20 */
  readonly products?: number;
}

/** An event, as far as it says what trends. */
interface Wanted {
  readonly product: string;
  readonly category: string;
  readonly weight: number;
}

/** The weight of a product in the last hour or the last day. */
interface Sum extends Omit<Wanted, "product">, Trending {
  readonly span: "hour" | "day";
}

/**
 * The table of what trends: a row of each category, and one of all under the key `all`. Rows change with event time: when
 * the watermark reaches the end of an hour's window.
 *
 * A product is summed up where it lies. Only the sums go on, by category, and of those only the best.
 *
 * @param news what the events of a shop say, by product, behind a `watermark()`
 */
export function trending(
  news: Observable<News>,
  { weights = WEIGHTS, every = minutes(5), products = 20 }: TrendingOptions = {},
): Observable<TableChange<string, Trend>> {
  const wanted = news.pipe(
    // Of the news of an event those for its own product ask.
    filter(isAsked),
    each(({ product, asked: { categories, event_type } }) => ({
      product,
      category: categories[0],
      weight: weightOf(event_type, weights),
    })),
  );
  const sums = (span: Sum["span"], size: number, slide: number): Observable<Sum> =>
    wanted.pipe(
      slidingWindow({ name: `wanted-${span}`, key: (one) => one.product, size, slide, aggregate: WANTED }),
      each(({ key, value: { category, weight } }) => ({ span, category, weight, product_id: key, score: weight })),
    );
  const top = (span: Sum["span"]) => topN<Sum>({ n: products, by: (one) => one.span === span ? one.score : -1 });

  return merge(sums("hour", hours(1), every), sums("day", hours(24), 12 * every)).pipe(
    // A few sums in some minutes: one task is enough for all categories, and few watermarks have to be sent.
    repartition({ name: "sums-by-category", key: (sum) => sum.category, partitions: 1 }),
    tumblingWindow({
      name: "best-of-category",
      key: (sum) => sum.category,
      size: every,
      aggregate: aggregates({ hour: top("hour"), day: top("day") }),
    }),
    mergeMap(({ key: category, value: { hour, day } }) => {
      const lists = { hour: best(hour, "hour"), day: best(day, "day") };
      return [{ key: category, category, lists }, { key: ALL, category, lists }];
    }),
    repartition({ name: "trends-by-key", key: (row) => row.key, partitions: 1 }),
    keyedProcess({
      name: "trends",
      key: (row) => row.key,
      state: { lists: map<string, Lists>({ values: "frozen" }) },
      emits: typed<TableChange<string, Trend>>(),
      next({ key, category, lists: { hour, day } }, { state, emit }) {
        const before = state.lists.get(category)?.day ?? [];
        state.lists.set(category, { hour, day: day.length > 0 ? day : before });
        emit({ key, value: trendOf(state.lists.values(), products) });
      },
    }),
  );
}

function isAsked(news: News): news is News & Required<Pick<News, "asked">> {
  return news.asked !== undefined;
}

/** The weight of the events of a product, and the category of the last one. */
const WANTED: Aggregate<Wanted, { weight: number; category: string }, { weight: number; category: string }> = {
  seed: () => ({ weight: 0, category: "" }),
  add: ({ weight }, one) => ({ weight: weight + one.weight, category: one.category }),
  merge: (earlier, later) => ({ weight: earlier.weight + later.weight, category: later.category || earlier.category }),
};
