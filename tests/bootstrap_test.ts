/** Tables that a new task reads first: to which end, what waits for them, and what does not. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Observable } from "rxjs";
import { broadcastJoin, memory, type RunOptions, tableJoin } from "@tidemark/streams";
import type { Connector } from "../connectors/connector.ts";
import type { MemoryLog } from "../connectors/memory.ts";
import type { Job } from "../runtime/job.ts";
import { runWith } from "../runtime/run.ts";
import { readingOrder } from "../runtime/tables_first.ts";
import { Lines, ManualClock, until } from "./support/jobs.ts";

const silent = { name: "named", state: ":memory:", log: () => {} };
const USERS = ["ada", "bob", "cy", "dan", "eve"];

/** Users come later than the clicks: by their timestamps every click would be first. */
const user = (key: string, name = key.toUpperCase()) => ({ key, value: name, timestamp: 1000 });
const click = (key: string) => ({ key, value: key, timestamp: 1 });

interface Shape {
  readonly broadcast?: boolean;
  readonly bootstrap?: boolean;
}

function named(log: MemoryLog, { broadcast, bootstrap }: Shape = {}): Observable<unknown> {
  return log.source<string>("clicks", { tombstones: "refuse" }).pipe(
    tableJoin(log.table<string>("users", { broadcast }), {
      ...{ name: "named", key: (user) => user, type: "left", bootstrap },
      join: (_, name) => name ?? "nobody",
    }),
    log.sink("named"),
  );
}

/** All rules at once, as text. */
function ruled(log: MemoryLog): Observable<unknown> {
  return log.source<string>("clicks", { tombstones: "refuse" }).pipe(
    broadcastJoin(log.table<string>("users", { broadcast: true }), {
      name: "named",
      join: (_, rules) => [...rules.values()].join(),
    }),
    log.sink("named"),
  );
}

function made(partitions = 1): MemoryLog {
  const log = memory();
  for (const topic of ["clicks", "users"]) log.create(topic, { partitions });
  return log;
}

function end(log: MemoryLog): void {
  for (const topic of ["clicks", "users"]) log.end(topic);
}

/** A connector where the table seems to end later than it can be read, as behind an open transaction. */
function heldBack(more: number) {
  return (original: Connector): Connector => ({
    id: original.id,
    async open(context) {
      const connection = await original.open(context);
      return {
        ...connection,
        bounds: async (topic) =>
          (await connection.bounds(topic)).map((bounds) =>
            topic === "users" ? { ...bounds, latest: bounds.latest + more } : bounds
          ),
      };
    },
  });
}

const start = (pipeline: Observable<unknown>, options: Partial<RunOptions> = {}, more = 0, clock = new ManualClock()) =>
  runWith(pipeline, { ...silent, ...options }, clock, { connector: heldBack(more) });

async function read(job: Job, records: number): Promise<void> {
  await until(`${records} records`, () => job.metrics.snapshot().records_in === records, job);
}

describe("a task that is new", () => {
  for (const broadcast of [false, true]) {
    for (const from of ["earliest", "latest", 5000] as const) {
      it(`reads its tables first, from their beginning: broadcast ${broadcast}, from ${from}`, async () => {
        const log = made(3);
        log.append("users", USERS.map((key) => user(key)));
        if (from === "earliest") log.append("clicks", USERS.map(click));
        const job = await start(named(log, { broadcast }), { from });
        if (from !== "earliest") log.append("clicks", USERS.map(click));
        end(log);
        await job.finished;
        assertEquals(log.read<string>("named").sort(), USERS.map((key) => key.toUpperCase()));
      });
    }
  }

  it("reads all rules of a broadcastJoin first", async () => {
    const log = made(2);
    log.append("clicks", USERS.map(click));
    log.append("users", USERS.map((key) => user(key)));
    end(log);
    await (await start(ruled(log))).finished;
    assertEquals(log.read("named"), USERS.map(() => "ADA,BOB,CY,DAN,EVE"));
  });

  it("waits for nothing with bootstrap: false", async () => {
    const log = made();
    log.append("clicks", USERS.map(click));
    log.append("users", USERS.map((key) => user(key)));
    const job = await start(named(log, { bootstrap: false }), {}, 1);
    await read(job, 2 * USERS.length);
    await job.stop();
    assertEquals(log.read("named").length, USERS.length);
  });

  it("begins at once where the tables are empty", async () => {
    const log = made(2);
    log.append("clicks", USERS.map(click));
    const job = await start(named(log));
    await read(job, USERS.length);
    await job.stop();
    assertEquals(log.read("named"), USERS.map(() => "nobody"));
  });

  it('reads them first with until: "end" too, and after a reset', async () => {
    using kv = await Deno.openKv(":memory:");
    const log = made(2);
    log.append("clicks", USERS.map(click));
    log.append("users", USERS.map((key) => user(key)));
    for (const reset of [undefined, "earliest"] as const) {
      await (await start(named(log), { state: kv, until: "end", reset })).finished;
    }
    assertEquals(log.read<string>("named").sort(), [...USERS, ...USERS].map((key) => key.toUpperCase()).sort());
  });

  it("goes on to the same end after a restart in the middle", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = made();
    log.append("users", [user("ada", "Ada")]);
    log.append("clicks", [click("ada")]);
    const first = await start(named(log), { state: kv }, 2);
    await read(first, 1);
    await first.stop();
    assertEquals(log.read("named"), []);

    const second = await start(named(log), { state: kv });
    log.append("users", [user("ada", "Augusta")]);
    await read(second, 2);
    assertEquals(log.read("named"), []);
    log.append("users", [user("ada", "Countess")]);
    await read(second, 4);
    await second.stop();
    assertEquals(log.read("named"), ["Countess"]);
  });

  it("does not read them first again after a restart", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = made();
    log.append("users", [user("ada", "Ada")]);
    for (const records of [2, 3]) {
      log.append("clicks", [click("ada")]);
      const job = await start(named(log), { state: kv }, records === 2 ? 0 : 1);
      await read(job, records);
      await job.stop();
    }
    assertEquals(log.read("named"), ["Ada", "Ada"]);
  });

  it("reads a table first that the job has not read before, though the task is not new", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = made();
    log.append("clicks", [click("ada")]);
    const plain = log.source<string>("clicks", { tombstones: "refuse" }).pipe(log.sink("named"));
    const before = await start(plain, { state: kv });
    await read(before, 1);
    await before.stop();
    log.append("users", [user("ada")]);
    log.append("clicks", [click("ada")]);
    end(log);
    await (await start(named(log), { state: kv })).finished;
    assertEquals(log.read("named"), ["ada", "ADA"]);
  });

  it("says what it waits for when that takes long, and when it is over", async () => {
    const log = made();
    log.append("users", [user("ada")]);
    log.append("clicks", [click("ada")]);
    const lines = new Lines(), clock = new ManualClock();
    const job = await start(named(log), { log: lines.log }, 1, clock);
    await read(job, 1);
    await clock.advance(6000);
    assertMatch(
      await lines.line(/waiting/),
      /^Job named: waiting, because task 0 is new, and the table users\/0 is not read to offset 2 yet, where it ended when/,
    );
    assertMatch(job.metrics.snapshot().trouble ?? "", /the table users\/0/);
    log.append("users", [user("bob")]);
    await read(job, 3);
    await clock.advance(1000);
    assert(lines.find(/the tables are read; all is well again/) !== undefined);
    assertEquals(job.metrics.snapshot().trouble, undefined);
    await job.stop();
  });
});

describe("readingOrder()", () => {
  const waits = (...joined: [string, string][]) =>
    Object.fromEntries(
      [...readingOrder(joined, new Set()).waits].map(([topic, tables]) => [topic, [...tables].sort().join()]),
    );

  it("values wait for their tables, and tables for the tables that they are joined with", () => {
    assertEquals(waits(["clicks", "users"], ["clicks", "rules"], ["users", "cities"]), {
      clicks: "rules,users",
      users: "cities",
    });
  });

  it("nothing waits for itself, nor in a circle", () => {
    assertEquals(waits(["clicks", "clicks"]), {});
    assertEquals(waits(["a", "b"], ["b", "c"], ["c", "a"], ["clicks", "a"]), { clicks: "a" });
  });

  it("a topic that is read in another way as well does not begin anew", () => {
    const { tables, whole } = readingOrder([["clicks", "users"], ["clicks", "orders"]], new Set(["clicks", "orders"]));
    assertEquals([[...tables], [...whole]], [["users", "orders"], ["users"]]);
  });
});
