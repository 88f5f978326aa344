/** Window joins: which values are partners, when rows come and in which order, what is refused, and how they run in jobs. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { of, Subject, tap } from "rxjs";
import { deadLetter, eventTime, memory, windowJoin, type WindowJoinOptions } from "@tidemark/streams";
import { crashTest, testPipeline } from "@tidemark/streams/testing";
import type { MemoryLog } from "../connectors/memory.ts";
import { runWith } from "../runtime/run.ts";
import { clicked, type ClickedOptions, record } from "./support/clicked.ts";
import { strict } from "./support/events.ts";
import { ManualClock, refusal, until } from "./support/jobs.ts";
import { key, pair, script, type Step, type Timed } from "./support/join_script.ts";

const joined = (steps: readonly Step[], options: ClickedOptions = {}) =>
  script(
    steps,
    (right) => windowJoin(right, { window: { size: 10 }, key, rightKey: key, join: pair, ...options }),
  );

const TEN = { size: 10 };

const silent = { name: "clicked", state: ":memory:", log: () => {} };

describe("windowJoin()", () => {
  it("has all pairs of a key and a window at its end, in the order in which left values came, then right ones", () => {
    const steps: Step[] = [["right", 9], ["left", 3], ["left", 1], ["right", 0], ["right", 10], ["right", 5, "other"]];
    assertEquals(joined([...steps, 8, 9]), ["3+9 @9", "3+0 @9", "1+9 @9", "1+0 @9", "end"]);
    assertEquals(joined([...steps, 8]), ["end", "3+9 @9", "3+0 @9", "1+9 @9", "1+0 @9"]);
  });

  it("has a row for a value without a partner in its window, on the sides that it is for", () => {
    const steps: Step[] = [["left", 3], ["right", 13], ["left", 4, "p"], ["right", 4, "p"]];
    assertEquals(joined(steps, { type: "left" }), ["end", "3+- @9", "4+4 @9"]);
    assertEquals(joined(steps, { type: "right" }), ["end", "4+4 @9", "-+13 @19"]);
    assertEquals(joined(steps, { type: "full" }), ["end", "3+- @9", "4+4 @9", "-+13 @19"]);
  });

  it("shifts its windows by the offset", () => {
    assertEquals(joined([["left", 4], ["right", 5], ["left", 14]], { window: { size: 10, offset: 5 } }), [
      "end",
      "14+5 @14",
    ]);
  });

  it("refuses a value whose window is over, and only such a one", () => {
    const steps: Step[] = [["left", 11], 9, ["right", 9], ["left", 9], 10, ["right", 10]];
    assertEquals(joined(steps), ["late 9", "late 9", "end", "11+10 @19"]);
  });

  for (const values of ["copied", "frozen"] as const) {
    it(`keeps values of its own, and gives each row values of its own, when they are ${values}`, () => {
      const seen: string[] = [];
      const left = new Subject<{ n: number[] }>(), right = new Subject<{ n: number[] }>();
      const timed = (side: typeof left) => side.pipe(eventTime(({ n }) => n[0]), strict());
      const both = { key: () => "k", rightKey: () => "k", window: { size: 100 }, values };
      timed(left).pipe(
        windowJoin(timed(right), { ...both, join: (left, right) => ({ left, right }) }),
        tap(({ left, right }) => {
          seen.push(`${left.n}+${right.n}`);
          for (const { n } of [left, right]) {
            if (values === "frozen") assertThrows(() => n.push(9), TypeError);
            else n.push(9);
          }
        }),
      ).subscribe({ error: (error) => seen.push(String(error)) });
      const first = { n: [1] };
      left.next(first);
      if (values === "copied") first.n.push(7);
      for (const n of [2, 3]) right.next({ n: [n] });
      left.complete();
      right.complete();
      assertEquals(seen, ["1+2", "1+3"]);
    });
  }

  it("refuses options that make no sense when the pipeline is built", () => {
    const make = (options: Record<string, unknown>) => () =>
      windowJoin(of({ at: 1, key: "k" }), { window: { size: 1 }, key, rightKey: key, join: pair, ...options } as never);
    const cannot = "Cannot create a window join:";
    for (const name of ["key", "rightKey", "join"]) {
      assertThrows(make({ [name]: undefined }), TypeError, `${cannot} ${name} must be a function`);
    }
    assertThrows(make({ window: undefined }), TypeError, `${cannot} window must be { size, offset }`);
    assertThrows(make({ window: { size: 0 } }), RangeError, `${cannot} size must be > 0, current value is 0`);
    assertThrows(
      make({ window: { size: 2, offset: 2 } }),
      RangeError,
      `${cannot} offset must lie between -size and size`,
    );
    assertThrows(make({ type: "outer" }), TypeError, `${cannot} type must be "inner", "left", "right" or "full"`);
    assertThrows(make({ values: "cloned" }), TypeError, `${cannot} values must be "copied" or "frozen"`);
  });
});

describe("windowJoin() in a job", () => {
  it("comes through crashes as everything else does, of any partitions and values", async () => {
    const input = [1, 5, 3, 22, 12, 1, 40, 39, 70].flatMap((at, index) => [
      { topic: "views", ...record(["ada", "bob", "eve"][index % 3], at) },
      { topic: "clicks", ...record(["ada", "bob", "eve"][(index + index % 2) % 3], at + index % 5) },
    ]);
    for (const [partitions, values] of [[1, "copied"], [3, "frozen"]] as const) {
      const report = await crashTest(() => clicked(memory(), TEN, { values }), input, { partitions });
      assert(report.crashes > 20 && report.results > 10, Deno.inspect(report));
    }
  });

  it("names a row that throws by its key and window, and goes on without it", async () => {
    const throwing: ClickedOptions = {
      join(left, right) {
        if (left?.at === 2 && right?.at === 3) throw new RangeError("they do not fit");
        return `${(left ?? right)!.key} ${pair(left, right)}`;
      },
    };
    const fill = (log: MemoryLog) => {
      log.append("views", [record("ada", 1), record("bob", 1), record("bob", 2), record("ada", 30)]);
      log.append("clicks", [record("bob", 3), record("bob", 4), record("ada", 30)]);
      for (const topic of ["views", "clicks"]) log.end(topic);
      return log;
    };
    assertMatch(
      await refusal(clicked(fill(memory()), TEN, throwing), silent),
      /in windowJoin "clicked" while the window of key "bob" at 0 fired: they do not fit/,
    );
    const log = fill(memory());
    await (await runWith(
      clicked(log, TEN, throwing),
      { ...silent, onError: deadLetter(log.sink("failed")) },
      new ManualClock(),
    )).finished;
    assertEquals(log.read<string>("clicked").toSorted(), ["ada 1+-", "ada 30+30", "bob 1+3", "bob 1+4", "bob 2+4"]);
    assertEquals(log.records("failed").length, 1);
  });

  it("migrates the values of both sides", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    const migrate: WindowJoinOptions<Timed, Timed, string, string>["migrate"] = (value, version, side) =>
      side === "left" ? { ...value as Timed, at: version + 100 } : value;
    log.append("views", [record("ada", 1)]);
    const first = await runWith(clicked(log, TEN), { ...silent, state: kv }, new ManualClock());
    await until("the view to be read", () => first.metrics.snapshot().records_in === 1, first);
    await first.stop();
    log.append("clicks", [record("ada", 2)]);
    for (const topic of ["views", "clicks"]) log.end(topic);
    const options = { ...silent, state: kv };
    await (await runWith(clicked(log, TEN, { version: 2, migrate }), options, new ManualClock())).finished;
    assertEquals(log.read("clicked"), ["ada 101+2"]);
  });

  it("counts late values, and passes them to the side output", async () => {
    await using test = await testPipeline(clicked(memory(), TEN), { start: 1_000_000 });
    await test.push("views", [record("ada", 50)]);
    await test.push("clicks", [record("ada", 60)]);
    await test.push("views", [record("ada", 39), record("ada", 40)]);
    assertEquals([test.results("late"), test.metrics.late], [[39], 1]);
  });

  it("keeps nothing of what is over: after ten times the data as much as after one", async () => {
    const sizes: number[] = [];
    for (const times of [1, 10]) {
      await using test = await testPipeline(clicked(memory(), TEN), { start: 1_000_000 });
      for (let n = 0; n < 20 * times; n++) {
        await test.push("views", [record(`ada ${n}`, 30 * n), record(`bob ${n}`, 30 * n)]);
        await test.push("clicks", [record(`ada ${n}`, 30 * n + 5)]);
      }
      for (const topic of ["views", "clicks"]) await test.push(topic, [record("last", 1_000_000)]);
      sizes.push(["left", "right"].reduce((sum, side) => sum + test.state(`clicked/${side}`).size, 0));
    }
    assertEquals(sizes, [2, 2]);
  });
});
