/** Joins with all rules of a table: what a value meets, in which order, what is refused, and how they run in jobs. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { type Observable, of, Subject, tap } from "rxjs";
import { broadcastJoin, type Key, memory, type TableChange, toTable } from "@tidemark/streams";
import { crashTest, testPipeline } from "@tidemark/streams/testing";
import type { MemoryLog } from "../connectors/memory.ts";
import { runWith } from "../runtime/run.ts";
import { DurableTask } from "./support/durable_task.ts";
import { ManualClock, refusal } from "./support/jobs.ts";
import { jobSource } from "./support/task_host.ts";

interface Rule {
  readonly above: number;
}

const silent = { name: "checked", state: ":memory:", log: () => {} };

/** Payments with the names of the rules that they break. */
function checked(log: MemoryLog, broadcast = true): Observable<unknown> {
  return log.source<{ user: string; cents: number }>("payments", { tombstones: "refuse" }).pipe(
    broadcastJoin(log.table<Rule>("rules", { broadcast }), {
      name: "checked",
      join: ({ user, cents }, rules) => ({
        user,
        cents,
        broken: [...rules].flatMap(([name, { above }]) => cents > above ? [name] : []),
      }),
    }),
    log.sink("checked", { key: ({ user }) => user }),
  );
}

const rule = (name: string, above: number | null) => ({
  topic: "rules",
  key: name,
  value: above === null ? null : { above },
});
const payment = (user: string, cents: number) => ({ topic: "payments", key: user, value: { user, cents } });

describe("broadcastJoin()", () => {
  it("meets each value with all rules as they are then, in the order of their keys", () => {
    const values = new Subject<number>(), rules = new Subject<TableChange<Key, number>>();
    const seen: unknown[] = [];
    values.pipe(broadcastJoin(rules, {
      join: (value, all) => {
        const each: unknown[] = [];
        all.forEach((row, key, map) => each.push(key, row, map === all));
        return { value, size: all.size, entries: [...all], keys: [...all.keys()], rows: [...all.values()], each };
      },
    })).subscribe((row) => seen.push(row));
    values.next(1);
    for (const [key, value] of [["b", 1], [10, 2], [9, 3], ["a", 4], ["gone", 5], ["gone", undefined]] as const) {
      rules.next({ key, value });
    }
    values.next(2);
    const entries = [[9, 3], [10, 2], ["a", 4], ["b", 1]];
    assertEquals(seen, [
      { value: 1, size: 0, entries: [], keys: [], rows: [], each: [] },
      {
        ...{ value: 2, size: 4, entries },
        keys: entries.map(([key]) => key),
        rows: entries.map(([, row]) => row),
        each: entries.flatMap(([key, row]) => [key, row, true]),
      },
    ]);
  });

  it("looks rules up, and shows each change at once", () => {
    const values = new Subject<string>(), rules = new Subject<TableChange<string, number>>();
    const seen: unknown[] = [];
    values.pipe(broadcastJoin(rules, { join: (key, all) => [all.get(key), all.has(key), [...all].length] }))
      .subscribe((row) => seen.push(row));
    for (const value of [1, 2, undefined, undefined]) {
      values.next("a");
      rules.next({ key: "a", value });
    }
    assertEquals(seen, [[undefined, false, 0], [1, true, 1], [2, true, 1], [undefined, false, 0]]);
  });

  it("freezes rules deeply, and refuses what cannot be frozen", () => {
    const values = new Subject<number>(), rules = new Subject<TableChange<string, unknown>>();
    const seen: unknown[] = [];
    values.pipe(broadcastJoin(rules, { join: (_, all) => all.get("a") })).subscribe({
      next: (row) => seen.push(row),
      error: (error) => seen.push(error.message),
    });
    rules.next({ key: "a", value: { list: [{ n: 1 }] } });
    values.next(1);
    const [{ list }] = seen as [{ list: { n: number }[] }];
    assertThrows(() => list[0].n = 2, TypeError);
    rules.next({ key: "a", value: { at: new Date(0) } });
    assertMatch(String(seen[1]), /Cannot keep the value of key "a" in broadcastJoin: it holds an instance of Date/);
  });

  it("property: says what a naive recomputation says, with restarts", () => {
    const step = fc.record({
      key: fc.constantFrom("c", "a", "b", "d"),
      row: fc.option(fc.oneof(fc.nat(9), fc.constant("gone" as const))),
      restart: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const seen: unknown[] = [], expected: unknown[] = [];
        const task = new DurableTask(() =>
          jobSource<string>("keys").pipe(
            broadcastJoin(jobSource<TableChange<string, { n: number }>>("rules", 2, true), {
              name: "join",
              join: (key, all) => `${key} ${all.get(key)?.n} of ${Array.from(all, ([key, { n }]) => key + n)}`,
            }),
            tap((row) => void seen.push(row)),
          )
        );
        const rows = new Map<string, number>();
        for (const { key, row, restart } of steps) {
          if (row === null) {
            task.push("keys", key);
            const all = [...rows].sort(([one], [other]) => one < other ? -1 : 1);
            expected.push(`${key} ${rows.get(key)} of ${all.map(([key, n]) => key + n)}`);
          } else {
            const value = row === "gone" ? undefined : { n: row };
            task.push("rules", { key, value }, { partition: key === "a" ? 1 : 0 });
            if (row === "gone") rows.delete(key);
            else rows.set(key, row);
          }
          if (restart) task.restart();
        }
        assertEquals(task.failure, undefined);
        assertEquals(seen, expected);
      }),
      { seed: 20_240_505, numRuns: 1_000 },
    );
  });

  it("refuses options that make no sense when the pipeline is built", () => {
    const make = (options: Record<string, unknown>) => () =>
      broadcastJoin(of({ key: 1, value: 1 }), { join: () => 0, ...options } as never);
    assertThrows(make({ join: 1 }), TypeError, "Cannot create a broadcast join: join must be a function");
    assertThrows(make({ bootstrap: 1 }), TypeError, "bootstrap must be true or false, current value is 1");
  });
});

describe("broadcastJoin() in a job", () => {
  it("every task has all rules, whatever the numbers of partitions, and they change while it runs", async () => {
    await using test = await testPipeline(checked(memory()), { partitions: { payments: 4, rules: 3 }, start: 1000 });
    const users = ["ada", "bob", "cy", "dan", "eve", "fay"];
    const steps = [[rule("large", 10), rule("huge", 20)], [rule("large", null), rule("odd", 5)]];
    for (const changes of steps) {
      await test.push("rules", changes);
      await test.push("payments", users.map((user) => payment(user, 15)));
    }
    const rows = test.results<{ user: string; broken: string[] }>("checked");
    for (const user of users) {
      assertEquals(rows.filter((row) => row.user === user).map(({ broken }) => broken), [["large"], ["odd"]]);
    }
    assertEquals(test.state("checked/rules").size, 4 * 2);
  });

  it("comes through crashes as everything else does", async () => {
    const input = [
      rule("z", 1),
      rule("a", 5),
      ...["ada", "bob", "cy"].map((user) => payment(user, 7)),
      rule("m", 3),
      rule("a", 9),
      ...["ada", "bob", "cy"].map((user) => payment(user, 8)),
      rule("z", null),
      ...["ada", "bob", "cy"].map((user) => payment(user, 9)),
    ];
    const report = await crashTest(() => checked(memory()), input, { partitions: { payments: 3, rules: 2 } });
    assert(report.crashes > 20 && report.results === 9, Deno.inspect(report));
  });

  it("refuses rules of which a task would know a part", async () => {
    const log = memory();
    for (const topic of ["payments", "rules"]) log.create(topic, { partitions: 2 });
    assertMatch(
      await refusal(checked(log, false), silent),
      /^Cannot run broadcastJoin "checked": each task reads its own partition of the topic "rules" only, .* Read them with broadcast: true, or/,
    );
  });

  it("takes them where there is one task, which knows all of them", async () => {
    const log = memory();
    for (const topic of ["payments", "rules"]) log.create(topic, { partitions: 2 });
    log.append("rules", [{ key: "large", value: { above: 5 } }, { key: "huge", value: { above: 6 } }]);
    log.append("payments", ["ada", "bob", "cy"].map((user) => ({ key: user, value: { user, cents: 9 } })));
    for (const topic of ["payments", "rules"]) log.end(topic);
    await (await runWith(checked(log, false), { ...silent, tasks: "single" }, new ManualClock())).finished;
    const rows = log.read<{ broken: string[] }>("checked");
    assertEquals(rows.map((row) => row!.broken), [0, 1, 2].map(() => ["huge", "large"]));
  });

  it("migrates its rules", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    const run = async (options: { version?: number; migrate?: (rule: unknown, version: number) => number }) => {
      const rows = log.source<number>("values", { tombstones: "refuse" }).pipe(
        broadcastJoin(
          log.source<number>("numbers", { broadcast: true, tombstones: "refuse" }).pipe(toTable({ key: (n) => n })),
          {
            name: "join",
            join: (value, all) => [value, ...all.values()],
            ...options,
          },
        ),
        log.sink("rows"),
      );
      const job = await runWith(rows, { ...silent, state: kv }, new ManualClock());
      return job;
    };
    log.append("numbers", [{ value: 3 }, { value: 1 }]);
    await (await run({})).stop();
    log.append("values", [{ value: 0 }]);
    for (const topic of ["values", "numbers"]) log.end(topic);
    await (await run({ version: 2, migrate: (rule) => 10 * (rule as number) })).finished;
    assertEquals(log.read("rows"), [[0, 10, 30]]);
  });
});
