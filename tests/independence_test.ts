import { assert, assertEquals, assertMatch } from "@std/assert";
import { from, map, merge, type Observable } from "rxjs";
import {
  count,
  embeddedLog,
  eventTime,
  hours,
  keyedReduce,
  lateSideOutput,
  memory,
  minutes,
  run,
  sum,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import type { EmbeddedLog } from "../connectors/embedded/log.ts";
import type { MemoryLog } from "../connectors/memory.ts";
import { assertCounted, byKey, first, header, Lines } from "./support/jobs.ts";
import { brokers, connect, createTopicWith, ignore, plainClient } from "./support/kafka.ts";
import { freshTopic, startReading } from "./support/recording_reader.ts";
import { type Count, silent, type Visit, visits } from "./support/visited.ts";

/** How often each user has come. */
function counting(log: MemoryLog | EmbeddedLog, output = "counts"): Observable<Count> {
  return log.source<Visit>("visits").pipe(
    keyedReduce({ name: "counts", key: ({ user }) => user, initial: 0, reduce: (total) => total + 1 }),
    log.sink(output, { key: ({ key }) => key }),
  );
}

Deno.test("two jobs in one process, on one KV and one topic, share nothing", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = memory();
  log.append("visits", visits(["ada", 1], ["bob", 2], ["ada", 3]));
  for (const total of [3, 4]) {
    const one = await run(counting(log, "one"), { name: "one", state: kv, ...silent });
    const two = await run(counting(log, "two"), { name: "two", state: kv, ...silent });
    await Promise.all([first(log.source("one"), total, one), first(log.source("two"), total, two)]);
    await one.stop();
    // The other one goes on.
    if (total === 3) {
      log.append("visits", visits(["ada", 4]));
      await first(log.source("two"), 4, two);
      assertEquals(log.read("one").length, 3);
    }
    await two.stop();
  }
  for (const topic of ["one", "two"]) assertCounted(log.read<Count>(topic), ["ada", "bob", "ada", "ada"]);
});

Deno.test("two jobs may run the same pipeline, and it may be subscribed beside them: each has state of its own", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = memory();
  log.append("visits", visits(["ada", 1], ["ada", 2]));
  log.end("visits");
  const seen: number[] = [];
  const pipeline = log.source<Visit>("visits").pipe(
    keyedReduce({ name: "counts", key: ({ user }) => user, initial: 0, reduce: (total) => total + 1 }),
    log.sink("counts"),
  );
  const one = await run(pipeline, { name: "one", state: kv, ...silent });
  const two = await run(pipeline, { name: "two", state: kv, ...silent });
  pipeline.subscribe(({ value }) => seen.push(value));
  await Promise.all([one.finished, two.finished]);
  assertEquals(seen, [1, 2]);
  assertEquals(byKey(log.read<Count>("counts")).ada.sort(), [1, 1, 1, 2, 2, 2]);
});

Deno.test("tasks of one job share nothing: a pipeline is subscribed anew for each partition", async () => {
  const log = memory();
  log.create("visits", { partitions: 4 });
  log.append("visits", visits(...Array.from({ length: 40 }, (_, n) => [`user ${n % 8}`, n] as const)));
  log.end("visits");
  await using job = await run(counting(log), { name: "tasks", state: ":memory:", ...silent });
  await job.finished;
  assertCounted(log.read<Count>("counts"), Array.from({ length: 40 }, (_, n) => `user ${n % 8}`));
});

Deno.test("windows over the results of windows fire in a job, also when it is restarted in between", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = memory();
  const late: number[] = [];
  const nested = log.source<Visit>("visits").pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: 0 }),
    tumblingWindow({ name: "by ten", key: ({ user }) => user, size: 10, aggregate: count() }),
    lateSideOutput((refused) => refused.pipe(map(({ at }) => late.push(at)))),
    log.sink("by ten"),
    tumblingWindow({ name: "by hundred", key: ({ key }) => key, size: 100, aggregate: sum(({ value }) => value) }),
    map(({ key, window, value }) => ({ key, start: window.start, value })),
    log.sink("by hundred"),
  );
  const parts = [[1, 2, 15, 20], [31, 99, 100], [108, 210, 3]];
  for (const [index, part] of parts.entries()) {
    log.append("visits", visits(...part.map((at) => ["ada", at] as const)));
    const job = await run(nested, { name: "nested", state: kv, ...silent });
    await first(log.source("by ten"), [2, 4, 6][index], job);
    await job.stop();
  }
  log.end("visits");
  await (await run(nested, { name: "nested", state: kv, ...silent })).finished;
  assertEquals(log.read("by hundred"), [
    { key: "ada", start: 0, value: 6 },
    { key: "ada", start: 100, value: 2 },
    { key: "ada", start: 200, value: 1 },
  ]);
  assertEquals(late, [3]);
});

Deno.test("two synchronous arrays are merged under a window, and no record of either is late", () => {
  const clocked = (rows: readonly Visit[]) =>
    from(rows).pipe(eventTime(({ at }) => at), watermark({ maxOutOfOrderness: 0 }));
  const late: Visit[] = [];
  const results: unknown[] = [];
  merge(
    clocked([{ user: "ada", at: 1 }, { user: "ada", at: 12 }, { user: "ada", at: 25 }]),
    clocked([{ user: "ada", at: 3 }, { user: "ada", at: 14 }, { user: "ada", at: 27 }]),
  ).pipe(
    tumblingWindow({ key: ({ user }) => user, size: 10, aggregate: count() }),
    lateSideOutput((records) => records.pipe(map((record) => late.push(record)))),
  ).subscribe(({ window, value }) => results.push([window.start, value]));
  assertEquals(results, [[0, 2], [10, 2], [20, 2]]);
  assertEquals(late, []);
});

Deno.test("two topics are merged under a window in a job, and the slower one holds the window back", async () => {
  const log = memory();
  log.append("clicks", visits(["ada", 1], ["ada", 12], ["ada", 25]));
  log.append("orders", visits(["ada", 3], ["ada", 14], ["ada", 27]));
  log.end("clicks");
  log.end("orders");
  const clocked = (topic: string) =>
    log.source<Visit>(topic).pipe(eventTime(({ at }) => at), watermark({ maxOutOfOrderness: 0 }));
  const both = merge(clocked("clicks"), clocked("orders")).pipe(
    tumblingWindow({ name: "both", key: ({ user }) => user, size: 10, aggregate: count() }),
    map(({ window, value }) => [window.start, value]),
    log.sink("both"),
  );
  await using job = await run(both, { name: "merge", state: ":memory:", ...silent });
  await job.finished;
  assertEquals(log.read("both"), [[0, 2], [10, 2], [20, 2]]);
  assertEquals(job.metrics.snapshot().late, 0);
});

for (const partitions of [4, 20]) {
  Deno.test(`a job with ${partitions} partitions on the embedded log counts each record once over restarts`, async () => {
    using kv = await Deno.openKv(":memory:");
    const log = embeddedLog(kv);
    await log.create("visits", { partitions });
    await log.create("counts", { partitions });
    const users = Array.from({ length: 6 * partitions }, (_, n) => `user ${n % (3 * partitions)}`);
    for (const turn of [1, 2, 3]) {
      await log.append("visits", visits(...users.map((user, n) => [user, n] as const)));
      const lines = new Lines();
      const job = await run(counting(log), { name: "many", state: kv, log: lines.log });
      await first(log.source("counts"), turn * users.length, job);
      await job.stop();
      assertMatch(await lines.line(/from visits/), turn === 1 ? /fresh/ : /restored/);
    }
    await log.end("visits");
    const job = await run(counting(log), { name: "many", state: kv, ...silent });
    assertEquals(await job.finished, { reason: "finished" });
    assertCounted(await rows<Count>(log, "counts"), [...users, ...users, ...users]);
    assertEquals(job.metrics.snapshot().records_in, 3 * users.length);
  });
}

/** The values of a topic of the embedded log, decoded. */
async function rows<T>(log: EmbeddedLog, topic: string): Promise<T[]> {
  const values: T[] = [];
  for await (const { value } of log.read(topic)) values.push(JSON.parse(new TextDecoder().decode(value!)));
  return values;
}

Deno.test({
  name:
    "a window's result dated hours ahead of the broker's clock is published, and its event time travels in a header",
  ignore,
  async fn() {
    using kv = await Deno.openKv(":memory:");
    const [input, output] = [freshTopic(), freshTopic()];
    await createTopicWith(input, {});
    await createTopicWith(output, {});
    const now = Date.now();
    // Never so far ahead that the record itself is a bad one, whatever the time of day.
    const end = Math.ceil((now + hours(2)) / hours(12)) * hours(12);
    const producer = plainClient().producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const messages = [now - minutes(1), now].map((at) => ({ key: "ada", value: JSON.stringify({ user: "ada", at }) }));
    await producer.send({ topic: input, messages });
    await producer.disconnect();

    const broker = kafka({ brokers });
    const halfDays = broker.source<Visit>(input).pipe(
      // What happens at the end of its half of the day: hours ahead of every clock.
      eventTime(() => end - 1),
      watermark({ maxOutOfOrderness: 0 }),
      tumblingWindow({ name: "half-days", key: ({ user }) => user, size: hours(12), aggregate: count() }),
      map(({ key, window, value }) => ({ key, end: window.end, value })),
      broker.sink(output, { key: ({ key }) => key }),
    );
    await using job = await run(halfDays, { name: freshTopic(), state: kv, until: "end", ...silent });
    assertEquals(await job.finished, { reason: "finished" });

    const connection = await connect();
    {
      await using reading = await startReading(connection, { topics: [output] });
      await reading.count(1);
      const [record] = reading.records;
      assertEquals(JSON.parse(new TextDecoder().decode(record.value!)), { key: "ada", end, value: 2 });
      assertEquals(header(record, "tidemark.time"), String(end - 1));
      assert(end - 1 > now + hours(1), "the result is dated more than an hour ahead");
      assert(record.timestamp <= Date.now() + hours(1), "its record is dated as far as the broker takes it");
    }
    await connection.close();
  },
});
