import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { map, mergeMap, scan, Subject } from "rxjs";
import {
  count,
  deadLetter,
  embeddedLog,
  eventTime,
  hours,
  keyedReduce,
  lateSideOutput,
  memory,
  minutes,
  recordInfo,
  seconds,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import { testPipeline } from "@tidemark/streams/testing";

interface Visit {
  readonly user: string;
  readonly at: number;
}

type Broker = Pick<ReturnType<typeof kafka>, "source" | "sink">;

function activity(broker: Broker, whenIdle: "advance" | "hold" = "advance") {
  return broker.source<Visit>("visits").pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: 0, idleAfter: seconds(30), whenIdle }),
    tumblingWindow({
      name: "activity",
      key: ({ user }) => user,
      size: minutes(1),
      allowedLateness: minutes(1),
      aggregate: count(),
    }),
    lateSideOutput((late) => late.pipe(broker.sink("late"))),
    map(({ key, window, value, pane }) => ({ user: key, start: window.start, visits: value, pane })),
    broker.sink("activity", { key: ({ user }) => user }),
  );
}

function totals(broker: Broker) {
  return broker.source<string>("clicks").pipe(
    keyedReduce({ name: "totals", key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
    broker.sink("totals", { key: ({ key }) => key }),
  );
}

function visit(user: string, at: number) {
  return { key: user, value: { user, at }, timestamp: at };
}

describe("testPipeline()", () => {
  it("testPipeline() runs a Kafka pipeline as it stands, with no broker and no permission to reach one", async () => {
    const broker = kafka({ brokers: ["localhost:1"] });
    await using test = await testPipeline(activity(broker));
    await test.push("visits", [visit("ada", 1_000), visit("ada", 2_000), visit("bob", 3_000)]);
    assertEquals(test.results("activity"), []);
    assertEquals(test.watermark, 2_999);

    await test.push("visits", visit("eve", minutes(1)));
    assertEquals(test.results("activity"), [
      { user: "ada", start: 0, visits: 2, pane: "onTime" },
      { user: "bob", start: 0, visits: 1, pane: "onTime" },
    ]);

    // Within the allowed lateness the count comes again, corrected; after it the visit goes to the side.
    await test.push("visits", [visit("ada", 4_000), visit("eve", minutes(2)), visit("bob", 5_000)]);
    assertEquals(test.results<{ pane: string; visits: number }>("activity").slice(2, 3), [
      { user: "ada", start: 0, visits: 3, pane: "late" } as never,
    ]);
    assertEquals(test.results("late"), [{ user: "bob", at: 5_000 }]);
    assertEquals(test.records("late"), [{
      key: "bob",
      value: { user: "bob", at: 5_000 },
      partition: 0,
      timestamp: 5_000,
      headers: { "tidemark.reason": 'late for tumblingWindow "activity"', "tidemark.source": "visits/0@6" },
    }]);
    assertEquals(test.metrics.late, 1);
  });

  it("testPipeline() swaps the embedded log and memory, and leaves both as they are", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    for (const broker of [embeddedLog(kv), log]) {
      await using test = await testPipeline(totals(broker));
      await test.push("clicks", [{ value: "ada" }, { value: "ada" }]);
      assertEquals(test.results("totals"), [{ key: "ada", value: 1 }, { key: "ada", value: 2 }]);
      assertEquals(test.state("totals").get("ada"), 2);
    }
    assertEquals(log.read("totals"), []);
    assertEquals(await Array.fromAsync(kv.list({ prefix: [] })), []);
  });

  it("advance() makes a quiet topic idle, and its windows fire by the time that has passed", async () => {
    await using test = await testPipeline(activity(memory()), { start: 0 });
    await test.push("visits", visit("ada", 1_000));
    assertEquals(test.watermark, 999);
    // Idle after more than half a minute; from there event time goes on with the wall clock.
    await test.advance(seconds(30));
    assertEquals(test.watermark, 999);
    await test.advance(seconds(58));
    assertEquals(test.results("activity"), []);
    await test.advance(seconds(2));
    assertEquals(test.results("activity"), [{ user: "ada", start: 0, visits: 1, pane: "onTime" }]);
    assertEquals(test.now, seconds(90));
  });

  it("advance() lets days pass at once, and holds the watermark where the pipeline says so", async () => {
    await using test = await testPipeline(activity(memory(), "hold"), { start: 1_700_000_000_000 });
    await test.push("visits", { value: { user: "ada", at: 1_700_000_000_000 } });
    await test.advance(hours(100 * 24));
    assertEquals(test.results("activity"), []);
    assertEquals(test.watermark, 1_700_000_000_000 - 1);
    assertEquals(test.now, 1_700_000_000_000 + hours(100 * 24));
  });

  it("end() fires what is open, finishes the job, and takes no record any more", async () => {
    await using test = await testPipeline(activity(memory()));
    await test.push("visits", [visit("ada", 1_000), visit("bob", minutes(1))]);
    await test.end();
    assertEquals(test.results<{ user: string }>("activity").map(({ user }) => user), ["ada", "bob"]);
    await assertRejects(
      () => test.push("visits", visit("ada", 1)),
      Error,
      'Cannot push to "visits": the input has ended',
    );
  });

  it("a partition that is behind holds the watermark back in one task, and not in a task for each partition", async () => {
    const ahead = { value: { user: "ada", at: minutes(3) }, key: "ada", partition: 0 };
    const behind = { value: { user: "bob", at: 1_000 }, key: "bob", partition: 1 };
    for (const [tasks, fired] of [["single", 0], ["perPartition", 1]] as const) {
      await using test = await testPipeline(activity(memory()), { tasks, partitions: 2 });
      await test.push("visits", [{ ...ahead, value: { user: "ada", at: 2_000 } }, ahead, behind]);
      assertEquals(test.results("activity").length, fired);
      assertEquals(test.watermark, 999);
    }
  });

  it("records are pushed in their order over all partitions and topics of a task", async () => {
    const broker = memory();
    const seen = broker.source<number>("numbers").pipe(
      map((n) => [n, recordInfo().partition, recordInfo().timestamp]),
      broker.sink("seen"),
    );
    await using test = await testPipeline(seen, { tasks: "single", partitions: { numbers: 3 }, start: 50 });
    await test.push("numbers", [2, 0, 0, 1, 2, 0].map((partition, value) => ({ value, partition })));
    await test.advance(10);
    await test.push("numbers", { value: 6, partition: 1, timestamp: -7 });
    assertEquals(test.results("seen"), [[0, 2, 50], [1, 0, 50], [2, 0, 50], [3, 1, 50], [4, 2, 50], [5, 0, 50], [
      6,
      1,
      -7,
    ]]);
  });

  it("each push is one epoch", async () => {
    const broker = memory();
    const latest = broker.source<string>("clicks").pipe(
      keyedReduce({ name: "totals", key: (user) => user, initial: 0, reduce: (total) => total + 1, emit: "latest" }),
      broker.sink("totals", { key: ({ key }) => key }),
    );
    await using test = await testPipeline(latest);
    await test.push("clicks", [{ value: "ada" }, { value: "ada" }]);
    await test.push("clicks", { value: "ada" });
    assertEquals(test.results<{ value: number }>("totals").map(({ value }) => value), [2, 3]);
    assertEquals(test.metrics.epochs, 2);
  });

  it("what a pipeline writes to a topic that another reads goes through both", async () => {
    const broker = memory();
    const first = broker.source<number>("numbers", { tombstones: "refuse" }).pipe(
      map((n) => n + 1),
      broker.sink("more"),
    );
    const second = broker.source<number>("more", { tombstones: "refuse" }).pipe(
      map((n) => n * 10),
      broker.sink("most"),
    );
    await using test = await testPipeline([first, second]);
    await test.push("numbers", [{ value: 1 }, { value: 2 }]);
    assertEquals([test.results("more"), test.results("most")], [[2, 3], [20, 30]]);
  });

  it("dead letters lie in their topic with reason and source, and the job goes on", async () => {
    const broker = kafka({ brokers: ["localhost:1"] });
    const checked = broker.source<number>("numbers", { tombstones: "refuse" }).pipe(
      map((n) => {
        if (n < 0) throw new RangeError("no negative numbers");
        return n;
      }),
      keyedReduce({ name: "sums", key: () => "all", initial: 0, reduce: (sum, n: number) => sum + n }),
      broker.sink("sums"),
    );
    const dead = deadLetter(broker.sink("dead"));
    await using test = await testPipeline(checked, { onBadRecord: dead, onError: dead });
    await test.push("numbers", [{ value: 1 }, { value: new TextEncoder().encode("{no json") }, { value: -1 }, {
      value: 2,
    }]);
    assertEquals(test.results<{ value: number }>("sums").map(({ value }) => value), [1, 3]);
    assertEquals(test.results("dead"), ["{no json", -1]);
    assertEquals(test.records("dead").map(({ headers }) => headers["tidemark.source"]), ["numbers/0@1", "numbers/0@2"]);
    assert(test.records("dead")[1].headers["tidemark.reason"].includes("no negative numbers"));
    assertEquals(test.metrics.dead_letters, 2);
  });

  it("a record that stops the job rejects the push that brought it, and every later call", async () => {
    const broker = memory();
    const broken = broker.source<number>("numbers").pipe(
      map((n) => {
        if (n === 2) throw new RangeError("two is too much");
        return n;
      }),
      broker.sink("numbers_out"),
    );
    await using test = await testPipeline(broken);
    await test.push("numbers", { value: 1 });
    await assertRejects(() => test.push("numbers", [{ value: 3 }, { value: 2 }]), Error, "two is too much");
    await assertRejects(() => test.advance(1), Error, "numbers/0@2");
    assertEquals(test.results("numbers_out"), [1]);
  });

  it("a failure that no call has told of is thrown when the test ends", async () => {
    const broker = memory();
    const answer = Promise.withResolvers<number>();
    const later = broker.source("numbers").pipe(mergeMap(() => answer.promise), broker.sink("out"));
    await assertRejects(
      async () => {
        await using test = await testPipeline(later);
        await test.push("numbers", { value: 1 });
        answer.resolve(1);
      },
      Error,
      "an asynchronous operator",
    );
  });

  it("what a job would refuse at its start is refused in the same words", async () => {
    const broker = memory();
    const unnamed = broker.source<string>("clicks").pipe(
      keyedReduce({ key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
      broker.sink("totals"),
    );
    await assertRejects(() => testPipeline(unnamed), TypeError, "a stateful stage needs a name in a job");
    const bare = new Subject<string>().pipe(scan((n) => n + 1, 0), broker.sink("totals"));
    await assertRejects(() => testPipeline(bare), TypeError, "no source of the job was subscribed above it");
    await assertRejects(() => testPipeline(totals(broker), { start: NaN }), RangeError, "start must be an integer");
  });

  it("an asynchronous stage and a wrong key stop the job under test as they stop a job", async () => {
    const broker = memory();
    const later = broker.source<string>("clicks").pipe(
      mergeMap((user) => Promise.resolve(user)),
      broker.sink("out"),
    );
    await using test = await testPipeline(later);
    await assertRejects(() => test.push("clicks", { value: "ada" }), Error, "an asynchronous operator");

    await using keyed = await testPipeline(totals(broker), { partitions: 2 });
    await assertRejects(() => keyed.push("clicks", { value: "ada", key: "bob" }), Error, 'has the key "bob"');
  });

  it("wrong words are answered with what there is", async () => {
    const broker = memory();
    await using test = await testPipeline(totals(broker));
    await assertRejects(
      () => test.push("klicks", { value: 1 }),
      RangeError,
      'Cannot push to "klicks": the pipeline reads "clicks"',
    );
    assertThrows(() => test.results("clicks"), RangeError, 'the pipeline writes "totals"');
    await assertRejects(() => test.advance(-1), RangeError, "ms must be an integer of at least 0, current value is -1");
    await assertRejects(() => test.push("clicks", { value: 1, partition: 4 }), RangeError, "it has 1 partitions");
    const elsewhere = memory().source<string>("clicks").pipe(memory().sink("clicks"));
    await assertRejects(() => testPipeline(elsewhere), TypeError, "a test knows topics by their names alone");
  });

  it("calls that nobody waits for happen in their order", async () => {
    const broker = memory();
    await using test = await testPipeline(totals(broker));
    const calls = [test.push("clicks", { value: "ada" }), test.push("clicks", { value: "ada" }), test.end()];
    await Promise.all(calls);
    assertEquals(test.results<{ value: number }>("totals").map(({ value }) => value), [1, 2]);
  });
});
