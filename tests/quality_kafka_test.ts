/** The same events give the same lists, and so the same hit rate, wherever the recommender runs. */
import { assertEquals, assertGreater } from "@std/assert";
import { embeddedLog, run } from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import { courseOf } from "../bench/quality/course.ts";
import { RowHits } from "../bench/quality/hit_rate.ts";
import { runRecommender } from "../bench/quality/tidemark.ts";
import type { Broker } from "../examples/recommendations/pipeline.ts";
import type { Recommended } from "../examples/recommendations/recommended.ts";
import { recommend } from "../examples/recommendations/recommender.ts";
import { UserEvent } from "../examples/recommendations/schema.ts";
import { eventAt, GENERATION } from "../examples/recommendations/traffic.ts";
import { first } from "./support/jobs.ts";
import { brokers, connect, ignore, plainClient } from "./support/kafka.ts";
import { freshTopic } from "./support/recording_reader.ts";

const TRAFFIC = { version: GENERATION, seed: 1, began: Date.now() - 600_000, perSecond: 200, users: 40, products: 80 };
const EVENTS = Array.from({ length: 1_500 }, (_, index) => eventAt(TRAFFIC, index));

const overArray: Recommended[] = [];
runRecommender(EVENTS, {}, (row) => overArray.push(row));

function rateOf(rows: readonly Recommended[]): number {
  const hits = new RowHits(courseOf(EVENTS));
  for (const row of rows) hits.see(row);
  return hits.rate;
}

/** Runs the recommender as a job with one task, from a topic with the events to a topic with its rows. */
async function runJob(
  broker: Broker,
  { events, rows, state }: { events: string; rows: string; state: string | Deno.Kv },
) {
  const pipeline = recommend(broker.source(events, { schema: UserEvent })).pipe(
    broker.sink(rows, { key: (row) => row.user_id }),
  );
  await using job = await run(pipeline, { name: events, state, tasks: "single", until: "end", log: () => {} });
  await job.finished;
}

Deno.test("the recommender has the same rows and hit rate over an array and on the embedded log", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = embeddedLog(kv);
  await log.create("events", { partitions: 1 });
  await log.create("rows", { partitions: 1 });
  await log.append("events", EVENTS.map((value) => ({ key: value.user_id, value })));
  await runJob(log, { events: "events", rows: "rows", state: kv });
  const rows: Recommended[] = [];
  for await (const { value } of log.read("rows")) rows.push(JSON.parse(new TextDecoder().decode(value!)));
  assertEquals(rows, overArray);
  assertEquals(rateOf(rows), rateOf(overArray));
  assertGreater(rateOf(rows), 0.1);
});

Deno.test({
  name: "the recommender has the same rows and hit rate over an array and on a real Kafka",
  ignore,
  async fn() {
    const [events, rows] = [freshTopic(), freshTopic()];
    const connection = await connect();
    for (const topic of [events, rows]) await connection.createTopic(topic, 1);
    await connection.close();
    const producer = plainClient().producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    await producer.send({
      topic: events,
      messages: EVENTS.map((value) => ({ key: value.user_id, value: JSON.stringify(value) })),
    });
    await producer.disconnect();
    const broker = kafka({ brokers });
    await runJob(broker, { events, rows, state: ":memory:" });
    const seen = await first(broker.source<Recommended>(rows, { tombstones: "refuse" }), EVENTS.length);
    assertEquals(seen, overArray);
    assertEquals(rateOf(seen), rateOf(overArray));
  },
});
