/** The first of a key within a time, whatever the order in which records come. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { from, tap } from "rxjs";
import { deduplicate, eventTime, lateSideOutput, memory, watermark } from "@tidemark/streams";
import { crashTest, testPipeline } from "@tidemark/streams/testing";
import { cellsOf, runWithCuts } from "./support/cut_runs.ts";
import { at, type Event, events, outcome, strict } from "./support/events.ts";
import { jobSource } from "./support/task_host.ts";
import { type Visit, visits } from "./support/throwing.ts";

const byUser = ({ user }: Event) => user;

/** The times that pass of events of one user, and those that are late. */
function passed(within: number, maxOutOfOrderness: number, ...times: number[]): [number[], number[]] {
  const late: number[] = [];
  const { values } = outcome(
    from(events(...times)).pipe(
      at,
      watermark({ maxOutOfOrderness }),
      deduplicate({ key: byUser, within }),
      lateSideOutput((some) => some.pipe(tap(({ at }) => void late.push(at)))),
    ),
  );
  return [values.map(({ at }) => at), late];
}

describe("deduplicate()", () => {
  it("lets the first of a key pass, and none that is less than the time away", () => {
    assertEquals(passed(10, 0, 1, 3, 10, 11, 12, 21), [[1, 11, 21], []]);
    const both = from([...events(1), { user: "bob", at: 2 }, ...events(3)]).pipe(
      at,
      strict(),
      deduplicate({ key: byUser, within: 10 }),
    );
    assertEquals(outcome(both).values.map(({ user }) => user), ["ada", "bob"]);
  });

  it("counts by arrival: one that comes later and is earlier is none the less the second", () => {
    assertEquals(passed(10, 100, 50, 45, 41, 40, 60, 59, 35, 55), [[50, 40, 60], []]);
  });

  it("refuses as late what is too far behind the watermark to be judged", () => {
    // The watermark is 99. What is before 89 is late, though nothing of its time has passed.
    assertEquals(passed(10, 0, 100, 89, 88, 20), [[100, 89], [88, 20]]);
  });

  it("does not let a repeated record pass twice, however late the repetition", () => {
    for (const lag of [0, 5, 10, 15, 20, 25, 30, 50]) {
      const [values] = passed(10, 3, 7, 7 + lag, 7);
      assertEquals(values.filter((time) => time === 7), [7], `a repetition after ${lag}`);
    }
  });

  it("property: passes what a naive search through all that has passed lets pass, across restarts", () => {
    const row = fc.record({ key: fc.constantFrom("a", "b"), time: fc.integer({ min: -40, max: 80 }) });
    const scenario = fc.record({
      within: fc.integer({ min: 1, max: 20 }),
      disorder: fc.integer({ min: 0, max: 50 }),
      rows: fc.array(row, { maxLength: 60 }),
      cuts: fc.array(fc.nat({ max: 59 }), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(scenario, ({ within, disorder, rows, cuts }) => {
        const out: unknown[] = [], late: unknown[] = [];
        let highest = -Infinity;
        for (const row of rows) {
          const near = (out as typeof rows).some(({ key, time }) =>
            key === row.key && Math.abs(time - row.time) < within
          );
          if (row.time < highest - disorder - 1 - within) late.push(row);
          else if (!near) out.push(row);
          highest = Math.max(highest, row.time);
        }
        const refused: unknown[] = [];
        const { seen } = runWithCuts(rows, cuts, () =>
          jobSource<(typeof rows)[number]>("rows").pipe(
            eventTime(({ time }) => time),
            watermark({ maxOutOfOrderness: disorder }),
            deduplicate({ name: "d", key: ({ key }) => key, within }),
            lateSideOutput((some) => some.pipe(tap((one) => void refused.push(one)))),
          ));
        assertEquals<unknown>([seen, refused], [out, late]);
      }),
      { seed: 20_240_229, numRuns: 1000 },
    );
  });

  it("goes on with another time after a restart", () => {
    const rows = [0, 9, 13, 30, 36].map((time) => ({ time }));
    let within = 20;
    const { seen } = runWithCuts(rows, [2], () =>
      jobSource<{ time: number }>("rows").pipe(
        eventTime(({ time }) => time),
        watermark({ maxOutOfOrderness: 0 }),
        deduplicate({ name: "d", key: () => "all", within: (within -= 10) + 5 }),
      ));
    // Within 15, and then within 5.
    assertEquals(seen.map(({ time }) => time), [0, 13, 30, 36]);
  });

  it("keeps nothing of what is over: after ten times the data as much as after one", () => {
    const cells = [1, 10].map((times) => {
      const rows = Array.from({ length: 300 * times }, (_, time) => ({ time, id: Math.floor(time / 2) }));
      const { job, seen } = runWithCuts(rows, [], () =>
        jobSource<(typeof rows)[number]>("rows").pipe(
          eventTime(({ time }) => time),
          watermark({ maxOutOfOrderness: 0 }),
          deduplicate({ name: "d", key: ({ id }) => id, within: 20 }),
        ));
      assertEquals(seen.length, rows.length / 2);
      return cellsOf(job, "d");
    });
    assertEquals(cells[0], cells[1]);
    assert(cells[1] <= 30, `${cells[1]} cells`);
  });

  const pipeline = () => {
    const log = memory();
    return log.source<Visit>("visits").pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: 3 }),
      deduplicate({ name: "first", key: ({ user }) => user, within: 10 }),
      lateSideOutput((late) => late.pipe(log.sink("late"))),
      log.sink("first", { key: ({ user }) => user }),
    );
  };

  it("comes through crashes as everything else does", async () => {
    const times = [1, 5, 3, 9, 22, 20, 24, 40, 41, 39, 70, 20, 75, 90];
    const input = visits(...times.map((at, index) => [["ada", "bob"][index % 2], at] as const));
    for (const partitions of [1, 2]) {
      const report = await crashTest(pipeline, input, { partitions });
      assert(report.crashes > 20);
    }
  });

  it("finds what it has seen under its name", async () => {
    await using test = await testPipeline(pipeline(), { start: 1000 });
    await test.push("visits", visits(["ada", 1], ["ada", 2], ["bob", 3]));
    assertEquals([test.state("first").size, test.results("first").length], [2, 2]);
    await test.push("visits", visits(["eve", 100]));
    assertEquals(test.state("first").size, 1);
  });

  it("refuses options that are none when it is built, and to run without a watermark", () => {
    const wrong = (options: Record<string, unknown>) =>
      assertThrows(() => deduplicate({ key: () => 1, within: 1, ...options } as never), Error).message;
    assertEquals(wrong({ key: 1 }), "Cannot create a deduplication: key must be a function");
    for (const within of [0, -1, 1.5, NaN, Infinity]) {
      assertEquals(
        wrong({ within }),
        `Cannot create a deduplication: within must be a whole number of milliseconds above 0, current value is ${within}`,
      );
    }
    const { error } = outcome(from(events(1)).pipe(at, deduplicate({ key: byUser, within: 1 })));
    assertEquals(String(error).startsWith("TypeError: Cannot run deduplicate: it would never fire"), true);
  });
});
