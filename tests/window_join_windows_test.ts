/** Window joins of windows other than the tumbling ones: which values are partners, what is kept, and how they run in jobs. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { merge, of, Subject, tap } from "rxjs";
import {
  count,
  countWindow,
  eventTime,
  hours,
  type JoinWindow,
  memory,
  watermark,
  windowJoin,
} from "@tidemark/streams";
import { crashTest, testPipeline } from "@tidemark/streams/testing";
import { runWith } from "../runtime/run.ts";
import { clicked, type ClickedOptions, record } from "./support/clicked.ts";
import { CommittingTask } from "./support/committing_task.ts";
import { DurableTask } from "./support/durable_task.ts";
import { ManualClock, refusal, until } from "./support/jobs.ts";
import { key, pair, script, type Step, type Timed } from "./support/join_script.ts";
import { HandMadeTask, jobSink, jobSource } from "./support/task_host.ts";

const joined = (window: JoinWindow<Timed>, steps: readonly Step[], options: ClickedOptions = {}) =>
  script(steps, (right) => windowJoin(right, { window, key, rightKey: key, join: pair, ...options }));

const SLIDING = { size: 10, slide: 5 };
const CUMULATIVE = { max: 9, step: 3 };
const SESSIONS = { gap: 10 };

describe("windowJoin() of windows that overlap", () => {
  it("has a row in each window that holds both, and the rows of one side in each window without a partner", () => {
    const steps: Step[] = [["left", 3], ["right", 7]];
    assertEquals(joined(SLIDING, steps), ["end", "3+7 @9"]);
    assertEquals(joined(SLIDING, [...steps, ["right", 4]]), ["end", "3+4 @4", "3+7 @9", "3+4 @9"]);
    assertEquals(joined(SLIDING, steps, { type: "full" }), ["end", "3+- @4", "3+7 @9", "-+7 @14"]);
    assertEquals(joined(CUMULATIVE, [["left", 1], ["right", 4]], { type: "left" }), [
      "end",
      "1+- @2",
      "1+4 @5",
      "1+4 @8",
    ]);
  });

  it("has the rows of a key in the order in which left values came, then right ones, over all slices", () => {
    const steps: Step[] = [["left", 6], ["right", 8], ["left", 1], ["right", 2], ["left", 7]];
    assertEquals(joined({ size: 10, slide: 10 }, steps), [
      "end",
      ...["6+8 @9", "6+2 @9", "1+8 @9", "1+2 @9", "7+8 @9", "7+2 @9"],
    ]);
    const many = joined({ size: 10, slide: 2 }, steps).filter((row) => row.endsWith("@9"));
    assertEquals(many, ["6+8 @9", "6+2 @9", "1+8 @9", "1+2 @9", "7+8 @9", "7+2 @9"]);
  });

  it("a value is late when all of its windows are over, and has its rows in those that are not", () => {
    assertEquals(joined(SLIDING, [["left", 7], 4, ["right", 3], 9, ["right", 3], ["right", 8]]), [
      "7+3 @9",
      "late 3",
      "end",
      "7+8 @14",
    ]);
    assertEquals(joined(CUMULATIVE, [["left", 1], 2, ["right", 1], 8, ["right", 1]]), [
      "1+1 @5",
      "1+1 @8",
      "late 1",
      "end",
    ]);
  });

  it("passes over a value in no window, where the slide is longer than the size", () => {
    assertEquals(
      joined({ size: 2, slide: 10 }, [["left", 1], ["right", 5], ["left", 5], ["right", 0]], { type: "full" }),
      [
        "end",
        "1+0 @1",
      ],
    );
  });

  it("a value that a row causes is in no window that has fired, or fires", () => {
    const again = new Subject<Timed>();
    const seen: string[] = [];
    const source = (name: string) => jobSource<Timed>(name).pipe(eventTime(({ at }) => at));
    const lefts = merge(source("left"), again).pipe(watermark({ name: "left", maxOutOfOrderness: 0 }));
    const job = new HandMadeTask().run(
      lefts.pipe(
        windowJoin(source("right").pipe(watermark({ name: "right", maxOutOfOrderness: 0 })), {
          name: "join",
          window: SLIDING,
          key,
          rightKey: key,
          type: "left",
          join: pair,
        }),
        tap((row) => {
          seen.push(row);
          if (row === "6+7") again.next({ at: 8, key: "later" });
        }),
        jobSink("out"),
      ),
    );
    for (const [at, key] of [[6, "k"], [7, "later"]] as const) job.push("left", { at, key }, { timestamp: at });
    for (const at of [7, 12]) job.push("right", { at, key: "k" }, { timestamp: at });
    job.push("left", { at: 12, key: "k" }, { timestamp: 12 });
    assertEquals([job.task.failure, seen], [undefined, ["6+7", "7+-"]]);
    again.complete();
    job.end();
    assertEquals(seen, ["6+7", "7+-", ...["6+7", "6+12", "12+7", "12+12", "7+-", "8+-"], "12+12"]);
  });

  it("has days of 23 hours where the clocks change", () => {
    const before = Date.UTC(2024, 2, 31, 21, 59), after = before + hours(0.1);
    const rows = joined({ unit: "day", timeZone: "Europe/Berlin" }, [["left", before], ["right", before], [
      "left",
      after,
    ]], {
      type: "left",
      join: (left, right) => `${left!.at - before} ${right === undefined ? "-" : right.at - before}`,
    });
    assertEquals(rows, ["end", `0 0 @${before + 59_999}`, `${hours(0.1)} - @${before + 60_000 + hours(24) - 1}`]);
  });
});

describe("windowJoin() of sessions", () => {
  it("forms them of the values of both sides, and has all pairs in each", () => {
    assertEquals(joined(SESSIONS, [["left", 1], ["right", 9], ["left", 18], ["right", 40]]), [
      "end",
      "1+9 @27",
      "18+9 @27",
    ]);
    assertEquals(joined(SESSIONS, [["left", 1], ["right", 12]], { type: "full" }), ["end", "1+- @10", "-+12 @21"]);
    assertEquals(joined(SESSIONS, [["left", 1], ["right", 11]]), ["end", "1+11 @20"]);
    assertEquals(joined(SESSIONS, [["left", 1], ["right", 5, "other"]]), ["end"]);
  });

  it("merges what a value connects, in the order in which the values came", () => {
    const steps: Step[] = [["left", 30], ["right", 31], ["right", 1], ["left", 2], ["left", 15], ["right", 22], [
      "left",
      8,
    ]];
    const lefts = [30, 2, 15, 8], rights = [31, 1, 22];
    assertEquals(joined(SESSIONS, steps), [
      "end",
      ...lefts.flatMap((left) => rights.map((right) => `${left}+${right} @40`)),
    ]);
  });

  it("a value that touches a session that is not over is not late", () => {
    const late = joined(SESSIONS, [["left", 20], 15, ["right", 3], ["right", 12], 25, ["right", 1]]);
    assertEquals(late, ["late 3", "late 1", "end", "20+12 @29"]);
  });

  it("takes a gap for each value, on either side", () => {
    const gap = ({ at }: Timed) => at % 10;
    assertEquals(joined({ gap }, [["left", 5], ["right", 10], ["left", 12], ["right", 14]]), [
      "end",
      "5+10 @9",
      "12+14 @17",
    ]);
    const wrong = joined({ gap: () => -1 }, [["left", 5]]);
    assertEquals(wrong, [
      "RangeError: windowJoin: gap must return an integer of at least 0, current value is -1",
      "end",
    ]);
  });
});

describe("the windows of windowJoin()", () => {
  it("are refused where they are none of event time, or several, in words", () => {
    const make = (window: unknown) => () =>
      windowJoin(of({ at: 1, key: "k" }), { window: window as never, key, rightKey: key, join: pair });
    const forms = "{ size, offset }, { size, slide, offset }, { max, step, offset }, { gap } or { unit, timeZone }";
    const reason =
      "A global window never ends, and windows of a count of records do not lie in time, so no join has them";
    const counted = countWindow({ key, size: 3, aggregate: count<Timed>() });
    for (const window of [undefined, 10, counted, {}]) {
      const { message } = assertThrows(make(window), TypeError);
      assertEquals(message, `Cannot create a window join: window must be ${forms}. ${reason}`);
    }
    for (
      const window of [{ size: 10, gap: 3 }, { slide: 5 }, { trigger: {} }, { max: 3, step: 1, size: 3 }, { rows: 5 }]
    ) {
      const { message } = assertThrows(make(window), TypeError);
      const names = Object.keys(window).join(", ");
      assertEquals(
        message,
        `Cannot create a window join: window must be ${forms}, current value has ${names}. ${reason}`,
      );
    }
    const cannot = "Cannot create a window join:";
    assertThrows(make({ size: 10, slide: 0 }), RangeError, `${cannot} slide must be > 0, current value is 0`);
    assertThrows(make({ max: 10, step: 3 }), RangeError, `${cannot} max must be a multiple of step`);
    assertThrows(make({ gap: 0 }), RangeError, `${cannot} gap must be an integer above 0, current value is 0`);
    assertThrows(make({ unit: "year", timeZone: "UTC" }), TypeError, `${cannot} unit must be "day", "week" or "month"`);
    assertThrows(
      make({ unit: "day", timeZone: "Mars" }),
      RangeError,
      `${cannot} timeZone must be the name of a time zone`,
    );
  });
});

const options = { name: "clicked", log: () => {} };

describe("windowJoin() of any windows in a job", () => {
  for (const [kind, window] of Object.entries({ sliding: SLIDING, cumulative: CUMULATIVE, sessions: SESSIONS })) {
    it(`comes through crashes as everything else does: ${kind}`, async () => {
      const input = [1, 5, 3, 22, 12, 1, 40, 39, 70].flatMap((at, index) => [
        { topic: "views", ...record(["ada", "bob"][index % 2], at) },
        { topic: "clicks", ...record(["ada", "bob"][(index + index % 3) % 2], at + index % 5) },
      ]);
      for (const [partitions, values] of [[1, "copied"], [3, "frozen"]] as const) {
        const report = await crashTest(() => clicked(memory(), window, { values }), input, { partitions });
        assert(report.crashes > 20 && report.results > 8, Deno.inspect(report));
      }
    });

    it(`keeps nothing of what is over, after ten times the data as much as after one: ${kind}`, async () => {
      const sizes: unknown[] = [];
      for (const times of [1, 10]) {
        await using test = await testPipeline(clicked(memory(), window), { start: 1_000_000 });
        for (let n = 0; n < 20 * times; n++) {
          await test.push("views", [record(`ada ${n}`, 30 * n), record(`bob ${n}`, 30 * n)]);
          await test.push("clicks", [record(`ada ${n}`, 30 * n + 5)]);
        }
        for (const topic of ["views", "clicks"]) await test.push(topic, [record("last", 1_000_000)]);
        const parts = ["left/numbered", "right/numbered", ...(kind === "sessions" ? ["sessions"] : [])];
        sizes.push(parts.map((part) => test.state(`clicked/${part}`).size));
      }
      assertEquals(sizes, Array(2).fill(kind === "sessions" ? [1, 1, 1] : [1, 1]));
    });
  }

  it("an epoch stores each value that came once, however many windows hold it and however many values are kept", async () => {
    const bytes: number[] = [];
    const cases = [[{ size: 1000, slide: 1000 }, 0], [{ size: 1000, slide: 10 }, 0], [{ gap: 1000 }, 0], [
      { gap: 1000 },
      1e4,
    ]];
    for (const [window, kept] of cases as [JoinWindow<Timed>, number][]) {
      const timed = (name: string) => jobSource<Timed>(name).pipe(watermark({ name, maxOutOfOrderness: 0 }));
      const task = await CommittingTask.run(
        timed("views").pipe(
          windowJoin(timed("clicks"), { name: "clicked", window, key: () => 0, rightKey: () => 0, join: pair }),
        ),
      );
      for (let n = 0; n < kept; n++) task.push("views", { at: n, key: "k" }, { timestamp: 1_000_000 + n % 500 });
      await task.commit();
      for (let n = 0; n < 100; n++) task.push("views", { at: n, key: "k" }, { timestamp: 1_000_500 });
      bytes.push(await task.commit());
    }
    for (const more of bytes.slice(1)) assert(more < 2 * bytes[0], `${bytes}`);
  });

  it("a merge moves the fewer values", async () => {
    const timed = (name: string) => jobSource<Timed>(name).pipe(watermark({ name, maxOutOfOrderness: 100_000 }));
    const task = await CommittingTask.run(
      timed("views").pipe(
        windowJoin(timed("clicks"), { name: "clicked", window: SESSIONS, key: () => 0, rightKey: () => 0, join: pair }),
      ),
    );
    const push = (side: string, at: number) => task.push(side, { at, key: "k" }, { timestamp: 1_000_000 + at });
    for (let n = 0; n < 10_000; n++) push(n % 2 === 0 ? "views" : "clicks", 1_000);
    await task.commit();
    // A new session before, and the value that connects both.
    for (const at of [985, 995]) push("clicks", at);
    const bytes = await task.commit();
    assert(bytes < 1_000, `${bytes}`);
  });

  /** The rows and what is kept of views of one key, whose windows change at a restart. */
  function changing(
    times: readonly number[],
    click: number | undefined,
    before: JoinWindow<Timed>,
    after: JoinWindow<Timed>,
  ) {
    let window = before;
    const timed = (name: string) => jobSource<Timed>(name).pipe(watermark({ name, maxOutOfOrderness: 0 }));
    const rows: string[] = [];
    const task = new DurableTask(() =>
      timed("views").pipe(
        windowJoin(timed("clicks"), { name: "clicked", window, key, rightKey: key, type: "left", join: pair }),
        tap((row) => rows.push(row)),
      )
    );
    const push = (side: string, at: number) => task.push(side, { at, key: "k" }, { timestamp: at });
    for (const at of times) push("views", at);
    if (click !== undefined) push("clicks", click);
    window = after;
    task.restart().restart().end();
    assertEquals(task.failure, undefined);
    return { rows, kept: task.state(`clicked/left${"slide" in after ? "/numbered" : ""}`).size };
  }

  it("finds its values again, and their order, when its windows have changed since", () => {
    const slices = changing([13, 18, 14], undefined, { size: 12, slide: 6 }, { size: 20, slide: 10 });
    assertEquals(slices, { rows: Array(2).fill(["13+-", "18+-", "14+-"]).flat(), kept: 0 });
    const over = changing([13, 51], 51, { size: 100 }, { size: 10 });
    assertEquals(over, { rows: ["13+51", "51+51"], kept: 0 });
    const none = changing([17], undefined, { size: 10, slide: 10, offset: 5 }, { size: 2, slide: 10 });
    assertEquals(none, { rows: [], kept: 0 });
  });

  it("refuses the values of windows of another kind, with what to do", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    log.append("views", [record("ada", 13)]);
    log.create("clicks");
    const first = await runWith(clicked(log, { size: 10 }), { ...options, state: kv }, new ManualClock());
    await until("the view to be read", () => first.metrics.snapshot().records_in === 1, first);
    await first.stop();
    assertMatch(await refusal(clicked(log, SLIDING), { ...options, state: kv }), /clicked\/left/);
  });
});
