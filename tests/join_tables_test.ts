/** Tables that are joined: which changes the result has, what is kept, and how they run in jobs. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { map, type Observable, of, Subject, tap } from "rxjs";
import { joinTables, type JoinTablesOptions, memory, type TableChange, type TableJoinType } from "@tidemark/streams";
import { crashTest, testPipeline } from "@tidemark/streams/testing";
import type { MemoryLog } from "../connectors/memory.ts";
import { runWith } from "../runtime/run.ts";
import { DurableTask } from "./support/durable_task.ts";
import { ManualClock, until } from "./support/jobs.ts";
import { jobSource } from "./support/task_host.ts";

type Row = { readonly n: number };
type Change = TableChange<string, Row>;
type Options = Partial<JoinTablesOptions<Row, Row, string, TableJoinType>>;

/** The result of two topics. */
function joined(log: MemoryLog, options: Options = {}): Observable<unknown> {
  return joinTables(log.table<Row>("left"), log.table<Row>("right"), {
    name: "both",
    type: "outer",
    join: (left, right) => `${left?.n ?? "-"}+${right?.n ?? "-"}`,
    ...options,
  }).pipe(
    map(({ key, value }) => `${key} ${value ?? "deleted"}`),
    log.sink("both", { key: (row) => row.split(" ")[0] }),
  );
}

const row = (key: string, n: number | null) => ({ key, value: n === null ? null : { n }, timestamp: n ?? 0 });

describe("joinTables()", () => {
  it("property: says what a naive recomputation says, with restarts", () => {
    const step = fc.record({
      side: fc.constantFrom("left", "right"),
      key: fc.constantFrom("a", "b"),
      n: fc.option(fc.nat(9)),
      restart: fc.boolean(),
    });
    const exists = (type: TableJoinType, left: unknown, right: unknown) =>
      type === "inner"
        ? left !== undefined && right !== undefined
        : left !== undefined || (type === "outer" && right !== undefined);
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 30 }),
        fc.constantFrom<TableJoinType>("inner", "left", "outer"),
        fc.constantFrom<"copied" | "frozen">("copied", "frozen"),
        (steps, type, values) => {
          const seen: unknown[] = [], expected: unknown[] = [];
          const task = new DurableTask(() =>
            joinTables(jobSource<Change>("left"), jobSource<Change>("right"), {
              name: "both",
              type,
              values,
              join: (left, right) => `${left?.n}+${right?.n}`,
            }).pipe(tap(({ key, value }) => void seen.push([key, value])))
          );
          const rows: Record<string, Map<string, number>> = { left: new Map(), right: new Map() };
          for (const { side, key, n, restart } of steps) {
            const had = exists(type, rows.left.get(key), rows.right.get(key));
            if (n === null) rows[side].delete(key);
            else rows[side].set(key, n);
            const left = rows.left.get(key), right = rows.right.get(key);
            if (exists(type, left, right)) expected.push([key, `${left}+${right}`]);
            else if (had) expected.push([key, undefined]);
            task.push(side, { key, value: n === null ? undefined : { n } });
            if (restart) task.restart();
          }
          assertEquals(task.failure, undefined);
          assertEquals(seen, expected);
        },
      ),
      { seed: 20_240_405, numRuns: 1_000 },
    );
  });

  it("keeps rows of its own, and its results are a table for the next", () => {
    const left = new Subject<TableChange<string, { names: string[] }>>(),
      right = new Subject<TableChange<string, number>>();
    const seen: string[] = [];
    const both = joinTables(left, right, { join: ({ names }, n) => ({ names, n }) });
    joinTables(both, right, { join: ({ names }, n) => ({ names, n }) }).subscribe(({ value }) => {
      seen.push(`${value!.names} ${value!.n}`);
      value!.names.push("changed");
    });
    const value = { names: ["Ada"] };
    left.next({ key: "a", value });
    value.names.push("later");
    for (const n of [1, 2]) right.next({ key: "a", value: n });
    assertEquals(seen.map((one) => one.split(" ")[0]), seen.map(() => "Ada"));
    assertEquals([seen.length, seen.at(-1)], [3, "Ada 2"]);
  });

  it("refuses options that make no sense when it is built", () => {
    const make = (options: Record<string, unknown>) => () =>
      joinTables(of({ key: 1, value: 1 }), of({ key: 1, value: 1 }), { join: () => 0, ...options } as never);
    assertThrows(make({ join: 1 }), TypeError, "Cannot join tables: join must be a function");
    assertThrows(make({ type: "full" }), TypeError, 'type must be "inner", "left" or "outer", current value is full');
    assertThrows(make({ values: "cloned" }), TypeError, 'values must be "copied" or "frozen"');
  });
});

describe("joinTables() in a job", () => {
  it("comes through crashes as everything else does, of any partitions", async () => {
    const input = [1, 2, null, 4, 5, null, 7].flatMap((n, index) => [
      { topic: "left", ...row(["a", "b"][index % 2], n) },
      { topic: "right", ...row(["a", "b", "c"][index % 3], index === 3 ? null : index) },
    ]);
    for (const partitions of [1, 3]) {
      const report = await crashTest(() => joined(memory()), input, { partitions });
      assert(report.crashes > 20 && report.results > 8, Deno.inspect(report));
    }
  });

  it("migrates the rows of both tables", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    const options = { name: "both", state: kv, log: () => {} };
    for (const side of ["left", "right"]) log.create(side);
    log.append("left", [row("a", 1)]);
    const first = await runWith(joined(log), options, new ManualClock());
    await until("the row to be read", () => log.records("both").length === 1, first);
    await first.stop();
    log.append("right", [row("a", 2)]);
    for (const side of ["left", "right"]) log.end(side);
    const migrate: Options["migrate"] = (before, version, side) =>
      side === "left" ? { n: (before as Row).n + 100 * version } : before;
    await (await runWith(joined(log, { version: 2, migrate }), options, new ManualClock())).finished;
    assertEquals(log.read("both"), ["a 1+-", "a 101+2"]);
  });

  it("keeps a row until it is deleted, and nothing of one that is", async () => {
    await using test = await testPipeline(joined(memory()), { start: 1_000_000 });
    for (const n of [1, null]) {
      for (const side of ["left", "right"]) {
        await test.push(side, Array.from({ length: 50 }, (_, key) => row(`key-${key}`, n)));
      }
      const sizes = ["left", "right"].map((side) => test.state(`both/${side}`).size);
      assertEquals(sizes, n === null ? [0, 0] : [50, 50]);
    }
  });
});
