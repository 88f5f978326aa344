/** `intervalJoin` in running jobs: restarts, crashes, errors, what an epoch stores, and what is left of what is over. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { map, type Observable } from "rxjs";
import {
  deadLetter,
  eventTime,
  intervalJoin,
  type IntervalJoinOptions,
  type JoinType,
  lateSideOutput,
  memory,
  watermark,
} from "@tidemark/streams";
import { crashTest, testPipeline } from "@tidemark/streams/testing";
import type { MemoryLog } from "../connectors/memory.ts";
import { runWith } from "../runtime/run.ts";
import { CommittingTask } from "./support/committing_task.ts";
import { header, ManualClock, refusal, until } from "./support/jobs.ts";
import { jobSource } from "./support/task_host.ts";

interface Order {
  readonly user: string;
  readonly at: number;
  readonly items: readonly string[];
}

interface Payment {
  readonly user: string;
  readonly at: number;
  readonly cents: number;
}

interface Row {
  readonly user: string;
  readonly items?: readonly string[];
  readonly cents?: number;
}

type Options = Partial<IntervalJoinOptions<Order, Payment, string, Row, JoinType>>;

const join = (order?: Order, payment?: Payment): Row => ({
  user: (order ?? payment)!.user,
  items: order?.items,
  cents: payment?.cents,
});

/** Orders with the payments up to ten milliseconds later, and the orders and payments without. */
function paid(log: MemoryLog, options: Options = {}): Observable<unknown> {
  const timed = <T extends { readonly at: number }>(topic: string) =>
    log.source<T>(topic).pipe(eventTime(({ at }: T) => at), watermark({ name: topic, maxOutOfOrderness: 3 }));
  return timed<Order>("orders").pipe(
    intervalJoin(timed<Payment>("payments"), {
      name: "paid",
      key: ({ user }) => user,
      rightKey: ({ user }) => user,
      lower: 0,
      upper: 10,
      type: "full",
      join,
      ...options,
    }),
    lateSideOutput((late) => late.pipe(map(({ at }) => at), log.sink("late"))),
    log.sink("paid", { key: ({ user }) => user }),
  );
}

const order = (user: string, at: number) => ({ key: user, value: { user, at, items: [`of ${at}`] }, timestamp: at });
const payment = (user: string, at: number) => ({ key: user, value: { user, at, cents: at }, timestamp: at });
const shown = ({ user, items, cents }: Row) => `${user} ${items ?? "-"} ${cents ?? "-"}`;
const rows = (log: MemoryLog) => log.read<Row>("paid").map((row) => shown(row!));

describe("intervalJoin() in a job", () => {
  it("finds what waits for a partner again after each restart", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    const parts = [
      [[order("ada", 1), order("bob", 2)], [payment("eve", 1)]],
      [[order("ada", 8)], [payment("ada", 9)]],
      [[order("eve", 30)], [payment("eve", 30), payment("bob", 31)]],
    ] as const;
    for (const [index, [orders, payments]] of parts.entries()) {
      log.append("orders", orders);
      log.append("payments", payments);
      if (index === 2) { for (const topic of ["orders", "payments"]) log.end(topic); }
      const job = await runWith(paid(log), { name: "paid", state: kv, log: () => {} }, new ManualClock());
      if (index === 2) await job.finished;
      const come = log.records("orders").length + log.records("payments").length;
      await until("the records to be read", () => job.metrics.snapshot().records_in === come, job);
      await job.stop();
    }
    assertEquals(rows(log).toSorted(), [
      "ada of 1 9",
      "ada of 8 9",
      "bob - 31",
      "bob of 2 -",
      "eve - 1",
      "eve of 30 30",
    ]);
  });

  it("comes through crashes as everything else does, of any partitions and values", async () => {
    const users = ["ada", "bob", "eve"];
    const times = [1, 5, 3, 22, 12, 1, 40, 39, 70];
    const input = times.flatMap((at, index) => [
      { topic: "orders", ...order(users[index % 3], at) },
      { topic: "payments", ...payment(users[(index + 1) % 3], at + index % 5) },
    ]);
    for (const [partitions, values] of [[1, "copied"], [3, "frozen"]] as const) {
      const report = await crashTest(() => paid(memory(), { values }), input, { partitions });
      assert(report.crashes > 20 && report.results > 10, Deno.inspect(report));
    }
  });

  it("blames the record where join throws for a pair, and undoes what it did", async () => {
    const log = memory();
    const throwing: Options = {
      join(order, payment) {
        if (payment?.cents === 4) throw new RangeError("four is no price");
        return join(order, payment);
      },
    };
    log.append("orders", [order("ada", 1), order("ada", 2)]);
    log.append("payments", [payment("ada", 3), payment("ada", 4), payment("ada", 5)]);
    for (const topic of ["orders", "payments"]) log.end(topic);
    const options = { name: "paid", state: ":memory:", log: () => {}, onError: deadLetter(log.sink("failed")) };
    await (await runWith(paid(log, throwing), options, new ManualClock())).finished;
    assertEquals(rows(log).toSorted(), ["ada of 1 3", "ada of 1 5", "ada of 2 3", "ada of 2 5"]);
    const [failed, ...more] = log.records("failed");
    assertEquals(more, []);
    assertEquals(header(failed, "tidemark.source"), "payments/0@1");
    assertEquals(header(failed, "tidemark.reason"), 'intervalJoin "paid": four is no price');
  });

  it("names a row without a partner that throws by its key and time, and goes on without it", async () => {
    const throwing: Options = {
      join(order, payment) {
        if (payment === undefined && order?.user === "bob") throw new RangeError("bob never pays");
        return join(order, payment);
      },
    };
    const fill = (log: MemoryLog) => {
      log.append("orders", [order("ada", 1), order("bob", 2), order("bob", 3), order("ada", 40)]);
      log.append("payments", [payment("bob", 3), payment("ada", 50)]);
      log.append("orders", [order("bob", 4), order("ada", 60)]);
      for (const topic of ["orders", "payments"]) log.end(topic);
    };
    const log = memory();
    fill(log);
    assertMatch(
      await refusal(paid(log, { ...throwing, lower: 0, upper: 0 }), { name: "paid", state: ":memory:", log: () => {} }),
      /in intervalJoin "paid" while the timer of key "bob" at 2 fired: bob never pays/,
    );
    const more = memory();
    fill(more);
    const options = { name: "paid", state: ":memory:", log: () => {}, onError: deadLetter(more.sink("failed")) };
    await (await runWith(paid(more, { ...throwing, upper: 0 }), options, new ManualClock())).finished;
    assertEquals(rows(more).toSorted(), ["ada - 50", "ada of 1 -", "ada of 40 -", "ada of 60 -", "bob of 3 3"]);
    assertEquals(more.records("failed").map(({ value }) => JSON.parse(new TextDecoder().decode(value!))), [
      { timer: "paid/left", key: "bob", time_ms: 2 },
      { timer: "paid/left", key: "bob", time_ms: 4 },
    ]);
  });

  it("a tombstone that a key function cannot read is a bad record, on either side", async () => {
    const log = memory();
    log.append("orders", [{ key: "ada", value: null, timestamp: 1 }, order("ada", 2)]);
    log.append("payments", [{ key: "ada", value: null, timestamp: 1 }, payment("ada", 2)]);
    for (const topic of ["orders", "payments"]) log.end(topic);
    const timed = <T>(topic: string) => log.source<T>(topic).pipe(watermark({ name: topic, maxOutOfOrderness: 0 }));
    const pipeline = timed<Order>("orders").pipe(
      intervalJoin(timed<Payment>("payments"), {
        name: "paid",
        key: ({ user }) => user,
        rightKey: ({ user }) => user,
        lower: 0,
        upper: 10,
        join,
      }),
      log.sink("paid", { key: ({ user }) => user }),
    );
    const options = { name: "paid", state: ":memory:", log: () => {}, onBadRecord: deadLetter(log.sink("bad")) };
    await (await runWith(pipeline, options, new ManualClock())).finished;
    assertEquals(rows(log), ["ada of 2 2"]);
    const bad = log.records("bad");
    assertEquals(bad.map((record) => header(record, "tidemark.source")).toSorted(), ["orders/0@0", "payments/0@0"]);
    for (const record of bad) {
      assertMatch(header(record, "tidemark.reason")!, /a tombstone, which intervalJoin "paid" cannot read/);
    }
  });

  it("refuses a side whose topic is keyed by something else", async () => {
    const log = memory();
    for (const topic of ["orders", "payments"]) log.create(topic, { partitions: 2 });
    log.append("orders", [order("ada", 1)]);
    log.append("payments", [{ ...payment("ada", 2), key: "bob" }]);
    for (const topic of ["orders", "payments"]) log.end(topic);
    assertMatch(
      await refusal(paid(log), { name: "paid", state: ":memory:", log: () => {} }),
      /intervalJoin "paid" is keyed by "ada".*Key the topic payments by it/,
    );
  });

  it("migrates the values of both sides", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    const migrated: Options = {
      version: 2,
      migrate: (value, version, side) => side === "left" ? { ...value as Order, items: [side, `${version}`] } : value,
    };
    log.append("orders", [order("ada", 1)]);
    const first = await runWith(paid(log), { name: "paid", state: kv, log: () => {} }, new ManualClock());
    await until("the order to be read", () => first.metrics.snapshot().records_in === 1, first);
    await first.stop();
    log.append("payments", [payment("ada", 2)]);
    for (const topic of ["orders", "payments"]) log.end(topic);
    await (await runWith(paid(log, migrated), { name: "paid", state: kv, log: () => {} }, new ManualClock())).finished;
    assertEquals(rows(log), ["ada left,1 2"]);
  });

  it("counts late values, and passes them to the side output", async () => {
    await using test = await testPipeline(paid(memory()), { start: 1_000_000 });
    await test.push("orders", [order("ada", 50)]);
    await test.push("payments", [payment("ada", 60)]);
    await test.push("orders", [order("ada", 45), order("ada", 46)]);
    assertEquals([test.results("late"), test.metrics.late], [[45], 1]);
    assertEquals(test.results<Row>("paid").map(shown), ["ada of 50 60"]);
  });

  it("stores what came and not what is kept: with 100,000 values of the key not twice as much as with ten", async () => {
    interface Timed {
      readonly at: number;
    }
    const timed = (topic: string) =>
      jobSource<Timed>(topic).pipe(eventTime(({ at }) => at), watermark({ name: topic, maxOutOfOrderness: 0 }));
    const bytes: number[] = [];
    for (const kept of [10, 100_000]) {
      const task = await CommittingTask.run(
        timed("left").pipe(
          intervalJoin(timed("right"), {
            name: "join",
            key: () => "all",
            rightKey: () => "all",
            lower: 0,
            upper: 1_000_000,
            type: "full",
            join: (left, right) => [left?.at, right?.at],
          }),
        ),
      );
      // All times take the same number of bytes.
      const push = (at: number) => task.push("left", { at }, { timestamp: at });
      for (let n = 0; n < kept; n++) push(1_000_000 + n);
      await task.commit();
      for (let n = 0; n < 100; n++) push(1_500_000 + n);
      bytes.push(await task.commit());
    }
    assert(bytes[1] < 2 * bytes[0], `${bytes}`);
  });

  it("keeps nothing of what is over: after ten times the data as much as after one", async () => {
    const sizes: number[] = [];
    for (const times of [1, 10]) {
      await using test = await testPipeline(paid(memory()), { start: 1_000_000 });
      for (let n = 0; n < 20 * times; n++) {
        await test.push("orders", [order(`ada ${n}`, 30 * n), order(`bob ${n}`, 30 * n)]);
        await test.push("payments", [payment(`ada ${n}`, 30 * n + 5)]);
      }
      await test.push("orders", [order("last", 1_000_000)]);
      await test.push("payments", [payment("last", 1_000_000)]);
      sizes.push(["left", "right"].reduce((sum, side) => sum + test.state(`paid/${side}`).size, 0));
    }
    assertEquals(sizes, [2, 2]);
  });
});
