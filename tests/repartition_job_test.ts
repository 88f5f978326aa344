/** A hop in a job: records go on in the task of another key, exactly once. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { filter, firstValueFrom, map, take } from "rxjs";
import { systemClock } from "../base/clock.ts";
import type { Connector } from "../connectors/connector.ts";
import { runWith } from "../runtime/run.ts";
import { decodeHead } from "../state/head_codec.ts";
import { TaskKeys } from "../state/keys.ts";
import { failureOf, Lines, ManualClock } from "./support/jobs.ts";
import {
  asyncMap,
  broadcastJoin,
  count,
  eventTime,
  keyedReduce,
  memory,
  repartition,
  run,
  toTable,
  tumblingWindow,
  watermark,
} from "../mod.ts";

interface View {
  readonly user: string;
  readonly product: string;
  readonly at: number;
}

const VIEWS: readonly View[] = Array.from({ length: 400 }, (_none, n) => ({
  user: `user-${n * 7 % 23}`,
  product: `product-${n * 5 % 11}`,
  at: 1_700_000_000_000 + n * 100,
}));

function loaded() {
  const log = memory({ maxTimestampAhead: Infinity });
  log.create("views", { partitions: 4 });
  log.append("views", VIEWS.map((value) => ({ key: value.user, value, timestamp: value.at })));
  log.end("views");
  return log;
}

/** A connector whose topics never end, as those of Kafka: a job with an end has the end that it finds at its start. */
function endless(original: Connector): Connector {
  return { id: original.id, open: async (at) => ({ ...await original.open(at), ended: undefined }) };
}

/** Resolves when a task has committed that some of its input has ended. */
async function hasEnded(kv: Deno.Kv, task: number): Promise<void> {
  for await (const [{ value }] of kv.watch<Uint8Array[]>([[...new TaskKeys("shop", task).head]])) {
    if (value !== null && decodeHead(value).extensions.ended !== undefined) return;
  }
}

describe("repartition() in a job", () => {
  it("counts by product what is keyed by user", async () => {
    const log = loaded();
    const counts = log.source<View>("views", { tombstones: "refuse" }).pipe(
      repartition({ name: "by-product", key: (view) => view.product, partitions: 6 }),
      keyedReduce({ name: "counts", key: (view) => view.product, initial: 0, reduce: (total) => total + 1 }),
      log.sink("counts", { key: ({ key }) => key }),
    );
    await using job = await run(counts, { name: "shop", state: ":memory:", log: () => {} });
    assertEquals(await job.finished, { reason: "finished" });

    const last = new Map(log.read<{ key: string; value: number }>("counts").map((row) => [row!.key, row!.value]));
    const wanted = new Map<string, number>();
    for (const { product } of VIEWS) wanted.set(product, (wanted.get(product) ?? 0) + 1);
    assertEquals(new Map([...last].sort()), new Map([...wanted].sort()));
  });

  it("brings a table that it computes to all tasks", async () => {
    const log = memory({ maxTimestampAhead: Infinity });
    for (const topic of ["views", "later"]) log.create(topic, { partitions: 4 });
    log.append("views", VIEWS.map((value) => ({ key: value.user, value, timestamp: value.at })));
    const counts = log.source<View>("views", { tombstones: "refuse" }).pipe(
      keyedReduce({ name: "counts", key: (view) => view.user, initial: 0, reduce: (total) => total + 1 }),
      repartition({ name: "to-all", broadcast: true }),
    );
    const seen = log.source<number>("later").pipe(
      broadcastJoin(counts, { name: "seen", join: (n, all) => ({ n, all: [...all] }) }),
      log.sink("seen"),
    );
    await using job = await run(seen, { name: "shop", state: ":memory:", log: () => {} });
    await firstValueFrom(
      job.metrics.changes.pipe(filter(({ hops }) => hops?.["shop.to-all.repartition"]?.read === 4 * VIEWS.length)),
    );
    log.append("later", [0, 1, 2, 3].map((partition) => ({ value: partition, partition })));
    for (const topic of ["views", "later"]) log.end(topic);
    assertEquals(await job.finished, { reason: "finished" });

    const users = Map.groupBy(VIEWS, ({ user }) => user);
    const all = [...users].map(([user, own]) => [user, own.length]).sort(([one], [other]) => one < other ? -1 : 1);
    const rows = log.read<{ n: number; all: unknown }>("seen").map((row) => row!);
    assertEquals(rows.toSorted((a, b) => a.n - b.n), [0, 1, 2, 3].map((n) => ({ n, all })));
  });

  it("stops where a hop to all tasks was made for another number of them", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = loaded();
    log.create("more", { partitions: 5 });
    const pipeline = (...topics: string[]) => {
      const sources = topics.map((topic) => log.source<View>(topic, { tombstones: "refuse" }));
      const table = sources[0].pipe(
        toTable({ key: (view) => view.user }),
        repartition({ name: "to-all", broadcast: true }),
      );
      return sources.map((source, nth) =>
        source.pipe(broadcastJoin(table, { name: `seen-${nth}`, join: (_, all) => all.size }), log.sink(`seen-${nth}`))
      );
    };
    const options = { name: "shop", state: kv, log: () => {} };
    await (await run(pipeline("views"), options)).finished;
    await assertRejects(
      () => run(pipeline("views", "more"), options),
      Error,
      'repartition "to-all" was made to bring its values to 4 tasks, and the job has 5 now',
    );
  });

  it("fires windows behind two hops as one task does", async () => {
    const results: unknown[][] = [];
    for (const tasks of ["perPartition", "single"] as const) {
      const log = loaded();
      const windows = log.source<View>("views", { tombstones: "refuse" }).pipe(
        eventTime((view) => view.at),
        watermark({ maxOutOfOrderness: 1000 }),
        repartition({ name: "by-product", key: (view) => view.product, partitions: 6 }),
        repartition({ name: "by-user", key: (view) => view.user, partitions: 3 }),
        tumblingWindow({ name: "activity", key: (view) => view.user, size: 5000, aggregate: count() }),
        map(({ key, window, value }) => ({ key, start: window.start, value })),
        log.sink("activity"),
      );
      await using job = await run(windows, { name: "shop", state: ":memory:", tasks, log: () => {} });
      assertEquals(await job.finished, { reason: "finished" });
      results.push(log.read("activity").map((row) => JSON.stringify(row)).sort());
    }
    assertEquals(results[0], results[1]);
    assertEquals(results[0].length > 100, true);
  });

  it("is shared by two pipelines with the stages above it, also where one task has all keys", async () => {
    const results: unknown[][] = [];
    for (const tasks of ["perPartition", "single"] as const) {
      const log = loaded();
      const shared = log.source<View>("views", { tombstones: "refuse" }).pipe(
        eventTime((view) => view.at),
        watermark({ maxOutOfOrderness: 1000 }),
        keyedReduce({ name: "last", key: (view) => view.user, initial: VIEWS[0], reduce: (_last, view: View) => view }),
        map(({ value }) => value),
        repartition({ name: "by-product", key: (view) => view.product, partitions: 6 }),
      );
      const counts = shared.pipe(
        keyedReduce({ name: "counts", key: (view) => view.product, initial: 0, reduce: (total) => total + 1 }),
        log.sink("counts"),
      );
      const windows = shared.pipe(
        tumblingWindow({ name: "activity", key: (view) => view.product, size: 5000, aggregate: count() }),
        map(({ key, window, value }) => ({ key, start: window.start, value })),
        log.sink("activity"),
      );
      await using job = await run([counts, windows], { name: "shop", state: ":memory:", tasks, log: () => {} });
      assertEquals(await job.finished, { reason: "finished" });
      const hops = job.topology.nodes.filter(({ operator }) => operator === "repartition");
      assertEquals(hops.map(({ name }) => name), ["by-product"]);
      assertEquals(job.topology.edges.filter(({ from }) => from === hops[0].id).length, 2);
      results.push([...log.read("counts"), ...log.read("activity")].map((row) => JSON.stringify(row)).sort());
    }
    assertEquals(results[0].length, 400 + 88);
    assertEquals(results[0], results[1]);
  });

  it("with a take() below it stops the job, also where one task has all keys", async () => {
    for (const tasks of ["perPartition", "single"] as const) {
      const log = loaded();
      const some = log.source<View>("views", { tombstones: "refuse" }).pipe(
        repartition({ name: "by-product", key: (view) => view.product }),
        take(3),
        log.sink("some"),
      );
      await using job = await run(some, { name: "shop", state: ":memory:", tasks, log: () => {} });
      assertMatch(await failureOf(job), /ended before its input did/);
    }
  });

  it("says which partition holds the time behind a hop back", async () => {
    const log = memory({ maxTimestampAhead: Infinity });
    log.create("views", { partitions: 2 });
    log.append("views", VIEWS.slice(0, 5).map((value) => ({ value, partition: 1, timestamp: value.at })));
    const windows = log.source<View>("views", { tombstones: "refuse" }).pipe(
      eventTime((view) => view.at),
      watermark({ maxOutOfOrderness: 0 }),
      repartition({ name: "by-product", key: (view) => view.product }),
      tumblingWindow({ name: "activity", key: (view) => view.product, size: 5000, aggregate: count() }),
      log.sink("activity"),
    );
    const clock = new ManualClock();
    const lines = new Lines();
    await using _job = await runWith(windows, { name: "shop", state: ":memory:", log: lines.log }, clock);
    const told = lines.line(/no watermark has come yet from views\/0, so all time behind repartition "by-product"/);
    while (lines.find(/no watermark/) === undefined) await clock.advance(500);
    await told;
  });

  it("is not started without an end when it has told the end of some of its input, and goes on with one", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = loaded();
    const gate = Promise.withResolvers<void>();
    const counts = log.source<View>("views", { tombstones: "refuse" }).pipe(
      asyncMap((view: View) => view.user === "user-0" ? gate.promise.then(() => view) : Promise.resolve(view), {
        name: "calls",
        concurrency: 1000,
      }),
      repartition({ name: "by-product", key: (view) => view.product }),
      keyedReduce({ name: "counts", key: (view) => view.product, initial: 0, reduce: (total) => total + 1 }),
      log.sink("counts"),
    );
    const options = { name: "shop", state: kv, log: () => {} };
    const start = (until?: "end") => runWith(counts, { ...options, until }, systemClock, { connector: endless });
    await using job = await start("end");
    await hasEnded(kv, 0);
    await job.stop();

    const why = await start().then(failureOf, (error: Error) => error.message);
    assertEquals(
      why,
      'Cannot run job shop: it was started with until: "end" and has read views to the end that it had, which its hops have told. ' +
        'Start it with until: "end" until it has finished, or with reset to process its input anew',
    );
    gate.resolve();
    await using again = await start("end");
    assertEquals(await again.finished, { reason: "finished" });
    assertEquals(log.read("counts").length, VIEWS.length);
  });
});
