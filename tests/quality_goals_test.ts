/** The goals of the recommender's quality, on data small enough for a test: `docs/figures.md` has those of the large ones. */
import { assertGreater } from "@std/assert";
import { parseRatings } from "../bench/quality/ratings.ts";
import { qualityOf } from "../bench/quality_bench.ts";
import { eventAt, GENERATION } from "../examples/recommendations/traffic.ts";
import { filmRatings } from "./support/shop/film_ratings.ts";

Deno.test("on the generator's traffic the recommender has more than twice the hits of what is popular", () => {
  const traffic = { version: GENERATION, seed: 7, began: 0, perSecond: 200, users: 200, products: 2_000 };
  const events = Array.from({ length: 30_000 }, (_, index) => eventAt(traffic, index));
  const { hit_rate_at_10: rates } = qualityOf(events, { data: "the traffic", halfLife: 7 });
  assertGreater(rates.tidemark, 2 * rates.popular);
});

Deno.test("on ratings of films the recommender has more than nine tenths of the hits of a cosine that keeps everything", () => {
  const lines = filmRatings(1, { users: 300, films: 600, ratings: 20_000 });
  const { hit_rate_at_10: rates } = qualityOf(parseRatings(lines.join("\n"), "films"), { data: "films", halfLife: 90 });
  assertGreater(rates.tidemark, 0.9 * rates.item_item_cosine);
  assertGreater(rates.item_item_cosine, 1.5 * rates.popular, "there is something to learn");
});
