import { assert, assertEquals, assertMatch, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { filter, firstValueFrom, map } from "rxjs";
import { deadLetter, memory, type MetricsSnapshot, run } from "@tidemark/streams";
import { runWith } from "../runtime/run.ts";
import { KvStore, UnavailableError } from "../state/mod.ts";
import { own, testClock } from "./support/state.ts";
import { failureOf, first, Lines, ManualClock, mortal, refusal, scratch, until } from "./support/jobs.ts";

import { clicks, type Count, counting, perTen, silent } from "./support/clicks.ts";

Deno.test("run() starts fresh, is stopped, and goes on where it was: each result is there once", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = memory();
  const lines = new Lines();
  log.append("clicks", clicks("ada", "bob", "ada"));

  const job = await run(counting(log), { name: "clicks", state: kv, log: lines.log });
  await first(log.source("counts"), 3, job);
  await job.stop();
  assertEquals(await job.finished, { reason: "stopped" });
  assertMatch(lines.all[0], /^Job clicks: fresh, from clicks\/0@0, 0 keys in \d+ ms, nothing to republish$/);

  log.append("clicks", clicks("ada", "bob"));
  const again = await run(counting(log), { name: "clicks", state: kv, log: lines.log });
  await first(log.source("counts"), 5, again);
  await again.stop();
  assertMatch(
    await lines.line(/restored/),
    /^Job clicks: restored, from clicks\/0@3, 2 keys in \d+ ms, nothing to republish$/,
  );
  assertEquals(log.read<Count>("counts"), [
    { key: "ada", value: 1 },
    { key: "bob", value: 1 },
    { key: "ada", value: 2 },
    { key: "ada", value: 3 },
    { key: "bob", value: 2 },
  ]);
});

Deno.test("run() leaves a KV that the user opened open", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = memory();
  await (await run(counting(log), { name: "clicks", state: kv, ...silent })).stop();
  await kv.set(["mine"], 1);
  assertEquals((await kv.get(["mine"])).value, 1);
});

Deno.test("run() keeps its state in the file of a path, made with its folder", async () => {
  await using folder = await scratch();
  const state = folder.path("deep/state.db");
  const log = memory();
  log.append("clicks", clicks("ada"));
  for (const clicked of [1, 2]) {
    const job = await run(counting(log), { name: "clicks", state, ...silent });
    await first(log.source("counts"), clicked, job);
    await job.stop();
    if (clicked === 1) log.append("clicks", clicks("ada"));
  }
  assertEquals(log.read<Count>("counts"), [{ key: "ada", value: 1 }, { key: "ada", value: 2 }]);
});

Deno.test("run() says in one sentence that the state cannot be opened", async () => {
  await using folder = await scratch();
  await Deno.writeTextFile(folder.path("text"), "no database, but a file with some text in it".repeat(100));
  const why = await refusal(counting(memory()), { name: "clicks", state: folder.path("text") });
  assertMatch(why, /^Cannot open the state at .*text: /);
});

Deno.test("run() counts, and the counts go back to the job's birth", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = memory();
  log.append("clicks", clicks("ada", "bob", "ada"));
  const job = await run(counting(log), { name: "clicks", state: kv, ...silent });
  await first(log.source("counts"), 3, job);
  await job.stop();
  log.append("clicks", clicks("eve"));
  const again = await run(counting(log), { name: "clicks", state: kv, ...silent });
  await first(log.source("counts"), 4, again);
  await again.stop();

  const { epochs, elapsed_ms, records_per_second, commit_ms, latency_ms, stages, ...counted } = again.metrics
    .snapshot();
  assertEquals(counted, {
    job: "clicks",
    records_in: 4,
    outputs: { counts: 4 },
    late: 0,
    dead_letters: 0,
    unpublishable: 0,
    missing: 0,
    lag: 0,
    watermark: undefined,
    keys: 3,
    held: 0,
    trouble: undefined,
  });
  assertEquals(stages.map(({ operator, records_in, keys }) => [operator, records_in, keys]), [["keyedReduce", 1, 3]]);
  assert(epochs >= 2 && elapsed_ms >= 0 && records_per_second >= 0);
  assert(commit_ms.p50 > 0 && commit_ms.p50 <= commit_ms.p95 && commit_ms.p95 <= commit_ms.p99);
  assert(latency_ms.p50 <= latency_ms.p99);
});

Deno.test("metrics.changes is a snapshot each half second, a last one at the end, and completes", async () => {
  const clock = new ManualClock();
  const log = memory({ now: clock.now });
  log.append("clicks", clicks("ada", "bob"));
  const job = await runWith(counting(log), { name: "clicks", state: ":memory:", ...silent }, clock);
  const seen: MetricsSnapshot[] = [];
  let completed = false;
  job.metrics.changes.subscribe({ next: (snapshot) => seen.push(snapshot), complete: () => completed = true });
  await first(log.source("counts"), 2, job);
  assertEquals(seen.length, 0);
  await clock.advance(499);
  assertEquals(seen.length, 0);
  await clock.advance(1);
  assertEquals(seen.map(({ elapsed_ms, records_in }) => [elapsed_ms, records_in]), [[500, 2]]);
  await clock.advance(1000);
  assertEquals(seen.length, 3);
  await job.stop();
  assertEquals(seen.length, 4);
  assert(completed);
});

Deno.test("job.state() looks into a keyed state", async () => {
  const log = memory();
  log.append("clicks", clicks("ada", "bob", "ada"));
  await using job = await run(counting(log), { name: "clicks", state: ":memory:", ...silent });
  await first(log.source("counts"), 3, job);
  const counts = job.state("counts");
  assertEquals(counts.size, 2);
  assertEquals(counts.get("ada"), 2);
  assertEquals(counts.get("eve"), undefined);
  assertEquals([...counts.cells()].map(({ key, value }) => [key, value]), [["ada", 2], ["bob", 1]]);
  const error = assertThrows(() => job.state("count"), RangeError);
  assertEquals(error.message, 'Job clicks has no state "count"; it has "counts"');
});

Deno.test("job.state() finds a window's state by its start", async () => {
  const log = memory();
  log.append("visits", [{ value: { user: "ada", at: 12 } }, { value: { user: "ada", at: 17 } }]);
  await using job = await run(perTen(log), { name: "visits", state: ":memory:", ...silent });
  await until("both visits to be read", () => job.metrics.snapshot().records_in === 2);
  assertEquals(job.state("activity").get("ada", 10), [2, 0]);
  assertEquals(job.state("activity").get("ada", 0), undefined);
});

Deno.test("job.topology tells what the pipelines read, keep and write", async () => {
  const log = memory();
  const pipelines = [counting(log), perTen(log)];
  await using job = await run(pipelines, {
    name: "both",
    state: ":memory:",
    onBadRecord: deadLetter(log.sink("dead")),
    ...silent,
  });
  const connector = log.id;
  assertEquals(job.name, "both");
  assertEquals(job.topology, {
    sources: [{ topic: "clicks", connector }, { topic: "visits", connector }],
    states: [
      { operator: "keyedReduce", name: "counts", version: 1 },
      { operator: "tumblingWindow", name: "activity", version: 1 },
    ],
    sinks: [{ topic: "counts", connector }, { topic: "activity", connector }, { topic: "dead", connector }],
    ...{ watermarks: job.topology.watermarks, nodes: job.topology.nodes, edges: job.topology.edges },
  });
  assert(job.topology.watermarks.includes("visits:0"));
});

Deno.test("run() stops by its signal as by stop()", async () => {
  const log = memory();
  log.append("clicks", clicks("ada"));
  const abort = new AbortController();
  const job = await run(counting(log), { name: "clicks", state: ":memory:", signal: abort.signal, ...silent });
  await first(log.source("counts"), 1, job);
  abort.abort();
  assertEquals(await job.finished, { reason: "stopped" });
  log.append("clicks", clicks("ada"));
  assertEquals(log.read("counts").length, 1);
});

Deno.test("run() does not start with a signal that was aborted before", async () => {
  const signal = AbortSignal.abort();
  await assertRejects(() => run(counting(memory()), { name: "clicks", state: ":memory:", signal }), DOMException);
});

Deno.test("`await using` stops a job, and what it read is committed", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = memory();
  log.append("clicks", clicks("ada", "ada"));
  let job;
  {
    await using inside = await run(counting(log), { name: "clicks", state: kv, ...silent });
    job = inside;
    await first(log.source("counts"), 2, job);
  }
  assertEquals(await job.finished, { reason: "stopped" });
  const lines = new Lines();
  await (await run(counting(log), { name: "clicks", state: kv, log: lines.log })).stop();
  assertMatch(await lines.line(/restored/), /from clicks\/0@2, 1 keys/);
});

Deno.test("job.stop() may be called twice, and after the end", async () => {
  const log = memory();
  log.append("clicks", clicks("ada"));
  const job = await run(counting(log), { name: "clicks", state: ":memory:", ...silent });
  await Promise.all([job.stop(), job.stop()]);
  await job.stop();
  assertEquals(await job.finished, { reason: "stopped" });

  log.end("clicks");
  const ending = await run(counting(log), { name: "clicks", state: ":memory:", ...silent });
  assertEquals(await ending.finished, { reason: "finished" });
  await ending.stop();
  assertEquals(await ending.finished, { reason: "finished" });
});

Deno.test("job.stop() right after run() loses nothing", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = memory();
  log.append("clicks", clicks("ada", "ada"));
  log.end("clicks");
  await (await run(counting(log), { name: "clicks", state: kv, ...silent })).stop();
  await (await run(counting(log), { name: "clicks", state: kv, ...silent })).finished;
  assertEquals(log.read<Count>("counts"), [{ key: "ada", value: 1 }, { key: "ada", value: 2 }]);
});

Deno.test("one input record counts once, however many pipelines read it", async () => {
  const log = memory();
  log.append("clicks", clicks("ada", "bob"));
  log.end("clicks");
  const loud = log.source<string>("clicks", { tombstones: "refuse" }).pipe(
    map((user) => user.toUpperCase()),
    log.sink("loud"),
  );
  const short = log.source<string>("clicks").pipe(filter((user) => user === "bob"), log.sink("short"));
  const job = await run([counting(log), loud, short], { name: "three", state: ":memory:", ...silent });
  await job.finished;
  const { records_in, outputs } = job.metrics.snapshot();
  assertEquals({ records_in, outputs }, { records_in: 2, outputs: { counts: 2, loud: 2, short: 1 } });
  assertEquals(log.read("loud"), ["ADA", "BOB"]);
});

Deno.test("job.finished tells every listener the same", async () => {
  const log = memory();
  log.append("clicks", clicks("ada"));
  const job = await run(
    log.source<string>("clicks").pipe(
      map(() => {
        throw new Error("no luck");
      }),
      log.sink("none"),
    ),
    { name: "clicks", state: ":memory:", ...silent },
  );
  const one = await assertRejects(() => job.finished);
  const two = await assertRejects(() => job.finished);
  assertStrictEquals(one, two);
  await job.stop();
  assertEquals(await firstValueFrom(job.metrics.changes, { defaultValue: undefined }), undefined);
});

Deno.test("a last commit that fails is told by the job's end, and the next run makes up for it", async () => {
  using real = await Deno.openKv(":memory:");
  const process = mortal(real);
  const log = memory();
  log.append("clicks", clicks("ada"));
  const options = { name: "clicks", minEpoch: 1e9, ...silent };
  const job = await runWith(counting(log), { ...options, state: process.kv }, new ManualClock());
  await first(log.source("counts"), 1, job);
  log.append("clicks", clicks("ada"));
  await until("the second click to be read", () => job.state("counts").get("ada") === 2);
  process.die({ after: 0, takesEffect: false });
  await job.stop();
  assertEquals(await failureOf(job), "This process is dead");
  assertEquals(log.read("counts").length, 1);

  const again = await runWith(counting(log), { ...options, state: real }, new ManualClock());
  await first(log.source("counts"), 2, again);
  await again.stop();
  assertEquals(log.read<Count>("counts"), [{ key: "ada", value: 1 }, { key: "ada", value: 2 }]);
});

Deno.test("a worker whose task is claimed by another one while it takes it over claims it again", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = memory();
  log.append("clicks", clicks("ada", "ada"));
  const open = log.open.bind(log);
  let claims = 0;
  log.open = async (context) => {
    const connection = await open(context);
    const offsets = connection.offsets.bind(connection);
    // Asked for after the head is claimed and before the first offsets are written to it: the other one comes in between.
    connection.offsets = async (...words) => {
      if (claims++ === 0) await own(await KvStore.open(kv, testClock()), { job: "clicks" });
      return await offsets(...words);
    };
    return connection;
  };
  const lines: string[] = [];
  await using job = await run(counting(log), { name: "clicks", state: kv, log: (line) => lines.push(line) });
  await first(log.source("counts"), 2, job);
  assertEquals(log.read<Count>("counts"), [{ key: "ada", value: 1 }, { key: "ada", value: 2 }]);
  assertEquals(claims, 2);
  assertEquals(lines[0], "Job clicks: Task 0 of job clicks has another owner; the group is asked whose it is");
});

Deno.test("a worker waits where the broker goes away during a takeover, and gives up only when it is told to", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = memory();
  log.append("clicks", clicks("ada"));
  const open = log.open.bind(log);
  let away = 2;
  log.open = async (context) => {
    const connection = await open(context);
    const offsets = connection.offsets.bind(connection);
    connection.offsets = async (...words) => {
      if (away-- > 0) throw new UnavailableError("no broker answers");
      return await offsets(...words);
    };
    return connection;
  };
  const options = { name: "clicks", state: kv };
  await assertRejects(
    () => run(counting(log), { ...options, ...silent, giveUpAfter: 0 }),
    UnavailableError,
    "no broker answers",
  );
  const lines: string[] = [];
  await using job = await run(counting(log), { ...options, log: (line) => lines.push(line) });
  await first(log.source("counts"), 1, job);
  assertEquals(log.read<Count>("counts"), [{ key: "ada", value: 1 }]);
  assertEquals(away, -1);
  assertEquals(lines.filter((line) => line.includes("well") || line.includes("waiting")), [
    "Job clicks: waiting, because no broker answers",
    "Job clicks: tasks are taken over again; all is well again",
  ]);
});
