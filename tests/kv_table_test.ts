/** kvTable(): what its rows are, what it refuses, and how a job and its readers see them. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { from, mergeMap } from "rxjs";
import {
  deadLetter,
  embeddedLog,
  keyedReduce,
  kvTable,
  type KvTableKeyPart,
  type KvTableOptions,
  memory,
  run,
} from "@tidemark/streams";
import { crashTest, testPipeline } from "@tidemark/streams/testing";
import { topicKey } from "../connectors/embedded/store.ts";
import { JOB_KV, tableName } from "../connectors/kv_table.ts";
import { systemClock } from "../base/clock.ts";
import { runWith } from "../runtime/run.ts";
import { jobKey } from "../state/keys.ts";
import { header } from "./support/jobs.ts";

const JOB = { name: "job", log: () => {} };

interface Visit {
  readonly user: string;
  readonly page?: unknown;
}

/** Visits in a topic of two partitions that has ended, by user. */
function visitsOf(...visits: Visit[]) {
  const log = memory();
  log.create("visits", { partitions: 2 });
  log.append("visits", visits.map((visit) => ({ value: visit, key: visit.user })));
  log.end("visits");
  return log;
}

const users = (...names: string[]) => visitsOf(...names.map((user) => ({ user })));

function countsOf(log: Pick<ReturnType<typeof memory>, "source">) {
  return log.source<Visit>("visits", { tombstones: "refuse" }).pipe(
    keyedReduce({ name: "counts", key: ({ user }) => user, initial: 0, reduce: (total) => total + 1 }),
  );
}

/** The rows of a table, by the last part of their keys. */
async function rowsOf(kv: Deno.Kv, ...prefix: KvTableKeyPart[]): Promise<Record<string, unknown>> {
  const rows: Record<string, unknown> = {};
  for await (const { key, value } of kv.list({ prefix })) rows[String(key.at(-1))] = value;
  return rows;
}

/** Writes the values of visits with these options, and returns the entries. */
async function written(visits: readonly Visit[], options: KvTableOptions<Visit>): Promise<Deno.KvEntry<unknown>[]> {
  using kv = await Deno.openKv(":memory:");
  const log = visitsOf(...visits);
  const pipeline = log.source<Visit>("visits", { tombstones: "refuse" }).pipe(kvTable(["t"], options));
  await using job = await run(pipeline, { ...JOB, state: kv, tasks: "single" });
  await job.finished;
  return await Array.fromAsync(kv.list({ prefix: ["t"] }));
}

describe("kvTable()", () => {
  it("has the last row of each key, beside a topic with all of them", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = users("ada", "bob", "ada", "cyd", "ada");
    const pipeline = countsOf(log).pipe(
      kvTable(["shop", "visits"], { key: ({ key }) => key, value: ({ value }) => ({ visits: value }) }),
      log.sink("counts", { key: ({ key }) => key }),
    );
    await using job = await run(pipeline, { ...JOB, state: kv });
    await job.finished;
    assertEquals(await rowsOf(kv, "shop", "visits"), { ada: { visits: 3 }, bob: { visits: 1 }, cyd: { visits: 1 } });
    assertEquals(job.metrics.snapshot().outputs, { "kv:shop/visits": 5, counts: 5 });
    assertEquals(job.topology.sinks.find(({ topic }) => topic === "kv:shop/visits")?.connector, "the job's own KV");
  });

  it("takes keys of every kind that Deno KV has, of one part or of several", async () => {
    const keys = ["text", 7, -0, 8n, false, new Uint8Array([1, 0]), ["a", 1], [2n, true, new Uint8Array([])]];
    const visits = keys.map((_, page): Visit => ({ user: "ada", page }));
    const entries = await written(visits, { key: ({ page }) => keys[page as number] as KvTableKeyPart });
    const expected = keys.map((key) => ["t", ...(Array.isArray(key) ? key : [key === 0 ? 0 : key])]);
    assertEquals(entries.length, keys.length);
    for (const { key, value } of entries) assertEquals<unknown>(key, expected[(value as Visit).page as number]);
  });

  it("writes and counts only the last row of each key in an epoch", async () => {
    using kv = await Deno.openKv(":memory:");
    const names = Array.from({ length: 300 }, (_, nth) => nth % 2 === 0 ? "ada" : "bob");
    const note = "x".repeat(10_000);
    const pipeline = countsOf(users(...names)).pipe(
      kvTable(["t"], { key: ({ key }) => key, value: ({ value }) => ({ value, note }) }),
    );
    await using job = await run(pipeline, { ...JOB, state: kv, tasks: "single" });
    await job.finished;
    const written = (await job.details()).recentEpochs.filter(({ results }) => results > 0);
    // How many epochs there are depends on how fast the machine is. A row of each key in each is 20,000 bytes.
    assertEquals(written.reduce((sum, { records }) => sum + records, 0), 300);
    for (const { results, bytes } of written) assert(results <= 2 && bytes < 50_000, `${results} rows, ${bytes} bytes`);
    assertEquals(await rowsOf(kv, "t"), { ada: { value: 150, note }, bob: { value: 150, note } });
  });

  it("deletes the row of a key whose row is null", async () => {
    const visits = [{ user: "ada", page: 1 }, { user: "bob", page: 2 }, { user: "ada", page: null }];
    const entries = await written(visits, { key: ({ user }) => user, value: ({ page }) => page });
    assertEquals(entries.map(({ key, value }) => [key, value]), [[["t", "bob"], 2]]);
  });

  it("keeps plain data as it was when it came, with dates, maps and bytes", async () => {
    const kept = {
      at: new Date(5),
      seen: new Set([1n]),
      by: new Map([["a", [1, undefined]]]),
      raw: new Uint8Array([7]),
    };
    const one = { count: 0, kept };
    const entries = await written(["ada", "bob", "cyd"].map((user) => ({ user })), {
      key: ({ user }) => user,
      value: () => Object.assign(one, { count: one.count + 1 }),
    });
    const values = entries.map(({ value }) => value as typeof one).sort((a, b) => a.count - b.count);
    assertEquals(values, [1, 2, 3].map((count) => ({ count, kept })));
  });

  it("lets a reader watch a row, also one that opened the file by itself", async () => {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/state.db`;
    {
      using kv = await Deno.openKv(path);
      const log = memory();
      await using job = await run(countsOf(log).pipe(kvTable(["visits"], { key: ({ key }) => key })), {
        ...JOB,
        state: path,
      });
      const seen = kv.watch([["visits", "ada"]]).getReader();
      assertEquals((await seen.read()).value![0].value, null);
      for (const value of [1, 2, 3]) {
        log.append("visits", [{ value: { user: "ada" }, key: "ada" }]);
        assertEquals((await seen.read()).value![0].value, { key: "ada", value });
      }
      await seen.cancel();
      await job.stop();
    }
    await Deno.remove(folder, { recursive: true });
  });

  it("has all rows of an epoch that is larger than an atomic, beside the state in its embedded log", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = embeddedLog(kv);
    await log.create("visits", { partitions: 1 });
    await log.create("all", { partitions: 1 });
    await log.append("visits", [1, 2].map((page) => ({ value: { user: "ada", page } })));
    await log.end("visits");
    const pipeline = log.source<Visit>("visits", { tombstones: "refuse" }).pipe(
      mergeMap(({ page }) => from(Array.from({ length: 3000 }, (_, n) => ({ n, page })))),
      kvTable(["pages"], { key: ({ n }) => n, value: ({ page }) => page }),
      log.sink("all"),
    );
    await using job = await run(pipeline, { ...JOB, state: kv });
    await job.finished;
    const rows = await rowsOf(kv, "pages");
    assertEquals([Object.keys(rows).length, Object.values(rows).filter((page) => page === 2).length], [3000, 3000]);
    assertEquals((await log.bounds("all"))[0].latest, 6000);
    assertEquals(await Array.fromAsync(kv.list({ prefix: ["job", "job", 0, "rows"] })), []);
  });
});

/** The reason for which the second of three visits goes to the dead letters. */
async function reasonOf(options: (bad: boolean) => Partial<KvTableOptions<Visit>>): Promise<string> {
  using kv = await Deno.openKv(":memory:");
  const log = visitsOf(...[1, 2, 3].map((page) => ({ user: "ada", page })));
  const of = ({ page }: Visit) => ({ key: () => `${page}`, value: () => page, ...options(page === 2) });
  const table = kvTable<Visit>(["t"], {
    key: (visit) => of(visit).key(visit),
    value: (visit) => of(visit).value(visit),
  });
  const pipeline = log.source<Visit>("visits", { tombstones: "refuse" }).pipe(table);
  await using job = await run(pipeline, { ...JOB, state: kv, onError: deadLetter(log.sink("dead")) });
  await job.finished;
  assertEquals(await rowsOf(kv, "t"), { 1: 1, 3: 3 });
  const [dead, ...more] = log.records("dead");
  assertEquals(more, []);
  return header(dead, "tidemark.reason").replace('sink "kv:t": ', "");
}

describe("kvTable() blames the record", () => {
  const cases: readonly [what: string, options: Partial<KvTableOptions<Visit>>, reason: string][] = [
    [
      "whose row is larger than Deno KV takes",
      { value: () => "x".repeat(65_536) },
      'a row in Deno KV may have 65536 bytes, that of ["t","2"] has 65542',
    ],
    [
      "whose key is larger than Deno KV takes",
      { key: () => "k".repeat(2045) },
      `a key in Deno KV may have 2048 bytes, ["t","${"k".repeat(94)}... has 2050`,
    ],
    ["whose row is no plain data", { value: () => [new URL("http://a")] }, "it holds an instance of URL"],
    ["whose row is a function", { value: () => () => 1 }, "it holds a function"],
    ["whose row is undefined", { value: () => undefined }, "its row is undefined; null deletes a row"],
    [
      "whose key is undefined",
      { key: () => undefined as never },
      "a part of a key must be a string, number, bigint, boolean or Uint8Array, current value is undefined",
    ],
    [
      "whose key has a part that is none",
      { key: () => ["a", { b: 1 } as never] },
      "a part of a key must be a string, number, bigint, boolean or Uint8Array, current value is of type object",
    ],
    ["whose key has no part", { key: () => [] }, "a key has one part at least"],
    [
      "whose key is no Unicode text",
      { key: () => "a\ud800" },
      'a key in Deno KV is UTF-8, and "a\\ud800" has a lone surrogate',
    ],
  ];
  for (const [what, options, reason] of cases) {
    it(what, async () => assertEquals(await reasonOf((bad) => bad ? options : {}), reason));
  }
});

describe("kvTable() is refused", () => {
  const key = () => "k";

  it("with a prefix that is none, or that belongs to the package", () => {
    const cannot = "Cannot create a KV table:";
    const none = `${cannot} prefix must be an array of one part at least, such as ["prices"]`;
    for (const prefix of [[], "prices", undefined]) {
      assertThrows(() => kvTable(prefix as string[], { key }), TypeError, none);
    }
    assertThrows(() => kvTable([null as never], { key }), TypeError, `${cannot} a part of a key must be a string`);
    for (const [first] of [jobKey("any"), topicKey()]) {
      assertThrows(() => kvTable([first, "x"], { key }), TypeError, `keys that begin with "${first}" belong to`);
      kvTable([`${first}s`], { key });
      kvTable(["my", first], { key });
    }
  });

  it("without a key", () => {
    assertThrows(
      () => kvTable(["t"], {} as never),
      TypeError,
      "key must be a function, current value is of type undefined",
    );
  });

  it("as a sink of dead letters", () => {
    assertThrows(() => deadLetter(kvTable(["t"], { key })), TypeError, 'table "kv:t" keeps the last row of each key');
  });

  it("without a job, where there is no KV of a job", async () => {
    const errors: unknown[] = [];
    await new Promise<void>((resolve) => {
      from([{ user: "ada" }]).pipe(kvTable(["t"], { key })).subscribe({
        error(error) {
          errors.push(error.message);
          resolve();
        },
      });
    });
    assertEquals(errors, [
      'Cannot write to sink "kv:t" without a job: results are published with a checkpoint, so run the pipeline with run()',
    ]);
  });

  it("by a connector that has topics only", async () => {
    const log = users("ada");
    const pipeline = countsOf(log).pipe(kvTable(["t"], { key: ({ key }) => key }));
    await assertRejects(
      () =>
        runWith(pipeline, { ...JOB, state: ":memory:" }, systemClock, {
          connector: (one) => one === JOB_KV ? { id: one.id, open: (context) => log.open(context) } : one,
        }).then((job) => job.finished),
      TypeError,
      'Sink "kv:t" writes a table, and its connector has topics only',
    );
  });
});

describe("the name of a KV table", () => {
  it("shows the parts of its prefix", () => {
    assertEquals(tableName(["shop", 7, 8n, true, new Uint8Array([1, 255])]), "kv:shop/7/8/true/01ff");
  });
});

describe("a test of a pipeline with a KV table", () => {
  const log = memory();
  const pipeline = countsOf(log).pipe(
    kvTable(["shop", "visits"], { key: ({ key }) => ["by", key], value: ({ value }) => value }),
  );

  it("reads its rows by prefix, in the order of their keys", async () => {
    await using test = await testPipeline(pipeline);
    await test.push("visits", ["bob", "ada", "ada"].map((user) => ({ value: { user }, key: user })));
    assertEquals(await test.table<number>(["shop", "visits"]), [
      { key: ["by", "ada"], value: 2 },
      { key: ["by", "bob"], value: 1 },
    ]);
    await test.push("visits", { value: { user: "bob" }, key: "bob" });
    assertEquals((await test.table(["shop", "visits"])).map(({ value }) => value), [2, 2]);
    await assertRejects(
      () => test.table(["shop"]),
      RangeError,
      'Cannot read the results of "kv:shop": the pipeline writes',
    );
  });

  it("crashes at every epoch, and its rows are the same", async () => {
    const input = ["ada", "bob", "ada", "cyd", "bob", "ada"].map((user) => ({ value: { user }, key: user }));
    const { results, crashes } = await crashTest(pipeline, input, { partitions: 2 });
    assertEquals([results, crashes > 20], [3, true]);
  });

  it("finds that rows depend on memory that is in no checkpoint", async () => {
    const make = () => {
      let total = 0;
      return log.source<Visit>("visits", { tombstones: "refuse" }).pipe(
        kvTable(["totals"], { key: () => "all", value: () => ++total }),
      );
    };
    const input = ["ada", "bob", "ada"].map((user) => ({ value: { user } }));
    await assertRejects(() => crashTest(make, input), Error, "kv:totals");
  });
});
