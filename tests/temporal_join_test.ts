/** Temporal joins: which row a value finds, when results come and in which order, what is late, and what is refused. */
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { map, of, Subject, tap } from "rxjs";
import {
  count,
  eventTime,
  keyedReduce,
  lateSideOutput,
  type TableChange,
  temporalJoin,
  type TemporalJoinOptions,
  toTable,
  tumblingWindow,
} from "@tidemark/streams/operators";
import { outcome, strict } from "./support/events.ts";
import { key, script, type Step, type Timed } from "./support/join_script.ts";

type Options = Partial<TemporalJoinOptions<Timed, string, number, string, "inner" | "left">>;

/** Changes at 9, 19, 29 ... delete their row. */
const joined = (steps: readonly Step[], options: Options = {}) =>
  script(
    steps,
    (right) =>
      temporalJoin(right.pipe(toTable({ key, value: ({ at }) => at % 10 === 9 ? undefined : at })), {
        key,
        type: "left",
        join: ({ at }, row) => `${at}+${row ?? "-"}`,
        ...options,
      }),
  );

describe("temporalJoin()", () => {
  it("joins a value with the row of its time when the watermark reaches that, whatever came first", () => {
    const versions: Step[] = [["right", 3], ["right", 6]];
    const values: Step[] = [["left", 7], ["left", 2], ["left", 3], ["left", 5], ["left", 6]];
    const expected = ["2+- @2", "3+3 @3", "5+3 @5", "6+6 @6", "7+6 @7"];
    for (const steps of [[...versions, ...values], [...values, ...versions.toReversed()]]) {
      assertEquals(joined([...steps, 7]), [...expected, "end"]);
      assertEquals(joined(steps), ["end", ...expected]);
      assertEquals(joined([...steps, 1]), ["end", ...expected]);
      assertEquals(joined([...steps, 5]), [...expected.slice(0, 3), "end", ...expected.slice(3)]);
      assertEquals(joined(steps, { type: "inner" }), ["end", ...expected.slice(1)]);
    }
  });

  it("has no row before the first change and after a deletion, and a row again after the next change", () => {
    const steps: Step[] = [["right", 1], ["right", 9], ["right", 12], ["left", 0], ["left", 8], ["left", 9], [
      "left",
      12,
    ]];
    assertEquals(joined(steps), ["end", "0+- @0", "8+1 @8", "9+- @9", "12+12 @12"]);
    assertEquals(joined(steps, { type: "inner" }), ["end", "8+1 @8", "12+12 @12"]);
  });

  it("has the results of Flink's own tests of its operator", () => {
    const steps: Step[] = [
      ...[0, ["left", 1, "k1"], ["right", 2, "k1"]] as const,
      ...[2, ["left", 3, "k1"], ["right", 4, "k2"]] as const,
      ...[5, ["left", 6, "k2"], ["right", 7, "k2"]] as const,
      ...[8, ["left", 9, "k2"], ["left", 11, "k2"], ["right", 9, "k2"], ["right", 10, "k2"], 13] as const,
    ];
    assertEquals(joined(steps), ["1+- @1", "3+2 @3", "6+4 @6", "9+- @9", "11+10 @11", "end"]);
    assertEquals(joined(steps, { type: "inner" }), ["3+2 @3", "6+4 @6", "11+10 @11", "end"]);
    const late: Step[] = [
      ...[1, ["right", 2, "k1"], ["left", 3, "k1"]] as const,
      ...[5, ["left", 5, "k1"], ["left", 4, "k1"], ["left", 1, "k1"], ["left", 7, "k1"]] as const,
      ...[8, ["left", 10, "k2"], 11, ["left", 13, "k2"], ["right", 8, "k2"], ["left", 10, "k2"], 13] as const,
    ];
    const expected = ["3+2 @3", "late 5", "late 4", "late 1", "7+2 @7", "10+- @10", "late 10", "13+8 @13", "end"];
    assertEquals(joined(late), expected);
  });

  it("has results in the order of event time over all keys, and of one time in that of arrival", () => {
    const steps: Step[] = [["left", 5, "b"], ["left", 4, "a"], ["left", 5, "a"], ["left", 3, "b"], ["right", 4, "b"]];
    assertEquals(joined(steps, { join: ({ key, at }, row) => `${key}${at}+${row ?? "-"}` }), [
      "end",
      "b3+- @3",
      "a4+- @4",
      "b5+4 @5",
      "a5+- @5",
    ]);
  });

  it("of two changes of a key at one time the one that came last counts", () => {
    const users = new Subject<TableChange<string, string>>(), values = new Subject<string>();
    const seen: string[] = [];
    const at = <T>() => eventTime<T>(() => 5);
    values.pipe(
      at(),
      strict(),
      temporalJoin(users.pipe(at(), strict()), { key: (value) => value, join: (value, row) => value + row }),
    ).subscribe((row) => seen.push(row));
    for (const value of ["first", "last"]) users.next({ key: "a", value });
    values.next("a");
    for (const side of [users, values]) side.complete();
    assertEquals(seen, ["alast"]);
  });

  it("refuses a value when the watermark has reached its time, and only such a one", () => {
    assertEquals(joined([10, ["left", 10], ["left", 3], ["left", 11]]), ["late 10", "late 3", "end", "11+- @11"]);
  });

  it("a late change counts for what is not emitted yet, unless a newer row has been reached", () => {
    const steps: Step[] = [["right", 2], ["left", 5], 6, ["right", 4], ["left", 7], ["left", 10]];
    assertEquals(joined([...steps, ["right", 8]]), ["5+2 @5", "end", "7+4 @7", "10+8 @10"]);
    assertEquals(joined([["right", 4], 6, ["right", 2], ["left", 7]]), ["end", "7+4 @7"]);
    assertEquals(joined([["right", 4], 6, ["right", 5], ["left", 7], 7, ["left", 8]]), ["7+5 @7", "end", "8+5 @8"]);
    assertEquals(joined([["right", 4], 16, ["right", 9], ["left", 17]]), ["end", "17+- @17"]);
  });

  it("a late change that is older than a deletion brings the row back", () => {
    assertEquals(joined([["right", 9], 10, ["right", 5], ["left", 12]]), ["end", "12+5 @12"]);
    assertEquals(joined([["right", 9], 8, ["right", 5], ["left", 12]]), ["end", "12+- @12"]);
  });

  it("waits for the watermark of both, and a table whose stream is over waits for nothing", () => {
    const left = new Subject<number>(), right = new Subject<number>();
    const seen: string[] = [];
    const at = eventTime((n: number) => n);
    const table = right.pipe(at, strict(), toTable({ key: () => "k" }));
    left.pipe(at, strict(), temporalJoin(table, { key: () => "k", join: (n, row) => `${n}+${row}` }))
      .subscribe((row) => seen.push(row));
    right.next(1);
    for (const n of [2, 9]) left.next(n);
    assertEquals(seen, []);
    right.next(4);
    assertEquals(seen, ["2+1"]);
    right.complete();
    left.next(12);
    assertEquals(seen, ["2+1", "9+4"]);
  });

  it("none of its results is late for a window below", () => {
    const late: unknown[] = [], counts: unknown[] = [];
    const left = new Subject<Timed>(), right = new Subject<Timed>();
    const timed = (side: Subject<Timed>) => side.pipe(eventTime(({ at }) => at), strict());
    timed(left).pipe(
      temporalJoin(timed(right).pipe(toTable({ key })), { key, type: "left", join: ({ at }) => at }),
      tumblingWindow({ key: () => "all", size: 1, aggregate: count<number>() }),
      lateSideOutput((rows) => rows.pipe(tap((row) => late.push(row)))),
    ).subscribe(({ window, value }) => counts.push([window.start, value]));
    for (const [side, at] of [[left, 4], [left, 1], [right, 3], [left, 2], [left, 3], [right, 9], [left, 9]] as const) {
      side.next({ at, key: "k" });
    }
    for (const side of [left, right]) side.complete();
    assertEquals([counts, late], [[[1, 1], [3, 1], [4, 1], [9, 1]], []]);
  });

  it("takes the results of a keyedReduce as a table of versions", () => {
    const sums = of(1, 2, 4).pipe(
      eventTime((n) => n),
      strict(),
      keyedReduce({ key: () => "k", initial: 0, reduce: (sum, n) => sum + n }),
    );
    const rows = of(0, 2, 3, 5).pipe(
      eventTime((n) => n),
      strict(),
      temporalJoin(sums, { key: () => "k", type: "left", join: (n, sum) => [n, sum] }),
    );
    assertEquals(outcome(rows).values, [[0, undefined], [2, 3], [3, 3], [5, 7]]);
  });

  for (const values of ["copied", "frozen"] as const) {
    it(`keeps values and rows of its own when they are ${values}`, () => {
      interface Item {
        readonly at: number;
        readonly parts: string[];
      }
      const seen: string[] = [];
      const left = new Subject<Item>(), right = new Subject<Item>();
      const timed = (side: Subject<Item>) => side.pipe(eventTime(({ at }) => at), strict());
      timed(left).pipe(
        temporalJoin(timed(right).pipe(toTable({ key: () => "k" })), {
          key: () => "k",
          values,
          join: (value, row) => ({ value, row }),
        }),
        tap(({ value, row }) => {
          seen.push(`${value.parts}+${row.parts}`);
          for (const { parts } of [value, row]) {
            if (values === "frozen") assertThrows(() => parts.push("changed"), TypeError);
            else parts.push("changed");
          }
        }),
      ).subscribe({ error: (error) => seen.push(String(error)) });
      const row = { at: 1, parts: ["row"] }, value = { at: 2, parts: ["value"] };
      right.next(row);
      left.next(value);
      left.next({ at: 3, parts: ["next"] });
      if (values === "copied") { for (const { parts } of [row, value]) parts.push("later"); }
      for (const side of [left, right]) side.complete();
      assertEquals(seen, ["value+row", "next+row"]);
    });
  }

  it("refuses a side without a watermark", () => {
    const timed = () => of<Timed>({ at: 1, key: "k" }).pipe(eventTime(({ at }) => at));
    const options = { key, join: ({ at }: Timed) => at };
    const table = timed().pipe(toTable({ key }));
    assertMatch(
      String(outcome(timed().pipe(strict(), temporalJoin(table, options))).error),
      /^TypeError: Cannot run temporalJoin: the branch from "eventTime" has no watermark\(\)/,
    );
    assertMatch(
      String(outcome(timed().pipe(temporalJoin(table, options))).error),
      /^TypeError: Cannot run temporalJoin: it would never fire, because no watermark\(\)/,
    );
  });

  it("refuses options that make no sense when the pipeline is built", () => {
    const make = (options: Record<string, unknown>) => () =>
      temporalJoin(of({ key: 1, value: 1 }), { key: (n: number) => n, join: () => 0, ...options } as never);
    const cannot = "Cannot create a temporal join:";
    assertThrows(make({ key: 1 }), TypeError, `${cannot} key must be a function`);
    assertThrows(make({ join: undefined }), TypeError, `${cannot} join must be a function`);
    assertThrows(make({ type: "full" }), TypeError, `${cannot} type must be "inner" or "left", current value is full`);
    assertThrows(make({ values: "cloned" }), TypeError, `${cannot} values must be "copied" or "frozen"`);
  });

  it("types flow from both sides into join, where a row may be missing", () => {
    const timed = eventTime(({ at }: Timed) => at);
    const values = of<Timed>({ at: 1, key: "k" }).pipe(timed, strict());
    const table = of<Timed>({ at: 1, key: "k" }).pipe(
      timed,
      strict(),
      toTable({ key, value: ({ at }) => ({ n: at }) }),
    );
    const rows = values.pipe(
      temporalJoin(table, { key, type: "left", join: ({ at }, row) => at + (row?.n ?? 0) }),
      map((sum): number => sum),
    );
    assertEquals(outcome(rows).values, [2]);
    // @ts-expect-error the row may be missing
    values.pipe(temporalJoin(table, { key, join: (_, { n }) => n, type: "left" }));
  });
});
