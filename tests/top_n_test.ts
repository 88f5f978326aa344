/** The best items of each group, as additions and removals. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { from, map } from "rxjs";
import { eventTime, memory, type RunningTopNOptions, topN, watermark } from "@tidemark/streams";
import { crashTest, testPipeline } from "@tidemark/streams/testing";
import { cellsOf, runWithCuts } from "./support/cut_runs.ts";
import { outcome } from "./support/events.ts";
import { jobSource } from "./support/task_host.ts";
import { type Visit, visits } from "./support/throwing.ts";

interface Score {
  readonly group: string;
  readonly key: string;
  readonly score: number | bigint | undefined;
  readonly time: number;
  readonly note: number;
}

type Options = RunningTopNOptions<Score, string, string>;

const by = { group: ({ group }: Score) => group, key: ({ key }: Score) => key, by: ({ score }: Score) => score };
const shown = ({ key, value, change }: { key: string; value: Score; change: string }) =>
  `${change === "added" ? "+" : "-"}${key}${value.score}`;

/** The changes of one group's best, for items that are given as `a5`; `a` alone goes. */
function best(n: number, ...items: string[]): string[][] {
  const changes: string[][] = [];
  const rows = items.map((item, note) => ({
    group: "all",
    key: item[0],
    score: item.length > 1 ? Number(item.slice(1)) : undefined,
    note,
    time: 0,
  }));
  from(rows).pipe(map((row) => (changes.push([]), row)), topN({ ...by, n }))
    .subscribe((change) => changes.at(-1)!.push(shown(change)));
  return changes;
}

describe("topN()", () => {
  it("adds an item that comes to the best, and removes the one that leaves before", () => {
    assertEquals(best(2, "a5", "b7", "c6", "d1", "e9"), [["+a5"], ["+b7"], ["-a5", "+c6"], [], ["-c6", "+e9"]]);
  });

  it("finds the next one when one of the best falls or goes", () => {
    assertEquals(best(2, "a5", "b7", "c6", "d4", "b1", "c", "a"), [
      ["+a5"],
      ["+b7"],
      ["-a5", "+c6"],
      [],
      ["-b7", "+a5"],
      ["-c6", "+d4"],
      ["-a5", "+b1"],
    ]);
  });

  it("shows a new value of one of the best as a removal and an addition, and the same value as nothing", () => {
    assertEquals(best(2, "a5", "a6", "b1", "a7"), [["+a5"], ["-a5", "+a6"], ["+b1"], ["-a6", "+a7"]]);
    const same = from([1, 1]).pipe(topN({ group: () => 1, key: () => 1, n: 1, by: (n) => n }));
    assertEquals(outcome(same).values.length, 1);
  });

  it("prefers who had a score first", () => {
    assertEquals(best(1, "a5", "b5", "a4", "a5", "b6", "b5"), [
      ["+a5"],
      [],
      ["-a5", "+b5"],
      [],
      ["-b5", "+b6"],
      ["-b6", "+a5"],
    ]);
  });

  it("ends an item by its own time where it went and came back at an earlier one", () => {
    const changes: string[] = [];
    const score = (key: string, time: number, score?: number) => ({ group: "all", key, score, time, note: 0 });
    from([score("a", 20, 9), score("a", 20), score("a", 5, 9), score("b", 8, 7)]).pipe(
      eventTime(({ time }) => time),
      watermark({ maxOutOfOrderness: 20 }),
      topN({ ...by, n: 1, ttl: { after: 10 } }),
    ).subscribe((change) => changes.push(shown(change)));
    assertEquals(changes, ["+a9", "-a9", "+a9", "-a9", "+b7", "-b7"]);
  });

  it("takes bigints, and refuses scores that cannot be compared", () => {
    const rows = [5n, 7n, 6n].map((score, index) => ({ group: "all", key: `${index}`, score, note: 0, time: 0 }));
    assertEquals(outcome(from(rows).pipe(topN({ ...by, n: 1 }))).values.map(shown), ["+05", "-05", "+17"]);
    for (const score of [NaN, Infinity, "5", null]) {
      const { error } = outcome(
        from([score]).pipe(topN({ group: () => 1, key: () => 1, n: 1, by: (n) => n as number })),
      );
      assertEquals(String(error).startsWith("TypeError: topN() takes finite numbers or bigints"), true);
    }
  });

  it("keeps its values its own", () => {
    const row = { group: "all", key: "a", tags: ["new"], score: 1 };
    const tags: number[] = [];
    from([1, 2]).pipe(
      map((score) => (row.score = score, row)),
      topN({ group: ({ group }) => group, key: ({ key }) => key, n: 1, by: ({ score }) => score }),
    ).subscribe(({ value }) => {
      tags.push(value.tags.length);
      value.tags.push("changed by the reader");
      row.tags.push("changed outside");
    });
    assertEquals(tags, [1, 1, 2]);
  });
});

interface Held extends Score {
  readonly since: number;
  readonly at: number;
}

/** All items of a group, sorted anew each time. */
class Naive {
  readonly changes: string[] = [];
  #items: Held[] = [];
  #since = 0;

  constructor(readonly group: string, readonly n: number, readonly after: number) {}

  add(row: Score, now: number): void {
    this.#changing(() => {
      const before = this.#items.find(({ key }) => key === row.key);
      this.#items = this.#items.filter((item) => item !== before);
      if (row.score === undefined) return;
      const since = before?.score === row.score ? before.since : ++this.#since;
      this.#items.push({ ...row, since, at: Math.max(before?.at ?? now, now) });
    });
  }

  advance(watermark: number): void {
    const ends = this.#items.map(({ at }) => at + this.after).filter((end) => end <= watermark).sort((a, b) => a - b);
    for (const end of new Set(ends)) {
      this.#changing(() => this.#items = this.#items.filter(({ at }) => at + this.after > end));
    }
  }

  #changing(change: () => void): void {
    const before = this.#best();
    change();
    const after = this.#best();
    const label = ({ key, score, note, time }: Score) => `${key} ${score} ${note} ${time}`;
    const left = before.filter((one) => !after.some((other) => label(one) === label(other)));
    const came = after.filter((one) => !before.some((other) => label(one) === label(other)));
    this.changes.push(...left.map((one) => `-${label(one)}`), ...came.map((one) => `+${label(one)}`));
  }

  #best(): Score[] {
    const order = (a: Held, b: Held) => Number(b.score) - Number(a.score) || a.since - b.since;
    return this.#items.toSorted(order).slice(0, this.n);
  }
}

describe("properties of topN()", () => {
  const row = fc.record({
    group: fc.constantFrom("g", "h"),
    key: fc.constantFrom("a", "b", "c", "d", "e"),
    score: fc.oneof({ weight: 7, arbitrary: fc.integer({ min: 1, max: 6 }) }, fc.constant(undefined)),
    time: fc.integer({ min: 0, max: 60 }),
    note: fc.integer({ min: 0, max: 1 }),
  });
  const scenario = fc.record({
    n: fc.integer({ min: 1, max: 4 }),
    after: fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 25 })),
    rows: fc.array(row, { maxLength: 60 }),
    cuts: fc.array(fc.nat({ max: 59 }), { maxLength: 3 }),
  });

  it("property: emits what sorting all items anew emits, with a time to live and across restarts", () => {
    fc.assert(
      fc.property(scenario, ({ n, after, rows, cuts }) => {
        const groups = ["g", "h"].map((group) => new Naive(group, n, after));
        const options: Options = { ...by, name: "t", n, ttl: after === Infinity ? undefined : { after } };
        let highest = -Infinity;
        runWithCuts(rows, cuts, () =>
          jobSource<Score>("rows").pipe(
            eventTime(({ time }) => time),
            watermark({ maxOutOfOrderness: 5 }),
            topN(options),
          ), ({ seen }, row) => {
          for (const naive of groups) {
            if (naive.group === row.group) naive.add(row, Math.max(row.time, highest - 6));
            naive.advance(Math.max(row.time, highest) - 6);
            const changes = seen.filter(({ group }) => group === naive.group).map(({ key, value, change }) =>
              `${change === "added" ? "+" : "-"}${key} ${value.score} ${value.note} ${value.time}`
            );
            assertEquals(changes, naive.changes);
          }
          highest = Math.max(highest, row.time);
        });
      }),
      { seed: 20_240_229, numRuns: 1000 },
    );
  });

  it("keeps as much after ten times the data as after one, of the same items or with a time to live", () => {
    for (const [ttl, keys] of [[undefined, 50], [{ after: 20 }, Infinity]] as const) {
      const cells = [1, 10].map((times) => {
        const rows = Array.from({ length: 300 * times }, (_, time) => ({
          group: `group ${ttl === undefined ? time % 2 : Math.floor(time / 100)}`,
          key: `item ${time % keys}`,
          score: (time * 7919) % 101,
          note: 0,
          time,
        }));
        const { job } = runWithCuts(rows, [77], () =>
          jobSource<Score>("rows").pipe(
            eventTime(({ time }) => time),
            watermark({ maxOutOfOrderness: 0 }),
            topN({ ...by, name: "t", n: 3, ttl }),
          ));
        return cellsOf(job, "t");
      });
      assertEquals(cells[0], cells[1]);
    }
  });
});

describe("topN() in a job", () => {
  const pipeline = (ttl?: { after: number }) => () => {
    const log = memory();
    return log.source<Visit>("visits").pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: 3 }),
      topN({
        name: "best",
        group: ({ user }) => user,
        key: ({ at }) => at % 4,
        n: 2,
        by: ({ at }) => at % 11 === 0 ? undefined : at % 7,
        ttl,
      }),
      log.sink("best", { key: ({ group }) => group }),
    );
  };

  it("comes through crashes as everything else does", async () => {
    const times = [1, 5, 3, 9, 22, 20, 24, 40, 41, 39, 70, 20, 75, 90, 77, 78];
    const input = visits(...times.map((at, index) => [["ada", "bob"][index % 2], at] as const));
    for (const ttl of [undefined, { after: 12 }]) {
      const report = await crashTest(pipeline(ttl), input, { partitions: 2 });
      assert(report.crashes > 20);
    }
  });

  it("removes what has ended at the time of its end, by the wall clock too", async () => {
    const log = memory();
    const ended = log.source<Visit>("visits").pipe(
      topN({
        name: "best",
        group: ({ user }) => user,
        key: ({ at }) => at,
        n: 1,
        by: ({ at }) => at,
        ttl: { after: 1000, clock: "processing" },
      }),
      map(({ key, change }) => ({ at: key, change })),
      log.sink("best"),
    );
    await using test = await testPipeline(ended, { start: 1_000_000 });
    await test.push("visits", visits(["ada", 1]));
    await test.advance(500);
    await test.push("visits", visits(["ada", 2]));
    await test.advance(2000);
    assertEquals(test.results("best"), [
      { at: 1, change: "added" },
      { at: 1, change: "removed" },
      { at: 2, change: "added" },
      { at: 2, change: "removed" },
    ]);
    assertEquals(test.state("best").size, 0);
  });
});

it("topN() refuses options that are none when it is built", () => {
  const wrong = (options: Record<string, unknown>) =>
    assertThrows(() => topN({ ...by, n: 1, ...options } as never), Error).message;
  for (const name of ["group", "key", "by"]) {
    assertEquals(wrong({ [name]: 1 }), `Cannot create a best list: ${name} must be a function`);
  }
  for (const n of [0, 1.5, NaN]) {
    assertEquals(wrong({ n }), `Cannot create a best list: n must be a whole number above 0, current value is ${n}`);
  }
  assertEquals(
    wrong({ values: "shared" }),
    'Cannot create a best list: values must be "copied" or "frozen", current value is shared',
  );
  assertEquals(
    wrong({ ttl: 5 }),
    "Cannot create a best list: ttl must be { after, refresh, clock }, current value is 5",
  );
});
