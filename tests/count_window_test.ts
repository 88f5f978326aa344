/** Windows of so many records. */
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { from, map } from "rxjs";
import { collect, count, countWindow, eventTime, recordInfo } from "@tidemark/streams/operators";
import type { Event } from "./support/events.ts";
import { DurableTask } from "./support/durable_task.ts";
import { crashWindows } from "./support/window_crash.ts";
import { HandMadeTask, jobSink, jobSource } from "./support/task_host.ts";

interface Row {
  readonly key: string;
  readonly at: number;
}

const timed = eventTime((row: Row) => row.at);
const places = { ...collect<Row>(), result: (rows: Row[]) => rows.map(({ at }) => at) };

function windows(rows: readonly Row[], size: number, slide?: number): string[] {
  const lines: string[] = [];
  from(rows).pipe(timed, countWindow({ key: ({ key }) => key, size, slide, aggregate: places })).subscribe(
    ({ key, window, value, pane, index }) => {
      lines.push(`${key} [${window.start},${window.end}) ${value} ${pane} ${index} @${recordInfo().timestamp}`);
    },
  );
  return lines;
}

const ofA = (...times: number[]) => times.map((at) => ({ key: "a", at }));

describe("countWindow()", () => {
  it("fires as soon as a key has so many records, and has the times of these", () => {
    assertEquals(windows([...ofA(5, 3), { key: "b", at: 4 }, ...ofA(9, 1, 2)], 3), ["a [3,10) 5,3,9 onTime 0 @9"]);
  });

  it("overlaps with a slide, and the first windows have fewer records", () => {
    assertEquals(windows(ofA(1, 2, 3, 4, 5, 6, 7), 3, 2), [
      "a [1,3) 1,2 onTime 0 @2",
      "a [2,5) 2,3,4 onTime 0 @4",
      "a [4,7) 4,5,6 onTime 0 @6",
    ]);
  });

  it("leaves records out where the slide is longer than the size", () => {
    assertEquals(windows(ofA(1, 2, 3, 4, 5, 6), 2, 3), ["a [2,4) 2,3 onTime 0 @3", "a [5,7) 5,6 onTime 0 @6"]);
  });

  it("needs no event time", () => {
    const sizes: unknown[] = [];
    from(ofA(1, 2, 3)).pipe(countWindow({ key: ({ key }) => key, size: 2, aggregate: places })).subscribe(
      ({ value, window }) => sizes.push([value, window]),
    );
    assertEquals(sizes, [[[1, 2], { start: NaN, end: NaN }]]);
  });

  it("needs no merge where windows do not overlap, and says so where they do", () => {
    const aggregate = { seed: () => 0, add: (n: number) => n + 1 };
    const make = (slide?: number) => countWindow({ key: () => 1, size: 4, slide, aggregate });
    make();
    assertThrows(
      () => make(2),
      TypeError,
      "Cannot create count windows: aggregate must have merge, because windows share",
    );
    const wrong = () => countWindow({ key: () => 1, size: 1.5, aggregate });
    assertThrows(wrong, RangeError, "size must be an integer above 0, current value is 1.5");
  });

  it("says what a recomputation from the whole input says, with restarts", () => {
    const rows = fc.array(fc.record({ key: fc.constantFrom("a", "a", "b"), at: fc.nat(50) }), {
      maxLength: 40,
      size: "max",
    });
    const lengths = fc.record({ size: fc.integer({ min: 1, max: 9 }), slide: fc.integer({ min: 1, max: 9 }) });
    fc.assert(
      fc.property(rows, lengths, fc.array(fc.nat(40), { maxLength: 2 }), (rows, { size, slide }, restarts) => {
        const task = new DurableTask(() =>
          jobSource<Row>("rows").pipe(
            timed,
            countWindow({ name: "w", key: ({ key }) => key, size, slide, aggregate: places }),
            map(({ key, window, value }) => ({ key, ...window, value })),
            jobSink("out"),
          )
        );
        for (const [index, row] of rows.entries()) {
          task.push("rows", row, { timestamp: row.at });
          if (task.failure !== undefined) throw task.failure;
          if (restarts.includes(index)) task.restart();
        }
        const expected = rows.flatMap(({ key }, index) => {
          const all = rows.slice(0, index + 1).filter((row) => row.key === key).map(({ at }) => at);
          if (all.length % slide !== 0) return [];
          const value = all.slice(-size);
          return [{ key, start: Math.min(...value), end: Math.max(...value) + 1, value }];
        });
        assertEquals(task.results, expected);
      }),
      { seed: 20_240_308, numRuns: 1_000 },
    );
  });

  it("has the same results whatever crashes", async () => {
    const windows = countWindow({ name: "w", key: ({ user }: Event) => user, size: 4, slide: 3, aggregate: count() });
    await crashWindows(windows);
  });

  it("keeps nothing of windows that are full, after ten times the records", () => {
    const sizes = [1, 10].map((times) => {
      const job = new HandMadeTask().run(
        jobSource<Row>("rows").pipe(
          timed,
          countWindow({ name: "w", key: ({ key }) => key, size: 6, slide: 2, aggregate: count() }),
        ),
      );
      for (let n = 0; n < times * 1_200; n++) job.push("rows", { key: `${n % 3}`, at: n });
      return job.cut().states.get("w")!.size;
    });
    assertEquals(sizes, [6, 6], "two parts of two records for each of three keys");
  });
});
