import { assertEquals, assertStrictEquals } from "@std/assert";
import { keyedProcess, map, memory, run, typed, value } from "@tidemark/streams";
import type { News } from "../examples/recommendations/messages.ts";
import { newsByProduct, recommend } from "../examples/recommendations/recommender.ts";
import type { Recommended } from "../examples/recommendations/recommended.ts";
import { addDecaying } from "../examples/recommendations/rules/decay.ts";
import { messageReader, packed } from "../examples/recommendations/rules/packed.ts";
import { UserEvent } from "../examples/recommendations/schema.ts";
import { eventAt } from "../examples/recommendations/traffic.ts";
import { until } from "./support/jobs.ts";
import { naiveRecommendations } from "./support/shop/naive_recommender.ts";

const AT = Date.UTC(2026, 0, 1), WEEK = 7 * 24 * 3_600_000;
const RULES = { learnsAfter: [1] };

function seen(user_id: string, product_id: string, at: number): UserEvent {
  return { user_id, product_id, category: "kitchen", event_type: "view", timestamp_ms: AT + at };
}

/** The neighbours of products as the first version kept them: the weight of a product was its sum alone. */
function firstVersion() {
  return keyedProcess({
    name: "neighbours",
    key: (news: News) => news.product,
    state: { weight: value<number>(), pairs: map<string, number>() },
    emits: typed<string>(),
    next({ product, time, gain, others, pairs }, { state, emit }) {
      const age = time / WEEK;
      if (gain > 0) state.weight.set(addDecaying(state.weight.get(), gain, age));
      others.forEach((other, at) => {
        if (pairs[at] > 0) state.pairs.set(other, addDecaying(state.pairs.get(other), pairs[at], age));
      });
      emit(product);
    },
  });
}

Deno.test("a shop that the first version of the state began goes on with what it has learnt", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = memory();
  const append = (...events: UserEvent[]) =>
    log.append("events", events.map((value) => ({ key: value.user_id, value, timestamp: value.timestamp_ms })));
  const source = () => log.source("events", { schema: UserEvent });
  const options = { name: "shop", state: kv, tasks: "single", log: () => {} } as const;

  append(seen("ada", "kettle", 0), seen("ada", "teapot", 1), seen("bob", "kettle", 2), seen("bob", "teapot", 3));
  const before = await run(newsByProduct(source(), RULES).pipe(firstVersion(), log.sink("told")), options);
  await until("the news of four events", () => log.records("told").length === 6, before);
  await before.stop();

  append(seen("eve", "kettle", 4), seen("dan", "teapot", 5));
  const after = await run(recommend(source(), RULES).pipe(log.sink("rows")), options);
  await until("two rows", () => log.records("rows").length === 2, after);
  await after.stop();
  const rows = log.read<Recommended>("rows").map((row) => [row!.user_id, row!.recommendations]);
  assertEquals(rows.sort(), [
    ["dan", [{ product_id: "kettle", score: 0.666667, because: "teapot" }]],
    ["eve", [{ product_id: "teapot", score: 0.666667, because: "kettle" }]],
  ]);
});

Deno.test("messages are read in each form in which they are or were sent, and a text that comes twice is parsed once", () => {
  const read = messageReader<{ product: string }>();
  const message = { product: "kettle" };
  assertEquals([message, ["kettle", message], ["kettle", packed(message)]].map((sent) => read(sent as never)), [
    message,
    message,
    message,
  ]);
  const text = packed({ product: "teapot" });
  assertStrictEquals(read(["teapot", text]), read(["teapot", text]));
});

Deno.test("news and answers that pass on as objects give the same rows as texts, within one task and through a hop", async () => {
  const input = Array.from(
    { length: 400 },
    (_, index) => eventAt({ seed: 3, began: AT, perSecond: 200, users: 1 }, index),
  );
  for (const tasks of ["single", "perPartition"] as const) {
    for (const passing of [true, false]) {
      const log = memory();
      log.append("events", input.map((value) => ({ key: value.user_id, value, timestamp: value.timestamp_ms })));
      log.end("events");
      const rows = recommend(log.source("events", { schema: UserEvent }), { passing }).pipe(log.sink("rows"));
      await using job = await run(rows, { name: "shop", state: ":memory:", tasks, log: () => {} });
      await job.finished;
      assertEquals(log.read("rows"), naiveRecommendations(input));
    }
  }
});
