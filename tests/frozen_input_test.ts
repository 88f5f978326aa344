/** A pipeline under test reads what cannot be changed, at the present time. */
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { filter, map, type Observable, tap } from "rxjs";
import {
  days,
  deadLetter,
  eventTime,
  keyedReduce,
  memory,
  minutes,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import { collect } from "@tidemark/streams";
import { crashTest, testPipeline } from "@tidemark/streams/testing";
import { freezeDeeply } from "../testing/_freeze.ts";

interface Order {
  readonly user: string;
  readonly at: number;
  readonly items: { price: number }[];
  total?: number;
}

const order = (user: string, at = 1_000): { key: string; value: Order } => ({
  key: user,
  value: { user, at, items: [{ price: 3 }, { price: 4 }] },
});

type Change = (orders: Observable<Order>) => Observable<Order>;

/** Ways to change what one was given, with the operator that the message has to name. */
const CHANGES: Readonly<Record<string, readonly [change: Change, operator: string]>> = {
  "a map that adds a field": [
    map((one) => {
      one.total = 7;
      return one;
    }),
    "map()",
  ],
  "a map that changes a part inside": [
    map((one) => {
      one.items[0].price *= 2;
      return one;
    }),
    "map()",
  ],
  "a tap that sorts a list in place": [tap((one) => one.items.sort((a, b) => b.price - a.price)), "tap()"],
  "a filter that pushes into a list": [filter((one) => one.items.push({ price: 1 }) > 0), "filter()"],
  "a map that deletes a field": [
    map((one) => {
      delete (one as { user?: string }).user;
      return one;
    }),
    "map()",
  ],
};

function sunk(change: Change): Observable<unknown> {
  const log = memory();
  return log.source<Order>("orders", { tombstones: "refuse" }).pipe(change, log.sink("out"));
}

describe("testPipeline() and crashTest() freeze what a source gives", () => {
  for (const [what, [change, operator]] of Object.entries(CHANGES)) {
    it(`${what} fails, with words that name the operator and the cure`, async () => {
      const failure = await assertRejects(async () => {
        await using test = await testPipeline(sunk(change));
        await test.push("orders", order("ada"));
      }, Error);
      assertMatch(failure.message, /^Job test stopped at orders\/0@0 in sink "out": /);
      assert(
        failure.message.includes(`the function given to ${operator} changed the value that it was given`),
        failure.message,
      );
      assert(failure.message.includes("({ ...value"), failure.message);
      const crashed = await assertRejects(() => crashTest(sunk(change), [order("ada")]), Error);
      assert(crashed.message.includes(`the function given to ${operator} changed`), crashed.message);
    });
  }

  it("a reducer that changes the record, and not its total, is named by its own name", async () => {
    const log = memory();
    const pipeline = log.source<Order>("orders").pipe(
      keyedReduce({
        name: "spent",
        key: ({ user }) => user,
        initial: 0,
        reduce: (total, one) => {
          one.total = total;
          return total + 1;
        },
      }),
      log.sink("out"),
    );
    const failure = await assertRejects(async () => {
      await using test = await testPipeline(pipeline);
      await test.push("orders", order("ada"));
    }, Error);
    assertMatch(failure.message, /in keyedReduce "spent": .*the function given to keyedReduce\(\) changed/);
  });

  it("stages may keep what they were given, and change what is theirs", async () => {
    const log = memory();
    const pipeline = log.source<Order>("orders").pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: 0 }),
      tumblingWindow({ name: "all", key: ({ user }) => user, size: 10, aggregate: collect() }),
      map(({ value }) => value.map((one) => ({ ...one, total: one.items.length }))),
      log.sink("out"),
    );
    await using test = await testPipeline(pipeline);
    await test.push("orders", [order("ada", 1), order("ada", 2)]);
    await test.end();
    assertEquals(test.results<Order[]>("out")[0].map(({ total }) => total), [2, 2]);
  });

  it("an error of another kind keeps its words", async () => {
    const pipeline = sunk(map(() => {
      throw new TypeError("no");
    }));
    const failure = await assertRejects(async () => {
      await using test = await testPipeline(pipeline);
      await test.push("orders", order("ada"));
    }, Error);
    assert(failure.message.endsWith("and start the job again."), failure.message);
  });

  it("bytes, maps and dates pass, and so does a value that is inside itself", () => {
    const value: Record<string, unknown> = {
      bytes: new Uint8Array(2),
      view: new DataView(new ArrayBuffer(2)),
      map: new Map(),
      date: new Date(0),
    };
    value.self = value;
    freezeDeeply(value);
    assert(Object.isFrozen(value));
    for (const plain of [undefined, null, 1, "x", 1n, true]) freezeDeeply(plain);
  });
});

describe("a pipeline under test", () => {
  function timed(): Observable<unknown> {
    const log = memory();
    return log.source<Order>("orders").pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: 0, idleAfter: minutes(1) }),
      map(({ user }) => user),
      log.sink("out"),
    );
  }

  it("takes today's dates without further words, and those of long ago", async () => {
    const today = Date.now();
    await using test = await testPipeline(timed());
    await test.push("orders", [order("ada", today), order("bob", today - days(3650)), order("eve", 0)]);
    assertEquals(test.results("out"), ["ada", "bob", "eve"]);
    assertEquals(test.watermark, today - 1);
    await crashTest(timed(), [order("ada", today), order("bob", today - 1)]);
  });

  it("names start and timestamp where an event lies too far ahead, and takes both", async () => {
    const ahead = Date.UTC(9998, 0, 1);
    const failure = await assertRejects(async () => {
      await using test = await testPipeline(timed());
      await test.push("orders", order("ada", ahead));
    }, Error);
    assertMatch(failure.message, /beyond its own timestamp/);
    assertMatch(failure.message, /give start \(milliseconds since 1970\), or push the record with a timestamp/);

    await using later = await testPipeline(timed(), { start: ahead });
    await later.push("orders", order("ada", ahead));
    await using stamped = await testPipeline(timed(), { start: 0 });
    await stamped.push("orders", { ...order("ada", ahead), timestamp: ahead });
    assertEquals([later.results("out"), stamped.results("out")], [["ada"], ["ada"]]);
    await crashTest(timed(), [order("ada", ahead)], { start: ahead });
  });

  it("sends it to the dead letters where the job has some", async () => {
    const log = memory();
    const pipeline = log.source<Order>("orders").pipe(eventTime(({ at }) => at), log.sink("out"));
    await using test = await testPipeline(pipeline, { onError: deadLetter(log.sink("failed")) });
    await test.push("orders", order("ada", Date.UTC(9998, 0, 1)));
    assertEquals(test.records("failed").map(({ headers }) => headers["tidemark.source"]), ["orders/0@0"]);
  });
});
