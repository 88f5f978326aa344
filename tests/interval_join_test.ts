/** Interval joins: which values are partners, when a row comes and with what time, and what is refused. */
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { map, merge, of, Subject, tap } from "rxjs";
import {
  count,
  eventTime,
  intervalJoin,
  type IntervalJoinOptions,
  type JoinType,
  lateSideOutput,
  tumblingWindow,
  watermark,
} from "@tidemark/streams/operators";
import { outcome, strict } from "./support/events.ts";
import { key, pair, script, type Step, type Timed } from "./support/join_script.ts";
import { HandMadeTask, jobSink, jobSource } from "./support/task_host.ts";

type Options = Partial<IntervalJoinOptions<Timed, Timed, string, string, JoinType>>;

const joined = (steps: readonly Step[], options: Options = {}) =>
  script(steps, (right) => intervalJoin(right, { key, rightKey: key, lower: 0, upper: 10, join: pair, ...options }));

describe("intervalJoin()", () => {
  it("pairs values of one key whose times are not further apart than the bounds, which belong to the interval", () => {
    const steps: Step[] = [["left", 5], ["right", 4], ["right", 5], ["right", 15], ["right", 16], [
      "right",
      7,
      "other",
    ]];
    assertEquals(joined(steps), ["5+5 @5", "5+15 @15", "end"]);
    assertEquals(joined(steps, { lower: -1, upper: -1 }), ["5+4 @5", "end"]);
    assertEquals(joined(steps, { lower: 11, upper: 11 }), ["5+16 @16", "end"]);
  });

  it("has a pair when the second value comes, with the later time of both, whichever came first", () => {
    assertEquals(joined([["right", 12], ["left", 5]]), ["5+12 @12", "end"]);
    assertEquals(joined([["left", 5], ["right", 12]]), ["5+12 @12", "end"]);
  });

  it("has the partners of a value in the order of their times, then in that of their arrival", () => {
    const steps: Step[] = [["right", 9], ["right", 3], ["right", 9], ["right", 4], ["left", 2]];
    assertEquals(joined(steps, { join: (left, right) => `${left!.at}+${right!.at}` }), [
      "2+3 @3",
      "2+4 @4",
      "2+9 @9",
      "2+9 @9",
      "end",
    ]);
  });

  it("has a row of a value without a partner when none can come any more, at that time", () => {
    const steps: Step[] = [["left", 5], ["left", 6, "paired"], ["right", 6, "paired"], ["right", 5, "other"], 14, 15];
    assertEquals(joined(steps, { type: "inner" }), ["6+6 @6", "end"]);
    assertEquals(joined(steps.slice(0, 5), { type: "left" }), ["6+6 @6", "end", "5+- @15"]);
    assertEquals(joined(steps, { type: "left" }), ["6+6 @6", "5+- @15", "end"]);
    assertEquals(joined(steps, { type: "right" }), ["6+6 @6", "-+5 @5", "end"]);
    assertEquals(joined(steps, { type: "full" }), ["6+6 @6", "-+5 @5", "5+- @15", "end"]);
  });

  it("keeps a value not less long than until its own time, however the interval lies", () => {
    assertEquals(joined([["left", 5], 4, ["right", 3], 5, ["right", 5]], { lower: -9, upper: -2, type: "left" }), [
      "late 3",
      "5+- @5",
      "end",
    ]);
    assertEquals(joined([["left", 5], ["right", 3], 5], { lower: -9, upper: -2, type: "left" }), ["5+3 @5", "end"]);
  });

  it("has the rows of several values in the order in which they leave, whatever order they came in", () => {
    const steps: Step[] = [["left", 9], ["right", 20, "r"], ["left", 3], ["left", 9, "l"], ["left", 4]];
    assertEquals(joined(steps, { type: "full" }), ["end", "3+- @13", "4+- @14", "9+- @19", "9+- @19", "-+20 @20"]);
  });

  it("refuses a value below the watermark of both sides, and only such a one", () => {
    const steps: Step[] = [["left", 10], 10, ["left", 9], ["right", 9], ["left", 10], ["right", 10]];
    assertEquals(joined(steps), ["late 9", "late 9", "10+10 @10", "10+10 @10", "end"]);
  });

  it("a late value has no row and no partner", () => {
    assertEquals(joined([10, ["left", 9], ["right", 12]], { type: "full" }), ["late 9", "end", "-+12 @12"]);
  });

  it("as in Flink a value on the watermark finds no partner that has left with it", () => {
    assertEquals(joined([["left", 0], 10, ["right", 10]], { type: "left" }), ["0+- @10", "end"]);
    assertEquals(joined([["left", 0], 9, ["right", 10]], { type: "left" }), ["0+10 @10", "end"]);
  });

  it("none of its rows is late for a window below", () => {
    const late: unknown[] = [], counts: unknown[] = [];
    const left = new Subject<Timed>(), right = new Subject<Timed>();
    const timed = (side: Subject<Timed>) => side.pipe(eventTime(({ at }) => at), strict());
    timed(left).pipe(
      intervalJoin(timed(right), { key, rightKey: key, lower: -5, upper: 20, type: "full", join: pair }),
      tumblingWindow({ key: () => "all", size: 10, aggregate: count<string>() }),
      lateSideOutput((rows) => rows.pipe(tap((row) => late.push(row)))),
    ).subscribe(({ window, value }) => counts.push([window.start, value]));
    for (const [side, at] of [[left, 1], [right, 30], [left, 31], [left, 60], [right, 60], [right, 100]] as const) {
      side.next({ at, key: "k" });
    }
    left.complete();
    right.complete();
    // 1+- at 21, 31+30 at 31, 60+60 at 60, -+100 at 105.
    assertEquals([counts, late], [[[20, 1], [30, 1], [60, 1], [100, 1]], []]);
  });

  for (const values of ["copied", "frozen"] as const) {
    it(`keeps values of its own, and gives each row values of its own, when they are ${values}`, () => {
      interface Item {
        readonly at: number;
        readonly parts: { n: number }[];
      }
      const seen: string[] = [];
      const left = new Subject<Item>(), right = new Subject<Item>();
      const timed = (side: Subject<Item>) => side.pipe(eventTime(({ at }) => at), strict());
      const change = (item: Item) => {
        if (values === "frozen") assertThrows(() => item.parts.push({ n: 9 }), TypeError);
        else item.parts[0].n += 100;
      };
      timed(left).pipe(
        intervalJoin(timed(right), {
          key: () => "k",
          rightKey: () => "k",
          lower: -10,
          upper: 10,
          values,
          join: (left, right) => ({ left, right }),
        }),
        tap(({ left, right }) => {
          seen.push(`${left.parts[0].n}+${right.parts[0].n}`);
          change(left);
          change(right);
        }),
      ).subscribe({ error: (error) => seen.push(String(error)) });
      const first = { at: 1, parts: [{ n: 1 }] };
      left.next(first);
      if (values === "copied") first.parts[0].n = 77;
      for (const n of [2, 3]) left.next({ at: n, parts: [{ n }] });
      right.next({ at: 4, parts: [{ n: 4 }] });
      right.next({ at: 5, parts: [{ n: 5 }] });
      assertEquals(seen, ["1+4", "2+4", "3+4", "1+5", "2+5", "3+5"]);
    });
  }

  it("a value that a row causes pairs once, also with the value that caused it", () => {
    const again = new Subject<Timed>();
    const seen: string[] = [];
    const source = (name: string) => jobSource<Timed>(name).pipe(eventTime(({ at }) => at));
    const lefts = merge(source("left"), again).pipe(watermark({ name: "left", maxOutOfOrderness: 100 }));
    const job = new HandMadeTask().run(
      lefts.pipe(
        intervalJoin(source("right").pipe(watermark({ name: "right", maxOutOfOrderness: 100 })), {
          name: "join",
          key,
          rightKey: key,
          lower: -10,
          upper: 10,
          join: pair,
        }),
        tap((row) => {
          seen.push(row);
          if (row === "2+5") again.next({ at: 3, key: "k" });
        }),
        jobSink("out"),
      ),
    );
    for (const at of [2, 4]) job.push("left", { at, key: "k" }, { timestamp: at });
    job.push("right", { at: 5, key: "k" }, { timestamp: 5 });
    assertEquals(job.task.failure, undefined);
    assertEquals(seen.toSorted(), ["2+5", "3+5", "4+5"]);
  });

  it("refuses a side without a watermark", () => {
    const options = { key, rightKey: key, lower: 0, upper: 0, join: pair };
    const timed = () => of<Timed>({ at: 1, key: "k" }).pipe(eventTime(({ at }) => at));
    const [one, none] = [
      timed().pipe(strict(), intervalJoin(timed(), options)),
      timed().pipe(intervalJoin(timed(), options)),
    ];
    assertMatch(
      String(outcome(one).error),
      /^TypeError: Cannot run intervalJoin: the branch from "eventTime" has no watermark\(\)/,
    );
    assertMatch(
      String(outcome(none).error),
      /^TypeError: Cannot run intervalJoin: it would never fire, because no watermark\(\)/,
    );
  });

  it("refuses options that make no sense when the pipeline is built", () => {
    const make = (options: Record<string, unknown>) => () =>
      intervalJoin(
        of({ at: 1, key: "k" }),
        { key, rightKey: key, lower: 0, upper: 1, join: pair, ...options } as never,
      );
    const cannot = "Cannot create an interval join:";
    for (const name of ["key", "rightKey", "join"]) {
      assertThrows(make({ [name]: undefined }), TypeError, `${cannot} ${name} must be a function`);
    }
    for (const name of ["lower", "upper"]) {
      for (const bound of [undefined, 1.5, NaN, Infinity]) {
        assertThrows(
          make({ [name]: bound }),
          RangeError,
          `${cannot} ${name} must be an integer of milliseconds, current value is ${bound}`,
        );
      }
    }
    assertThrows(make({ lower: 2 }), RangeError, `${cannot} lower must be <= upper, current values are 2 and 1`);
    assertThrows(
      make({ type: "outer" }),
      TypeError,
      `${cannot} type must be "inner", "left", "right" or "full", current value is outer`,
    );
    assertThrows(
      make({ values: "cloned" }),
      TypeError,
      `${cannot} values must be "copied" or "frozen", current value is`,
    );
  });

  it("types flow from both sides into join, where a partner may be missing", () => {
    const left = of({ order: "a", at: 1 }).pipe(eventTime(({ at }) => at), strict());
    const right = of({ order: "a", cents: 5 }).pipe(eventTime(({ cents }) => cents), strict());
    const common = { lower: 0, upper: 9 } as const;
    const rows = left.pipe(
      intervalJoin(right, {
        ...common,
        key: ({ order }) => order,
        rightKey: ({ order }) => order,
        type: "left",
        join: ({ order }, payment) => ({ order, cents: payment?.cents ?? 0 }),
      }),
      map(({ order, cents }): [string, number] => [order, cents]),
    );
    assertEquals(outcome(rows).values, [["a", 5]]);
    left.pipe(intervalJoin(right, {
      ...common,
      key: ({ order }) => order,
      rightKey: ({ order }) => order,
      // @ts-expect-error the left value may be missing
      join: ({ order }) => order,
      type: "full",
    }));
  });
});
