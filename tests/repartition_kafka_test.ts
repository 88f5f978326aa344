/** A hop on a real Kafka: stopped and started again on the way, ended, deleted, reset. */
import { assertEquals, assertMatch } from "@std/assert";
import { map } from "rxjs";
import { count, eventTime, keyedReduce, repartition, run, tumblingWindow, watermark } from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import { keyPartition } from "../connectors/partitioner.ts";
import { first, Lines, refusal, scratch } from "./support/jobs.ts";
import { brokers, connect, deleteTopic, ignore, plainClient } from "./support/kafka.ts";
import { freshTopic, startReading } from "./support/recording_reader.ts";

interface View {
  readonly user: string;
  readonly product: string;
  readonly at: number;
}

const BEGIN = 1_700_000_000_000;
const PARTITIONS = 2;
const encoder = new TextEncoder();

function viewsFrom(from: number, to: number): View[] {
  return Array.from({ length: to - from }, (_none, index) => {
    const n = from + index;
    return { user: `user-${n * 7 % 13}`, product: `product-${n * 5 % 9}`, at: BEGIN + n * 50 };
  });
}

async function world() {
  const [name, input, counts, windows] = [freshTopic(), freshTopic(), freshTopic(), freshTopic()];
  const connection = await connect();
  for (const topic of [input, counts, windows]) await connection.createTopic(topic, PARTITIONS);
  await connection.close();
  const broker = kafka({ brokers });
  const byProduct = broker.source<View>(input, { tombstones: "refuse" }).pipe(
    eventTime((view) => view.at),
    watermark({ maxOutOfOrderness: 1000 }),
    repartition({ name: "by-product", key: (view) => view.product, partitions: 3 }),
  );
  const totals = byProduct.pipe(
    keyedReduce({ name: "totals", key: (view) => view.product, initial: 0, reduce: (n) => n + 1 }),
    broker.sink(counts, { key: ({ key }) => key }),
  );
  const perWindow = byProduct.pipe(
    repartition({ name: "by-user", key: (view) => view.user }),
    tumblingWindow({ name: "windows", key: (view) => view.user, size: 5000, aggregate: count() }),
    map(({ key, window, value }) => ({ key, start: window.start, value })),
    broker.sink(windows, { key: ({ key }) => key }),
  );
  return { name, input, counts, windows, broker, pipelines: [totals, perWindow] };
}

async function produce(topic: string, views: readonly View[]): Promise<void> {
  const producer = plainClient().producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const messages = views.map((view) => {
    const partition = keyPartition(encoder.encode(view.user), PARTITIONS);
    return { key: view.user, value: JSON.stringify(view), timestamp: `${view.at}`, partition };
  });
  await producer.send({ topic, messages });
  await producer.disconnect();
}

/** All values that a `read_committed` reader sees, as text. */
async function visible(topic: string, wanted: number): Promise<string[]> {
  const connection = await connect();
  try {
    await using reading = await startReading(connection, { topics: [topic] });
    await reading.count(wanted);
    return reading.records.map(({ value }) => new TextDecoder().decode(value!)).sort();
  } finally {
    await connection.close();
  }
}

function totalsOf(views: readonly View[]): string[] {
  const counts = new Map<string, number>();
  return views.map(({ product: key }) => {
    counts.set(key, (counts.get(key) ?? 0) + 1);
    return JSON.stringify({ key, value: counts.get(key) });
  }).sort();
}

function windowsOf(views: readonly View[]): string[] {
  const counts = new Map<string, number>();
  for (const { user, at } of views) {
    const window = JSON.stringify({ key: user, start: Math.floor(at / 5000) * 5000 });
    counts.set(window, (counts.get(window) ?? 0) + 1);
  }
  return [...counts].map(([window, value]) => JSON.stringify({ ...JSON.parse(window), value })).sort();
}

Deno.test({
  name: "a job with two hops goes on where it was, ends by itself, and says what it is when it is started once more",
  ignore,
  async fn() {
    const { name, input, counts, windows, broker, pipelines } = await world();
    await using folder = await scratch();
    const state = folder.path("state.db");
    const views = viewsFrom(0, 600);
    await produce(input, views.slice(0, 300));
    const job = await run(pipelines, { name, state, log: () => {} });
    await first(broker.source(counts), 200, job);
    await job.stop();

    await produce(input, views.slice(300));
    const again = await run(pipelines, { name, state, until: "end", log: () => {} });
    assertEquals(await again.finished, { reason: "finished" });
    assertEquals(await visible(counts, views.length), totalsOf(views));
    assertEquals(await visible(windows, windowsOf(views).length), windowsOf(views));
    assertEquals(again.metrics.snapshot().records_in, views.length);

    const lines = new Lines();
    const once = await run(pipelines, { name, state, until: "end", log: lines.log });
    assertEquals(await once.finished, { reason: "finished" });
    assertMatch(lines.all.join("\n"), /finished/);
  },
});

Deno.test({
  name: "a reset sends everything once more, and what the old run has left in a hop is passed over",
  ignore,
  async fn() {
    const { name, input, counts, broker, pipelines: [totals] } = await world();
    await using folder = await scratch();
    const state = folder.path("state.db");
    const views = viewsFrom(0, 100);
    await produce(input, views);
    const job = await run(totals, { name, state, log: () => {} });
    await first(broker.source(counts), 50, job);
    await job.stop();
    const before = (await visible(counts, 50)).length;

    const again = await run(totals, { name, state, reset: "earliest", until: "end", log: () => {} });
    assertEquals(await again.finished, { reason: "finished" });
    const seen = await visible(counts, before + views.length);
    const left = [...totalsOf(views)];
    for (const row of seen) if (left.includes(row)) left.splice(left.indexOf(row), 1);
    assertEquals([seen.length >= before + views.length, left], [true, []]);
  },
});

Deno.test({
  name:
    "a hop whose topic is gone, made anew, or has other partitions, stops the job with a sentence, until it is reset",
  ignore,
  async fn() {
    const { name, input, counts, broker, pipelines: [totals] } = await world();
    await using folder = await scratch();
    const state = folder.path("state.db");
    await produce(input, viewsFrom(0, 50));
    const job = await run(totals, { name, state, log: () => {} });
    await first(broker.source(counts), 50, job);
    await job.stop();
    const more = broker.source<View>(input, { tombstones: "refuse" }).pipe(
      repartition({ name: "by-product", key: (view) => view.product, partitions: 4 }),
      broker.sink(counts),
    );
    assertMatch(
      await refusal(more, { name, state }),
      /was made with 3 partitions and keeps them, and the program gives 4/,
    );
    const admin = plainClient().admin();
    await admin.connect();
    const topic = `${name}.by-product.repartition`;
    await deleteTopic(topic);
    assertMatch(await refusal(totals, { name, state }), /is gone, and what was on its way in it is lost/);
    for (
      const [numPartitions, says] of [
        [5, /of its hop must have 3 partitions, and has 5\. .* start the job with reset/],
        [3, /was deleted and made anew since the job's checkpoint/],
      ] as const
    ) {
      await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true });
      assertMatch(await refusal(totals, { name, state }), says);
      await deleteTopic(topic);
    }
    await admin.disconnect();
    const anew = await run(totals, { name, state, reset: "earliest", until: "end", log: () => {} });
    assertEquals(await anew.finished, { reason: "finished" });
    assertEquals((await visible(counts, 100)).length, 100);
  },
});
