/** The rows of the example's recommender for events in an array: the pipeline alone, without a job. Lists
 * are not filled up with what trends, so that the figures are those of the learning alone. */
import { from } from "rxjs";
import type { RecommendOptions } from "../../examples/recommendations/options.ts";
import type { Recommended } from "../../examples/recommendations/recommended.ts";
import { recommend } from "../../examples/recommendations/recommender.ts";
import type { UserEvent } from "../../examples/recommendations/schema.ts";

/** Gives each row to `see`, in the order of the events. */
export function runRecommender(
  events: readonly UserEvent[],
  options: RecommendOptions,
  see: (row: Recommended) => void,
): void {
  recommend(from(events), options).subscribe(see);
}
