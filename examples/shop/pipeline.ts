/**
 * The shop's job: the recommender with rules for a small shop, and what the page needs to know of each visit.
 */
import { filter, type Observable } from "rxjs";
import { type EmbeddedLog, eventTime, kvTable, repartition, seconds, watermark } from "@tidemark/streams";
import { FOR_YOU, TRENDING } from "../recommendations/pipeline.ts";
import { newsByProduct, recommendations } from "../recommendations/recommender.ts";
import { WEIGHTS } from "../recommendations/rules/weights.ts";
import { UserEvent } from "../recommendations/schema.ts";
import { trending } from "../recommendations/trending.ts";
import { visits } from "./visit.ts";

/** The topic of the shop's events. */
export const EVENTS = "user_events";

/** What is taken out of a basket says nothing. */
const SHOP_WEIGHTS = { ...WEIGHTS, remove_from_cart: 0 };
/** Of the few products of the shop, only those that were seen last are left out of the list. */
const RECENTS = 4;
/** People look at few products here, so what belongs together is learnt at once. */
const LEARNS_AFTER = [1, 3];
/** How often it is looked at what trends. */
const EVERY = seconds(10);

/** The pipelines, on the log with the shop's events. */
export function shopPipelines(log: EmbeddedLog): Observable<unknown>[] {
  const events = log.source(EVENTS, { schema: UserEvent }).pipe(
    eventTime((event) => event.timestamp_ms),
    // One process dates all events. A partition without shoppers holds nobody's time up.
    watermark({ maxOutOfOrderness: seconds(1), idleAfter: seconds(5) }),
  );
  const rules = { weights: SHOP_WEIGHTS, recents: RECENTS, learnsAfter: LEARNS_AFTER };
  const news = newsByProduct(events, rules);
  const trends = trending(news, { weights: SHOP_WEIGHTS, every: EVERY }).pipe(
    kvTable(TRENDING, { key: ({ key }) => key, value: ({ value }) => value }),
    repartition({ name: "trends-to-all", broadcast: true }),
  );
  const lists = recommendations(news, { ...rules, trends }).pipe(
    filter(({ newest }) => newest),
    kvTable(FOR_YOU, { key: ({ row }) => row.user_id, value: ({ row }) => row }),
  );
  return [lists, visits(events)];
}
