/** `temporalJoin` in running jobs: restarts, crashes, errors, an idle table, and what is left of what is over. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { map, type Observable } from "rxjs";
import {
  deadLetter,
  lateSideOutput,
  memory,
  temporalJoin,
  type TemporalJoinOptions,
  watermark,
  type WatermarkOptions,
} from "@tidemark/streams";
import { crashTest, testPipeline } from "@tidemark/streams/testing";
import type { MemoryLog } from "../connectors/memory.ts";
import { runWith } from "../runtime/run.ts";
import { CommittingTask } from "./support/committing_task.ts";
import { ManualClock, refusal, until } from "./support/jobs.ts";
import { jobSource } from "./support/task_host.ts";

interface Order {
  readonly currency: string;
  readonly n: number;
}

interface Rate {
  readonly cents: number;
}

type Options = Partial<TemporalJoinOptions<Order, string, Rate, string, "inner" | "left">>;

const silent = { name: "priced", state: ":memory:", log: () => {} };

/** Orders with the rate of their currency at their time. */
function priced(
  log: MemoryLog,
  options: Options = {},
  table: Pick<WatermarkOptions<never>, "idleAfter"> = {},
): Observable<unknown> {
  const rates = log.table<Rate>("rates").pipe(watermark({ name: "rates", maxOutOfOrderness: 3, ...table }));
  return log.source<Order>("orders").pipe(
    watermark({ name: "orders", maxOutOfOrderness: 3 }),
    temporalJoin(rates, {
      name: "priced",
      key: ({ currency }) => currency,
      type: "left",
      join: ({ currency, n }, rate) => `${currency} ${n} ${rate?.cents ?? "-"}`,
      ...options,
    }),
    lateSideOutput((late) => late.pipe(map(({ n }) => n), log.sink("late"))),
    log.sink("priced", { key: (row) => row.split(" ")[0] }),
  );
}

const order = (currency: string, n: number) => ({ key: currency, value: { currency, n }, timestamp: n });
const rate = (currency: string, at: number, cents: number | null = at) => ({
  key: currency,
  value: cents === null ? null : { cents },
  timestamp: at,
});

describe("temporalJoin() in a job", () => {
  it("finds what waits, and the table, again after each restart", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    const parts = [
      [[order("usd", 5), order("gbp", 4)], [rate("usd", 1), rate("usd", 6)]],
      [[order("usd", 7), order("usd", 12)], [rate("gbp", 2), rate("usd", 9, null)]],
      [[order("usd", 21), order("gbp", 21)], [rate("usd", 11), rate("gbp", 20)]],
    ] as const;
    for (const [index, [orders, rates]] of parts.entries()) {
      log.append("orders", orders);
      log.append("rates", rates);
      if (index === 2) { for (const topic of ["orders", "rates"]) log.end(topic); }
      const job = await runWith(priced(log), { ...silent, state: kv }, new ManualClock());
      if (index === 2) await job.finished;
      const come = log.records("orders").length + log.records("rates").length;
      await until("the records to be read", () => job.metrics.snapshot().records_in === come, job);
      await job.stop();
    }
    assertEquals(log.read("priced"), ["gbp 4 2", "usd 5 1", "usd 7 6", "usd 12 11", "usd 21 11", "gbp 21 20"]);
  });

  it("comes through crashes as everything else does, of any partitions and values", async () => {
    const currencies = ["usd", "gbp", "eur"];
    const input = [1, 5, 3, 22, 12, 1, 40, 39, 70].flatMap((at, index) => [
      { topic: "orders", ...order(currencies[index % 3], at) },
      { topic: "rates", ...rate(currencies[(index + 1) % 3], at + index % 5, index === 4 ? null : at) },
    ]);
    for (const [partitions, values] of [[1, "copied"], [3, "frozen"]] as const) {
      const report = await crashTest(() => priced(memory(), { values }), input, { partitions });
      assert(report.crashes > 20 && report.results > 5, Deno.inspect(report));
    }
  });

  it("names a value whose result throws by its key and time, and goes on without it", async () => {
    const throwing: Options = {
      join({ currency, n }, rate) {
        if (n === 2) throw new RangeError("two is no amount");
        return `${currency} ${n} ${rate?.cents ?? "-"}`;
      },
    };
    const fill = (log: MemoryLog) => {
      log.append("orders", [order("usd", 1), order("gbp", 2), order("gbp", 3)]);
      log.append("rates", [rate("gbp", 2)]);
      for (const topic of ["orders", "rates"]) log.end(topic);
      return log;
    };
    assertMatch(
      await refusal(priced(fill(memory()), throwing), silent),
      /in temporalJoin "priced" while the timer of key "gbp" at 2 fired: two is no amount/,
    );
    const log = fill(memory());
    const onError = deadLetter(log.sink("failed"));
    await (await runWith(priced(log, throwing), { ...silent, onError }, new ManualClock())).finished;
    assertEquals(log.read("priced"), ["usd 1 -", "gbp 3 2"]);
    assertEquals(log.records("failed").map(({ value }) => JSON.parse(new TextDecoder().decode(value!))), [
      { timer: "priced/left", key: "gbp", time_ms: 2 },
    ]);
  });

  it("refuses a side whose topic is keyed by something else", async () => {
    const log = memory();
    for (const topic of ["orders", "rates"]) log.create(topic, { partitions: 2 });
    log.append("orders", [{ ...order("usd", 1), key: "gbp" }]);
    for (const topic of ["orders", "rates"]) log.end(topic);
    assertMatch(
      await refusal(priced(log), silent),
      /temporalJoin "priced" is keyed by "usd".*Key the topic orders by it/,
    );
  });

  it("migrates values and rows", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    log.append("orders", [order("usd", 5), order("gbp", 6), order("usd", 8), order("usd", 12)]);
    log.append("rates", [rate("usd", 1), rate("gbp", 1), rate("usd", 7), rate("usd", 9, null)]);
    const first = await runWith(priced(log), { ...silent, state: kv }, new ManualClock());
    await until("the records to be read", () => first.metrics.snapshot().records_in === 8, first);
    await first.stop();
    for (const topic of ["orders", "rates"]) log.end(topic);
    const migrate: Options["migrate"] = (value, version, side) =>
      side === "left" ? { ...value as Order, n: (value as Order).n + 100 * version } : { cents: 1000 + version };
    await (await runWith(priced(log, { version: 2, migrate }), { ...silent, state: kv }, new ManualClock())).finished;
    assertEquals(log.read("priced"), ["usd 5 1", "gbp 106 1001", "usd 108 1001", "usd 112 -"]);
  });

  it("counts late values, and passes them to the side output", async () => {
    await using test = await testPipeline(priced(memory()), { start: 1_000_000 });
    await test.push("orders", [order("usd", 50)]);
    await test.push("rates", [rate("usd", 60)]);
    await test.push("orders", [order("usd", 46), order("usd", 47)]);
    assertEquals([test.results("late"), test.metrics.late], [[46], 1]);
  });

  it("a table that does not change holds results back, and one that is idle does not", async () => {
    for (const idleAfter of [undefined, 1_000]) {
      await using test = await testPipeline(priced(memory(), {}, { idleAfter }), { start: 1_000_000 });
      await test.push("rates", [rate("usd", 1)]);
      await test.push("orders", [order("usd", 5), order("usd", 100)]);
      await test.advance(500);
      assertEquals(test.results("priced"), []);
      await test.push("orders", [order("usd", 200)]);
      await test.advance(600);
      await test.push("orders", [order("usd", 201)]);
      assertEquals(test.results("priced"), idleAfter === undefined ? [] : ["usd 5 1", "usd 100 1"]);
    }
  });

  it("an epoch stores what came, and not what waits or the table", async () => {
    const bytes: number[] = [];
    for (const kept of [10, 10_000]) {
      const timed = <T>(name: string) => jobSource<T>(name).pipe(watermark({ name, maxOutOfOrderness: 0 }));
      const task = await CommittingTask.run(
        timed<Order>("orders").pipe(
          temporalJoin(timed<{ key: string; value: Rate }>("rates"), {
            name: "priced",
            key: ({ currency }) => currency,
            join: ({ n }, { cents }) => n * cents,
          }),
        ),
      );
      // All times take the same number of bytes.
      const push = (at: number) => {
        task.push("rates", { key: `key ${at}`, value: { cents: at } }, { timestamp: at });
        task.push("orders", { currency: "usd", n: at }, { timestamp: at + 500_000 });
      };
      for (let n = 0; n < kept; n++) push(1_000_000 + n);
      await task.commit();
      for (let n = 0; n < 100; n++) push(1_400_000 + n);
      bytes.push(await task.commit());
    }
    assert(bytes[1] < 2 * bytes[0], `${bytes}`);
  });

  it("keeps one row of a key and nothing of what is over: after ten times the data as much as after one", async () => {
    const sizes: unknown[] = [];
    for (const times of [1, 10]) {
      await using test = await testPipeline(priced(memory()), { start: 1_000_000 });
      for (let n = 0; n < 20 * times; n++) {
        await test.push("rates", [rate("usd", 30 * n), rate(`gone ${n}`, 30 * n), rate(`gone ${n}`, 30 * n + 9, null)]);
        await test.push("orders", [order("usd", 30 * n), order(`gone ${n}`, 30 * n + 5)]);
      }
      for (const [topic, record] of [["rates", rate("usd", 1_000_000)], ["orders", order("usd", 1_000_000)]] as const) {
        await test.push(topic, [record]);
      }
      sizes.push(["left", "changes", "table"].map((part) => test.state(`priced/${part}`).size));
    }
    assertEquals(sizes, [[1, 1, 1], [1, 1, 1]]);
  });
});
