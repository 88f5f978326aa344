/** What trends: the windows of the example against a plain recomputation. */
import { assert, assertEquals } from "@std/assert";
import { eventTime, memory, minutes, run, watermark } from "@tidemark/streams";
import { newsByProduct } from "../examples/recommendations/recommender.ts";
import { ALL, type Trend } from "../examples/recommendations/rules/trends.ts";
import { UserEvent } from "../examples/recommendations/schema.ts";
import { eventAt, GENERATION } from "../examples/recommendations/traffic.ts";
import { trending } from "../examples/recommendations/trending.ts";

const HOUR = minutes(60);
/** Three hours and a half of a small shop. Windows of a day do not end before the input does. */
const TRAFFIC = { version: GENERATION, seed: 3, began: 1_700_000_000_000, perSecond: 0.5 };
const EVENTS = Array.from({ length: 6300 }, (_none, index) => eventAt(TRAFFIC, index));
const WEIGHTS: Readonly<Record<string, number>> = { add_to_cart: 3, purchase: 5 };
/** How many products a row has. */
const LISTED = 5;

/** The best of the events of a category in the hour before `end`. */
function bestOf(category: string, end: number): Trend["products"] {
  const scores = new Map<string, number>();
  // The category of a product is that of its last event in the window.
  const last = new Map<string, string>();
  for (const { product_id, event_type, timestamp_ms, category } of EVENTS) {
    if (timestamp_ms < end - HOUR || timestamp_ms >= end) continue;
    scores.set(product_id, (scores.get(product_id) ?? 0) + (WEIGHTS[event_type] ?? 1));
    last.set(product_id, category);
  }
  return [...scores].filter(([product]) => category === ALL || last.get(product) === category)
    .map(([product_id, score]) => ({ product_id, score }))
    .sort((one, other) => other.score - one.score || (one.product_id < other.product_id ? -1 : 1))
    .slice(0, LISTED);
}

Deno.test("what trends is what a plain recomputation finds in the last hour of each category", async () => {
  const log = memory({ maxTimestampAhead: Infinity });
  log.append("events", EVENTS.map((value) => ({ value, timestamp: value.timestamp_ms })));
  log.end("events");
  const trends = log.source("events", { schema: UserEvent }).pipe(
    eventTime((event) => event.timestamp_ms),
    watermark({ maxOutOfOrderness: minutes(5) }),
    (events) => trending(newsByProduct(events), { every: HOUR, products: LISTED }),
    log.sink("trends"),
  );
  await using job = await run(trends, { name: "shop", state: ":memory:", tasks: "single", log: () => {} });
  await job.finished;
  const rows = Map.groupBy(log.read<{ key: string; value: Trend }>("trends").map((row) => row!), ({ key }) => key);
  const first = Math.ceil(Math.min(...EVENTS.map(({ timestamp_ms }) => timestamp_ms)) / HOUR) * HOUR;
  assert(rows.size > 3);
  for (const [category, found] of rows) {
    if (category === ALL) continue;
    // The first row of a category is that of the first whole hour in which it was wanted.
    assertEquals(found[0].value.products, bestOf(category, first), category);
    assertEquals(found[1].value.products, bestOf(category, first + HOUR), category);
  }
});
