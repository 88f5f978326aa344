/** Table joins: which row a value meets, what is kept, what is refused, and how they run in jobs. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { from, map, type Observable, of, Subject, tap } from "rxjs";
import {
  count,
  deadLetter,
  eventTime,
  int64,
  keyedReduce,
  memory,
  type TableChange,
  tableJoin,
  type TableJoinOptions,
  toTable,
  tumblingWindow,
} from "@tidemark/streams";
import { crashTest, testPipeline } from "@tidemark/streams/testing";
import type { MemoryLog } from "../connectors/memory.ts";
import { runWith } from "../runtime/run.ts";
import { DurableTask } from "./support/durable_task.ts";
import { outcome, strict } from "./support/events.ts";
import { header, ManualClock, refusal, until } from "./support/jobs.ts";
import { jobSource } from "./support/task_host.ts";

interface Click {
  readonly user: string;
  readonly n: number;
}

interface User {
  readonly name: string;
}

const silent = { name: "named", state: ":memory:", log: () => {} };

type Options = Partial<TableJoinOptions<Click, string, User, string, "inner" | "left">>;

/** Clicks with the name of their user. */
function named(log: MemoryLog, options: Options = {}): Observable<unknown> {
  return log.source<Click>("clicks").pipe(
    tableJoin(log.table<User>("users"), {
      name: "named",
      key: ({ user }) => user,
      type: "left",
      join: ({ user, n }, row) => `${user} ${n} ${row?.name ?? "-"}`,
      ...options,
    }),
    log.sink("named", { key: (row) => row.split(" ")[0] }),
  );
}

const click = (user: string, n: number) => ({ key: user, value: { user, n }, timestamp: n });
const user = (key: string, at: number, name: string | null) => ({
  key,
  value: name === null ? null : { name },
  timestamp: at,
});

function fill(log: MemoryLog): MemoryLog {
  log.append("users", [user("ada", 2, "Ada"), user("bob", 2, "Bob"), user("ada", 5, null), user("bob", 6, "Robert")]);
  log.append("clicks", [1, 3, 4, 7].flatMap((n) => [click("ada", n), click("bob", n)]));
  for (const topic of ["clicks", "users"]) log.end(topic);
  return log;
}

describe("tableJoin()", () => {
  it("joins each value with the row that its key has then, and without one only where it is left", () => {
    const clicks = new Subject<Click>(), users = new Subject<TableChange<string, string>>();
    const seen: string[] = [];
    const join = ({ n }: Click, row: string | undefined) => `${n} ${row}`;
    clicks.pipe(tableJoin(users, { key: ({ user }) => user, join })).subscribe((row) => seen.push(row));
    clicks.pipe(tableJoin(users, { key: ({ user }) => user, type: "left", join })).subscribe((row) =>
      seen.push(`left ${row}`)
    );
    clicks.next({ user: "ada", n: 1 });
    users.next({ key: "ada", value: "Ada" });
    clicks.next({ user: "ada", n: 2 });
    clicks.next({ user: "bob", n: 3 });
    users.next({ key: "ada", value: undefined });
    users.next({ key: "bob", value: undefined });
    clicks.next({ user: "ada", n: 4 });
    assertEquals(seen, ["left 1 undefined", "2 Ada", "left 2 Ada", "left 3 undefined", "left 4 undefined"]);
  });

  it("takes the results of a keyedReduce as a table", () => {
    const totals = from(["ada", "ada", "bob"]).pipe(
      keyedReduce({ key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
    );
    const rows = of("ada", "bob", "eve").pipe(
      tableJoin(totals, { key: (user) => user, join: (user, total) => [user, total] as const }),
    );
    assertEquals(outcome(rows).values, [["ada", 2], ["bob", 1]]);
  });

  it("the table's stream has no part in the time below: neither its watermark nor the lack of one", () => {
    const at = eventTime((n: number) => n);
    for (const table of [of(1).pipe(at, strict()), of(1).pipe(at), of(1)]) {
      const rows = from([1, 2, 12, 30]).pipe(
        at,
        strict(),
        tableJoin(table.pipe(toTable({ key: () => "k" })), { key: () => "k", join: (n, row) => n + row }),
        tumblingWindow({ key: () => "k", size: 10, aggregate: count<number>() }),
        map(({ window, value }) => [window.start, value]),
      );
      assertEquals(outcome(rows), { values: [[0, 2], [10, 1], [30, 1]], error: undefined, completed: true });
    }
  });

  for (const values of ["copied", "frozen"] as const) {
    it(`keeps rows of its own when they are ${values}`, () => {
      const clicks = new Subject<string>(), users = new Subject<TableChange<string, { names: string[] }>>();
      const seen: unknown[] = [];
      clicks.pipe(
        tableJoin(users, { key: (user) => user, join: (_, row) => row, values }),
        tap(({ names }) => {
          seen.push(names.join());
          if (values === "frozen") assertThrows(() => names.push("changed"), TypeError);
          else names.push("changed");
        }),
      ).subscribe({ error: (error) => seen.push(error) });
      const value = { names: ["Ada"] };
      users.next({ key: "ada", value });
      if (values === "copied") value.names.push("later");
      for (let n = 0; n < 2; n++) clicks.next("ada");
      assertEquals(seen, ["Ada", "Ada"]);
    });
  }

  it("property: says what a naive recomputation says, with restarts", () => {
    const step = fc.record({
      key: fc.constantFrom("a", "b", "c"),
      row: fc.option(fc.oneof(fc.nat(9), fc.constant("gone" as const))),
      restart: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 30 }),
        fc.constantFrom<"inner" | "left">("inner", "left"),
        (steps, type) => {
          const seen: unknown[] = [], expected: unknown[] = [];
          const task = new DurableTask(() =>
            jobSource<string>("keys").pipe(
              tableJoin(jobSource<TableChange<string, { n: number }>>("table"), {
                name: "join",
                key: (key) => key,
                type,
                join: (key, row) => `${key} ${row?.n}`,
              }),
              tap((row) => void seen.push(row)),
            )
          );
          const rows = new Map<string, number>();
          for (const { key, row, restart } of steps) {
            if (row === null) {
              task.push("keys", key);
              if (type === "left" || rows.has(key)) expected.push(`${key} ${rows.get(key)}`);
            } else {
              task.push("table", { key, value: row === "gone" ? undefined : { n: row } });
              if (row === "gone") rows.delete(key);
              else rows.set(key, row);
            }
            if (restart) task.restart();
          }
          assertEquals(task.failure, undefined);
          assertEquals(seen, expected);
        },
      ),
      { seed: 20_240_404, numRuns: 1_000 },
    );
  });

  it("refuses options that make no sense when the pipeline is built", () => {
    const make = (options: Record<string, unknown>) => () =>
      tableJoin(of({ key: 1, value: 1 }), { key: (n: number) => n, join: () => 0, ...options } as never);
    const cannot = "Cannot create a table join:";
    assertThrows(make({ key: 1 }), TypeError, `${cannot} key must be a function`);
    assertThrows(make({ join: undefined }), TypeError, `${cannot} join must be a function`);
    assertThrows(make({ type: "full" }), TypeError, `${cannot} type must be "inner" or "left", current value is full`);
    assertThrows(make({ values: "cloned" }), TypeError, `${cannot} values must be "copied" or "frozen"`);
    assertThrows(
      () => toTable({ key: undefined as never }),
      TypeError,
      "Cannot create a table: key must be a function",
    );
  });
});

describe("tableJoin() in a job", () => {
  it("joins with the row of that moment, and knows the table again after a restart", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    const steps = [
      user("ada", 1, "Ada"),
      click("ada", 2),
      user("ada", 3, "Augusta"),
      click("ada", 4),
      user("ada", 5, null),
    ];
    for (const topic of ["clicks", "users"]) log.create(topic);
    for (const [index, step] of [...steps, click("ada", 6)].entries()) {
      log.append(step.value !== null && "n" in step.value ? "clicks" : "users", [step]);
      const job = await runWith(named(log), { ...silent, state: kv }, new ManualClock());
      await until(`step ${index}`, () => job.metrics.snapshot().records_in === index + 1, job);
      await job.stop();
    }
    assertEquals(log.read("named"), ["ada 2 Ada", "ada 4 Augusta", "ada 6 -"]);
  });

  it("comes through crashes as everything else does, of any partitions and values", async () => {
    const log = fill(memory());
    const topics = (["clicks", "users"] as const).flatMap((topic) =>
      log.records(topic).map(({ key, value, timestamp }) => ({ topic, key, value, timestamp }))
    );
    const input = topics.sort((a, b) => a.timestamp - b.timestamp);
    for (const [partitions, values] of [[1, "copied"], [3, "frozen"]] as const) {
      const report = await crashTest(() => named(memory(), { values }), input, { partitions });
      assert(report.crashes > 20 && report.results === 8, Deno.inspect(report));
    }
  });

  it("a record of the table without a key, or with one that is no key, is a bad record", async () => {
    const log = memory();
    log.append("users", [{ key: null, value: { name: "Nobody" } }, { key: "x", value: { name: "X" } }]);
    log.append("users", [{ key: new Uint8Array(8), value: { name: "Zero" } }]);
    for (const topic of ["clicks", "users"]) {
      if (topic === "clicks") log.create(topic);
      log.end(topic);
    }
    const pipeline = log.table<User, bigint>("users", { key: int64() }).pipe(
      map(({ key, value }) => `${key} ${value?.name}`),
      log.sink("rows"),
    );
    await (await runWith(pipeline, { ...silent, onBadRecord: deadLetter(log.sink("bad")) }, new ManualClock()))
      .finished;
    assertEquals(log.read("rows"), ["0 Zero"]);
    const reasons = log.records("bad").map((record) => header(record, "tidemark.reason")!);
    assertEquals(reasons.length, 2);
    assertMatch(reasons[0], /it has no key, which a row of a table needs/);
  });

  it("refuses values whose topic is keyed by something else", async () => {
    const log = memory();
    for (const topic of ["clicks", "users"]) log.create(topic, { partitions: 2 });
    log.append("clicks", [{ ...click("ada", 1), key: "bob" }]);
    for (const topic of ["clicks", "users"]) log.end(topic);
    assertMatch(await refusal(named(log), silent), /tableJoin "named" is keyed by "ada".*Key the topic clicks by it/);
  });

  it("migrates its rows", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    log.append("users", [user("ada", 1, "Ada")]);
    for (const topic of ["clicks", "users"]) {
      if (topic === "clicks") log.create(topic);
    }
    const first = await runWith(named(log), { ...silent, state: kv }, new ManualClock());
    await first.stop();
    log.append("clicks", [click("ada", 2)]);
    for (const topic of ["clicks", "users"]) log.end(topic);
    const migrate = (row: unknown, version: number) => ({ name: `${(row as User).name} of ${version}` });
    await (await runWith(named(log, { version: 2, migrate }), { ...silent, state: kv }, new ManualClock())).finished;
    assertEquals(log.read("named"), ["ada 2 Ada of 1"]);
  });

  it("keeps a row until it is deleted, and nothing of one that is", async () => {
    await using test = await testPipeline(named(memory()), { start: 1_000_000 });
    await test.push("users", Array.from({ length: 50 }, (_, n) => user(`user-${n}`, n, "name")));
    assertEquals(test.state("named/table").size, 50);
    await test.push("users", Array.from({ length: 50 }, (_, n) => user(`user-${n}`, n, null)));
    assertEquals(test.state("named/table").size, 0);
  });
});
