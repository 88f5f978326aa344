import { assert, assertEquals, assertGreater } from "@std/assert";
import { from, map } from "rxjs";
import { memory, run } from "@tidemark/streams";
import { crashTest } from "@tidemark/streams/testing";
import type { Recommended } from "../examples/recommendations/recommended.ts";
import {
  latestOfUser,
  type Made,
  newsByProduct,
  recommend,
  recommendations,
} from "../examples/recommendations/recommender.ts";
import { UserEvent } from "../examples/recommendations/schema.ts";
import { eventAt } from "../examples/recommendations/traffic.ts";
import { naiveRecommendations } from "./support/shop/naive_recommender.ts";

const TRAFFIC = { seed: 11, began: Date.UTC(2026, 0, 1), perSecond: 200 };

/** Events of a shop, a few users and products of them, so that there is something to learn. */
function events(count: number, { users = 40, products = 60 } = {}): UserEvent[] {
  const number = (name: string) => Number(name.split("-")[1]);
  return Array.from({ length: count }, (_none, index) => {
    const event = eventAt(TRAFFIC, index);
    return {
      ...event,
      user_id: `user-${number(event.user_id) % users}`,
      product_id: `product-${number(event.product_id) % products}`,
    };
  });
}

/** The rows of a pipeline over an array. */
function overArray(input: readonly UserEvent[], options = {}): Recommended[] {
  const rows: Recommended[] = [];
  recommend(from(input), options).subscribe((row) => rows.push(row));
  return rows;
}

Deno.test("recommend() over an array gives the rows of a plain recomputation, in the order of the events", () => {
  const input = events(3_000);
  const rows = overArray(input);
  assertSame(rows, naiveRecommendations(input));
  assertGreater(rows.filter(({ recommendations }) => recommendations.length === 10).length, 2_000);
});

Deno.test("recommend() with other rules gives the rows of a plain recomputation", () => {
  const input = events(3_000);
  const rules = {
    halfLife: 1_000,
    recents: 6,
    learnsAfter: [2, 4, 5],
    neighbours: 5,
    told: 4,
    candidates: 12,
    fade: 0.5,
  };
  assertSame(overArray(input, rules), naiveRecommendations(input, rules));
});

/** A topic with the events of its users, and the results of a job that reads it. */
function shop(input: readonly UserEvent[], partitions: number) {
  const log = memory();
  log.create("events", { partitions });
  log.append("events", input.map((value) => ({ key: value.user_id, value, timestamp: value.timestamp_ms })));
  log.end("events");
  const pipeline = recommend(log.source("events", { schema: UserEvent })).pipe(
    log.sink("rows", { key: (row) => row.user_id }),
    latestOfUser,
    log.sink("latest", { key: (row) => row.user_id }),
  );
  return { log, pipeline };
}

Deno.test('a job with tasks: "single" gives the rows of a plain recomputation', async () => {
  const input = events(3_000);
  const { log, pipeline } = shop(input, 3);
  await using job = await run(pipeline, { name: "shop", state: ":memory:", tasks: "single", log: () => {} });
  await job.finished;
  const rows = rowsOf(log, "rows");
  assertSame(rows, naiveRecommendations(inTheirOrder(input, rows)));
});

Deno.test("a job with a task for each partition gives each event its row, and each user's latest rows go up", async () => {
  const input = events(4_000);
  const { log, pipeline } = shop(input, 4);
  await using job = await run(pipeline, { name: "shop", state: ":memory:", log: () => {} });
  await job.finished;
  assertEquals(rowsOf(log, "rows").map(numbered).sort(), naiveRecommendations(input).map(numbered).sort());
  const last = new Map<string, number>();
  for (const { user_id, event_count } of rowsOf(log, "latest")) {
    assert(event_count > (last.get(user_id) ?? 0), `the latest row of ${user_id} goes back to ${event_count}`);
    last.set(user_id, event_count);
  }
  const truth = Map.groupBy(input, ({ user_id }) => user_id);
  assertEquals([...last].sort(), [...truth].map(([user, own]) => [user, own.length]).sort());
});

Deno.test("recommendations() tells the rows that latestOfUser() passes", async () => {
  const input = events(2_000);
  const log = memory();
  log.create("events", { partitions: 4 });
  log.append("events", input.map((value) => ({ key: value.user_id, value, timestamp: value.timestamp_ms })));
  log.end("events");
  const pipeline = recommendations(newsByProduct(log.source("events", { schema: UserEvent }))).pipe(
    log.sink("made", { key: ({ row }) => row.user_id }),
    map(({ row }) => row),
    latestOfUser,
    log.sink("latest", { key: (row) => row.user_id }),
  );
  await using job = await run(pipeline, { name: "shop", state: ":memory:", log: () => {} });
  await job.finished;
  const newest = log.read<Made>("made").filter((made) => made !== null).filter(({ newest }) => newest);
  assertEquals(newest.map(({ row }) => numbered(row)).sort(), rowsOf(log, "latest").map(numbered).sort());
});

Deno.test("recommend() gives the same rows through a crash at every epoch", async () => {
  const broker = memory();
  const rows = recommend(broker.source("events", { schema: UserEvent })).pipe(
    broker.sink("rows", { key: (row) => row.user_id }),
  );
  const input = events(24, { users: 3, products: 8 });
  const records = input.map((value) => ({ key: value.user_id, value, timestamp: value.timestamp_ms }));
  const { crashes } = await crashTest(rows, records, { start: TRAFFIC.began, tasks: "single" });
  assertGreater(crashes, 50);
});

Deno.test("what a user has bought is not recommended to them again, and what they have just seen is not either", () => {
  const input = events(3_000);
  const bought = new Map<string, Set<string>>();
  overArray(input).forEach(({ user_id, recommendations }, index) => {
    const { event_type, product_id } = input[index];
    const own = bought.get(user_id) ?? new Set();
    bought.set(user_id, own);
    if (event_type === "purchase") own.add(product_id);
    for (const listed of recommendations) {
      assert(!own.has(listed.product_id), `${user_id} has bought ${listed.product_id}`);
      assert(listed.product_id !== product_id, `${user_id} has just seen ${product_id}`);
    }
  });
});

Deno.test("what others have seen together is recommended, because of the product at hand", () => {
  const seen = (user_id: string, product_id: string, at: number): UserEvent => ({
    ...{ user_id, product_id, category: "kitchen", event_type: "view", timestamp_ms: TRAFFIC.began + at },
  });
  const rows = overArray([
    ...[seen("ada", "kettle", 0), seen("ada", "teapot", 1), seen("bob", "kettle", 2), seen("bob", "teapot", 3)],
    ...[seen("eve", "kettle", 4), seen("dan", "teapot", 5)],
  ], { learnsAfter: [1] });
  const [eve, dan] = rows.slice(-2);
  assertEquals(eve.recommendations, [{ product_id: "teapot", score: 0.666667, because: "kettle" }]);
  assertEquals(dan.recommendations, [{ product_id: "kettle", score: 0.666667, because: "teapot" }]);
});

/** Compares rows one by one: a message with thousands of them is of no use. */
function assertSame(rows: readonly Recommended[], truth: readonly Recommended[]): void {
  truth.forEach((row, index) => assertEquals(rows[index], row));
  assertEquals(rows.length, truth.length);
}

function rowsOf(log: ReturnType<typeof memory>, topic: string): Recommended[] {
  return log.read<Recommended>(topic).filter((row) => row !== null);
}

/** The events in the order in which a job with one task has taken them, which its rows show. */
function inTheirOrder(input: readonly UserEvent[], rows: readonly Recommended[]): UserEvent[] {
  const own = Map.groupBy(input, ({ user_id }) => user_id);
  return rows.map(({ user_id, event_count }) => own.get(user_id)![event_count - 1]);
}

function numbered({ user_id, event_count }: Recommended): string {
  return `${user_id} ${event_count}`;
}
