/** Topics of which every task reads every partition: what each task gets, what is counted, and what is refused. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { map, type Observable } from "rxjs";
import {
  count,
  countWindow,
  deadLetter,
  embeddedLog,
  eventTime,
  json,
  keyedReduce,
  memory,
  tableJoin,
  toTable,
  watermark,
} from "@tidemark/streams";
import { crashTest, testPipeline } from "@tidemark/streams/testing";
import type { EmbeddedLog } from "../connectors/embedded/log.ts";
import type { MemoryLog } from "../connectors/memory.ts";
import { runWith } from "../runtime/run.ts";
import type { Job } from "../runtime/job.ts";
import { Lines, ManualClock, refusal, until } from "./support/jobs.ts";

interface Sale {
  readonly shop: string;
  readonly item: string;
}

const silent = { name: "priced", state: ":memory:", log: () => {} };
const SHOPS = ["north", "south", "east", "west"];
const ITEMS = ["tea", "milk", "bread", "salt", "rice"];

/** Sales, keyed by shop, with the price of their item from a table that is keyed by item. */
function priced(log: MemoryLog | EmbeddedLog): Observable<unknown> {
  return log.source<Sale>("sales", { tombstones: "refuse" }).pipe(
    tableJoin(log.table<number>("prices", { broadcast: true }), {
      name: "priced",
      key: ({ item }) => item,
      type: "left",
      join: ({ shop, item }, cents) => ({ shop, item, cents: cents ?? null }),
    }),
    log.sink("priced", { key: ({ shop }) => shop }),
  );
}

const price = (item: string, cents: number | null, timestamp: number) => ({ key: item, value: cents, timestamp });
const sale = (shop: string, item: string, timestamp: number) => ({ key: shop, value: { shop, item }, timestamp });

/** Prices, then a sale of each item in each shop, then other prices, then a sale of each again. */
const STEPS = [[0, 100], [1, 200]].flatMap(([round, base]) => [
  ["prices", ITEMS.map((item, n) => price(item, base + n, 1000 * round + n))] as const,
  ["sales", SHOPS.flatMap((shop) => ITEMS.map((item) => sale(shop, item, 1000 * round + 500)))] as const,
]);

function made(): MemoryLog {
  const log = memory();
  log.create("sales", { partitions: 4 });
  log.create("prices", { partitions: 3 });
  return log;
}

/** Waits until the job has read so many records, and every task all of them. */
async function read(job: Job, records: number): Promise<void> {
  await until(`${records} records`, () => {
    const { records_in, lag } = job.metrics.snapshot();
    return records_in === records && lag === 0;
  }, job);
}

const EXPECTED = SHOPS.flatMap((shop) =>
  [100, 200].flatMap((base) => ITEMS.map((item, n) => ({ shop, item, cents: base + n })))
);

function byShop(log: MemoryLog): unknown[] {
  const rows = log.read<{ shop: string }>("priced");
  return SHOPS.flatMap((shop) => rows.filter((row) => row!.shop === shop));
}

describe("a topic with broadcast: true", () => {
  for (const tasks of ["perPartition", "single"] as const) {
    it(`${tasks}: every task has all rows, whatever the numbers of partitions, and each record counts once`, async () => {
      const log = made();
      const job = await runWith(priced(log), { ...silent, tasks }, new ManualClock());
      let records = 0;
      for (const [topic, step] of STEPS) {
        log.append(topic, step);
        await read(job, records += step.length);
      }
      for (const topic of ["sales", "prices"]) log.end(topic);
      assertEquals(await job.finished, { reason: "finished" });
      assertEquals(byShop(log), EXPECTED);
      assertEquals(job.metrics.snapshot().records_in, records);
    });
  }

  it("on the embedded log every task has all rows too, and goes on at its own place", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = embeddedLog(kv);
    await log.create("sales", { partitions: 4 });
    await log.create("prices", { partitions: 3 });
    await log.create("priced", { partitions: 4 });
    let records = 0;
    for (const [topic, step] of STEPS) {
      await log.append(topic, step);
      const job = await runWith(priced(log), { ...silent, state: kv }, new ManualClock());
      await read(job, records += step.length);
      await job.stop();
    }
    const rows: { shop: string }[] = [];
    for await (const { value } of log.read("priced")) rows.push(json<{ shop: string }>().decode(value!));
    assertEquals(SHOPS.flatMap((shop) => rows.filter((row) => row.shop === shop)), EXPECTED);
  });

  it("more partitions than there are tasks are read as well", async () => {
    const log = memory();
    log.create("sales", { partitions: 2 });
    log.create("prices", { partitions: 5 });
    for (const [n, item] of ITEMS.entries()) log.append("prices", [{ ...price(item, n, n), partition: n }]);
    log.append("sales", SHOPS.flatMap((shop) => ITEMS.map((item) => sale(shop, item, 500))));
    for (const topic of ["sales", "prices"]) log.end(topic);
    await (await runWith(priced(log), silent, new ManualClock())).finished;
    assertEquals(byShop(log), SHOPS.flatMap((shop) => ITEMS.map((item, cents) => ({ shop, item, cents }))));
  });

  it("each task goes on at its own place after a restart", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = made();
    const lines = new Lines();
    let records = 0;
    for (const [topic, step] of STEPS) {
      log.append(topic, step);
      const job = await runWith(priced(log), { ...silent, state: kv, log: lines.log }, new ManualClock());
      await read(job, records += step.length);
      await job.stop();
    }
    assert(lines.find(/restored, from .*prices\/0@.*, 20 keys/) !== undefined, lines.all.join("\n"));
    assertEquals(byShop(log), EXPECTED);
  });

  it("a topic that has got more partitions is read from there on by every task, after the next start", async () => {
    using kv = await Deno.openKv(":memory:");
    for (const partitions of [2, 3]) {
      const log = memory();
      log.create("sales", { partitions: 4 });
      log.create("prices", { partitions });
      log.append("prices", ITEMS.map((item, n) => ({ ...price(item, n, n), partition: n % 2 })));
      if (partitions === 3) log.append("prices", [{ ...price("oil", 9, 9), partition: 2 }]);
      const job = await runWith(priced(log), { ...silent, state: kv }, new ManualClock());
      const prices = partitions === 3 ? ITEMS.length + 1 : ITEMS.length;
      await read(job, prices);
      if (partitions === 3) {
        log.append("sales", SHOPS.map((shop) => sale(shop, "oil", 500)));
        await read(job, prices + SHOPS.length);
      }
      await job.stop();
      if (partitions === 3) assertEquals(byShop(log), SHOPS.map((shop) => ({ shop, item: "oil", cents: 9 })));
    }
  });

  it("a topic that was read by one task each is read by all from its beginning when it becomes a broadcast one", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    for (const topic of ["sales", "prices"]) log.create(topic, { partitions: 2 });
    const table = (broadcast: boolean) =>
      log.source<Sale>("sales", { tombstones: "refuse" }).pipe(
        tableJoin(log.table<number>("prices", { broadcast }), {
          name: "priced",
          key: ({ item }) => item,
          join: ({ shop, item }, cents) => ({ shop, item, cents }),
        }),
        log.sink("priced", { key: ({ shop }) => shop }),
      );
    log.append("prices", ITEMS.map((item, n) => price(item, n, n)));
    for (const broadcast of [false, true, false]) {
      const job = await runWith(table(broadcast), { ...silent, state: kv }, new ManualClock());
      await until("the prices are read", () => {
        const { lag, keys } = job.metrics.snapshot();
        return lag === 0 && keys >= (broadcast ? 2 : 1) * ITEMS.length;
      }, job);
      if (broadcast) {
        log.append("sales", SHOPS.flatMap((shop) => ITEMS.map((item) => sale(shop, item, 500))));
        await until("all sales", () => log.read("priced").length === SHOPS.length * ITEMS.length, job);
      }
      await job.stop();
    }
    assertEquals(byShop(log), SHOPS.flatMap((shop) => ITEMS.map((item, cents) => ({ shop, item, cents }))));
  });

  it("comes through crashes as everything else does", async () => {
    const input = STEPS.flatMap(([topic, step]) => step.map((record) => ({ topic, ...record })));
    const report = await crashTest(() => priced(memory()), input, {
      partitions: { sales: 4, prices: 3 },
      epochs: [3, 7],
    });
    assert(report.crashes > 20 && report.results === EXPECTED.length, Deno.inspect(report));
  });

  it("a bad record of it is one dead letter, and every task goes on without it", async () => {
    const log = memory();
    log.create("sales", { partitions: 4 });
    log.append("prices", [
      { key: "tea", value: new TextEncoder().encode("no JSON"), timestamp: 1 },
      price("milk", 5, 2),
    ]);
    log.append("sales", SHOPS.map((shop) => sale(shop, "milk", 500)));
    for (const topic of ["sales", "prices"]) log.end(topic);
    const job = await runWith(priced(log), { ...silent, onBadRecord: deadLetter(log.sink("bad")) }, new ManualClock());
    await job.finished;
    assertEquals(log.records("bad").length, 1);
    assertEquals(job.metrics.snapshot().dead_letters, 1);
    assertEquals(byShop(log), SHOPS.map((shop) => ({ shop, item: "milk", cents: 5 })));
  });

  it("a record that a function above the join refuses is a dead letter of each task", async () => {
    const log = made();
    log.append("prices", [price("tea", -1, 1), price("milk", 5, 2)]);
    log.append("sales", SHOPS.map((shop) => sale(shop, "milk", 500)));
    for (const topic of ["sales", "prices"]) log.end(topic);
    const pipeline = log.source<Sale>("sales", { tombstones: "refuse" }).pipe(
      tableJoin(
        log.table<number>("prices", { broadcast: true }).pipe(map((change) => {
          if (change.value! < 0) throw new RangeError("a price below 0");
          return change;
        })),
        { name: "priced", key: ({ item }) => item, join: ({ shop, item }, cents) => ({ shop, item, cents }) },
      ),
      log.sink("priced", { key: ({ shop }) => shop }),
    );
    const job = await runWith(pipeline, { ...silent, onError: deadLetter(log.sink("failed")) }, new ManualClock());
    await job.finished;
    assertEquals(log.records("failed").length, 4);
    assertEquals(byShop(log), SHOPS.map((shop) => ({ shop, item: "milk", cents: 5 })));
  });

  it("waits in every task for a codec that has to be prepared", async () => {
    const log = made();
    const gate = Promise.withResolvers<void>();
    let ready = false, asked = 0;
    const codec = {
      ...json<number>(),
      prepare: () => ready ? undefined : (asked++, gate.promise.then(() => void (ready = true))),
    };
    const pipeline = log.source<Sale>("sales", { tombstones: "refuse" }).pipe(
      tableJoin(log.table<number>("prices", { broadcast: true, codec }), {
        name: "priced",
        key: ({ item }) => item,
        join: ({ shop, item }, cents) => ({ shop, item, cents }),
      }),
      log.sink("priced", { key: ({ shop }) => shop }),
    );
    log.append("prices", [price("milk", 5, 2)]);
    log.append("sales", SHOPS.map((shop) => sale(shop, "milk", 500)));
    for (const topic of ["sales", "prices"]) log.end(topic);
    const job = await runWith(pipeline, silent, new ManualClock());
    await until("the codec is asked", () => asked > 0, job);
    assertEquals(log.read("priced"), []);
    gate.resolve();
    await job.finished;
    assertEquals(byShop(log), SHOPS.map((shop) => ({ shop, item: "milk", cents: 5 })));
  });

  it("toTable(), event time and watermarks may stand between it and the join", async () => {
    const log = memory();
    log.create("sales", { partitions: 2 });
    log.append("tariffs", [{ value: { item: "tea", cents: 7 }, timestamp: 1 }]);
    log.append("sales", SHOPS.map((shop) => sale(shop, "tea", 500)));
    for (const topic of ["sales", "tariffs"]) log.end(topic);
    const tariffs = log.source<{ item: string; cents: number }>("tariffs", { broadcast: true, tombstones: "refuse" })
      .pipe(
        eventTime(({ cents }) => cents),
        watermark({ maxOutOfOrderness: 0 }),
        toTable({ key: ({ item }) => item, value: ({ cents }) => cents }),
      );
    const pipeline = log.source<Sale>("sales", { tombstones: "refuse" }).pipe(
      tableJoin(tariffs, { name: "join", key: ({ item }) => item, join: ({ shop }, cents) => `${shop} ${cents}` }),
      log.sink("priced"),
    );
    await (await runWith(pipeline, silent, new ManualClock())).finished;
    assertEquals(log.read<string>("priced").sort(), SHOPS.map((shop) => `${shop} 7`).sort());
  });

  it("a stage or a sink on it is refused at the start, with why and the cure", async () => {
    const log = memory();
    for (const topic of ["sales", "prices"]) log.end(topic);
    const prices = log.source<number>("prices", { broadcast: true, tombstones: "refuse" });
    const sales = log.source<Sale>("sales", { tombstones: "refuse" });
    const join = { name: "join", key: () => "k", join: () => 0 };
    const wrong: readonly [string, Observable<unknown>][] = [
      ['sink "out"', prices.pipe(map((cents) => cents * 2), log.sink("out"))],
      ['keyedReduce "n"', prices.pipe(keyedReduce({ name: "n", key: () => "k", initial: 0, reduce: (n) => n + 1 }))],
      ['countWindow "n"', prices.pipe(countWindow({ name: "n", key: () => "k", size: 2, aggregate: count() }))],
      ['tableJoin "join"', prices.pipe(tableJoin(log.table("rows"), join))],
      ["the pipeline", prices],
    ];
    for (const [stage, pipeline] of wrong) {
      for (const tasks of ["perPartition", "single"] as const) {
        assertMatch(
          await refusal(pipeline, { ...silent, tasks }),
          new RegExp(
            `^Cannot run ${stage}: every task reads all of the topic "prices" \\(broadcast: true\\), so .*once a task. Only the table of ` +
              `a tableJoin\\(\\) or broadcastJoin\\(\\) .* Read it without broadcast: true`,
          ),
        );
      }
    }
    const twice = sales.pipe(
      tableJoin(log.table<number>("prices", { broadcast: true }), { ...join, name: "all" }),
      tableJoin(log.table<number>("prices"), { ...join, name: "own", key: () => "k" }),
      log.sink("out"),
    );
    assertMatch(await refusal(twice, silent), /the topic "prices" is read with broadcast: true and without/);
    assertThrows(
      () => log.source("prices", { broadcast: 1 as never }),
      TypeError,
      "Cannot create a source: broadcast must be true or false, current value is 1",
    );
  });

  it("testPipeline() shows the rows of every task", async () => {
    await using test = await testPipeline(priced(memory()), { partitions: { sales: 4, prices: 3 }, start: 1000 });
    await test.push("prices", ITEMS.map((item, n) => price(item, n, n)));
    await test.push("sales", SHOPS.map((shop) => sale(shop, "rice", 500)));
    assertEquals(test.results<{ cents: number }>("priced").map(({ cents }) => cents), [4, 4, 4, 4]);
    assertEquals(test.state("priced/table").size, 4 * ITEMS.length);
  });

  it("without a job it is a topic like others", () => {
    const log = memory();
    log.append("numbers", [{ value: 1 }, { value: 2 }]);
    log.end("numbers");
    const seen: number[] = [];
    log.source<number>("numbers", { broadcast: true, tombstones: "refuse" }).subscribe((n) => seen.push(n));
    assertEquals(seen, [1, 2]);
  });
});
