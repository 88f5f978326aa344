/** What has changed of a key: before and after. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { from } from "rxjs";
import { type Change, changes, eventTime, memory, watermark } from "@tidemark/streams";
import { crashTest, testPipeline } from "@tidemark/streams/testing";
import { cellsOf, runWithCuts } from "./support/cut_runs.ts";
import { outcome } from "./support/events.ts";
import { jobSource } from "./support/task_host.ts";
import { type Visit, visits } from "./support/throwing.ts";

const of = (...values: unknown[]) =>
  outcome(from(values).pipe(changes({ key: () => "all" }))).values.map(({ before, after }) => [before, after]);

describe("changes()", () => {
  it("emits before and after of each key, and nothing where nothing changed", () => {
    const rows = [["a", 1], ["b", 1], ["a", 1], ["a", 2], ["b", 1], ["a", 1]] as const;
    const { values } = outcome(from(rows).pipe(changes({ key: ([name]) => name, value: ([, n]) => n })));
    assertEquals(values, [
      { key: "a", before: undefined, after: 1 },
      { key: "b", before: undefined, after: 1 },
      { key: "a", before: 1, after: 2 },
      { key: "a", before: 2, after: 1 },
    ]);
  });

  it("compares content: fields in any order, arrays, dates, maps and sets", () => {
    const same: [unknown, unknown][] = [
      [{ a: 1, b: [2, { c: 3 }] }, { b: [2, { c: 3 }], a: 1 }],
      [NaN, NaN],
      [0, -0],
      [new Date(5), new Date(5)],
      [new Map([["a", [1]]]), new Map([["a", [1]]])],
      [new Set([1, 2]), new Set([1, 2])],
      [new Uint8Array([1, 2]), new Uint8Array([1, 2])],
      [null, null],
      [{ a: 1 }, Object.assign(Object.create(null), { a: 1 })],
    ];
    for (const [one, other] of same) assertEquals(of(one, other).length, 1, Deno.inspect([one, other]));
    const different: [unknown, unknown][] = [
      [{ a: 1 }, { a: 1, b: undefined }],
      [{ a: undefined }, { b: undefined }],
      [[1, 2], [2, 1]],
      [[], {}],
      ["1", 1],
      [null, {}],
      [new Date(5), new Date(6)],
      [new Map([["a", 1]]), new Map([["b", 1]])],
      [new Set([1]), new Set([1, 2])],
      [new Uint8Array([1]), new Uint8Array([2])],
    ];
    for (const [one, other] of different) assertEquals(of(one, other).length, 2, Deno.inspect([one, other]));
  });

  it("keeps its values its own: neither what came nor what it emitted can change them", () => {
    const row = { tags: ["new"] };
    const seen: Change<string, typeof row>[] = [];
    from([1, 2, 3]).pipe(changes({ key: () => "all", value: () => (row.tags.push("more"), row) }))
      .subscribe((change) => {
        seen.push(structuredClone(change));
        change.after.tags.push("changed by the reader");
      });
    assertEquals(seen.map(({ before, after }) => [before?.tags.length, after.tags.length]), [[undefined, 2], [2, 3], [
      3,
      4,
    ]]);
  });

  it("property: emits what a naive comparison with the last of the key emits, across restarts", () => {
    const row = fc.record({ key: fc.constantFrom("a", "b"), n: fc.nat({ max: 2 }), time: fc.constant(0) });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), fc.array(fc.nat({ max: 39 }), { maxLength: 3 }), (rows, cuts) => {
        const expected = rows.flatMap(({ key, n }, index) => {
          const before = rows.slice(0, index).findLast((one) => one.key === key)?.n;
          return before === n ? [] : [{ key, before: before === undefined ? undefined : { n: before }, after: { n } }];
        });
        const { seen } = runWithCuts(rows, cuts, () =>
          jobSource<(typeof rows)[number]>("rows").pipe(
            changes({ name: "c", key: ({ key }) => key, value: ({ n }) => ({ n }) }),
          ));
        assertEquals<unknown>(seen, expected);
      }),
      { seed: 20_240_229, numRuns: 1000 },
    );
  });

  it("forgets a key when its time to live is over", () => {
    const cells = [1, 10].map((times) => {
      const rows = Array.from({ length: 300 * times }, (_, time) => ({ time, key: Math.floor(time / 2) }));
      const { job, seen } = runWithCuts(rows, [100], () =>
        jobSource<(typeof rows)[number]>("rows").pipe(
          eventTime(({ time }) => time),
          watermark({ maxOutOfOrderness: 0 }),
          changes({ name: "c", key: ({ key }) => key, value: () => "same", ttl: { after: 20 } }),
        ));
      assertEquals(seen.length, rows.length / 2);
      return cellsOf(job, "c");
    });
    assertEquals(cells[0], cells[1]);
    assert(cells[1] <= 11, `${cells[1]} cells`);
  });

  const pipeline = (ttl?: { after: number }) => () => {
    const log = memory();
    return log.source<Visit>("visits").pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: 3 }),
      changes({ name: "tens", key: ({ user }) => user, value: ({ at }) => Math.floor(at / 10), ttl }),
      log.sink("tens", { key: ({ key }) => key }),
    );
  };

  it("comes through crashes as everything else does", async () => {
    const times = [1, 5, 3, 9, 22, 20, 24, 40, 41, 39, 70, 20, 75, 90];
    const input = visits(...times.map((at, index) => [["ada", "bob"][index % 2], at] as const));
    for (const ttl of [undefined, { after: 12 }]) {
      const report = await crashTest(pipeline(ttl), input, { partitions: 2 });
      assert(report.crashes > 20);
    }
  });

  it("keeps one value for each key under its name", async () => {
    await using test = await testPipeline(pipeline()(), { start: 1000 });
    await test.push("visits", visits(["ada", 1], ["ada", 12], ["bob", 3]));
    assertEquals([test.state("tens").size, test.state("tens").get("ada")], [2, 1]);
  });

  it("refuses options that are none when it is built, and a value that is none", () => {
    const wrong = (options: Record<string, unknown>) =>
      assertThrows(() => changes({ key: () => 1, ...options } as never), TypeError).message;
    assertEquals(wrong({ key: 1 }), "Cannot create changes: key must be a function");
    assertEquals(wrong({ value: 1 }), "Cannot create changes: value must be a function");
    assertEquals(
      wrong({ ttl: { after: 0 } }),
      'Cannot create changes: ttl needs "after", a whole number of milliseconds above 0, current value is 0',
    );
    const { error } = outcome(from([1]).pipe(changes({ name: "c", key: () => 1, value: () => undefined })));
    assertEquals(String(error), 'TypeError: Cannot set changes "c" to undefined: delete it instead');
  });
});
