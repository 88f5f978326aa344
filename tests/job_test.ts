import { assert, assertEquals, assertMatch, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { filter, firstValueFrom, map, merge, type Observable } from "rxjs";
import {
  count,
  deadLetter,
  eventTime,
  type Keyed,
  keyedReduce,
  memory,
  type MetricsSnapshot,
  run,
  type RunOptions,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import type { MemoryLog } from "../connectors/memory.ts";
import { runWith } from "../runtime/run.ts";
import { failureOf, first, Lines, ManualClock, mortal, refusal, scratch, until } from "./support/jobs.ts";

type Count = Keyed<string, number>;

/** Clicks of users, each keyed by its user. */
function clicks(...users: string[]): { key: string; value: string }[] {
  return users.map((user) => ({ key: user, value: user }));
}

/** How often each user has clicked. */
function counting(log: MemoryLog): Observable<Count> {
  return log.source<string>("clicks").pipe(
    keyedReduce({ name: "counts", key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
    log.sink("counts", { key: ({ key }) => key }),
  );
}

const silent = { log: () => {} };

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

  const { epochs, elapsed_ms, records_per_second, commit_ms, latency_ms, ...counted } = again.metrics.snapshot();
  assertEquals(counted, {
    job: "clicks",
    records_in: 4,
    outputs: { counts: 4 },
    late: 0,
    dead_letters: 0,
    missing: 0,
    lag: 0,
    watermark: undefined,
    keys: 3,
    trouble: undefined,
  });
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

/** Visits of each user in ten milliseconds. */
function perTen(log: MemoryLog): Observable<unknown> {
  return log.source<{ user: string; at: number }>("visits").pipe(
    eventTime((visit) => visit.at),
    watermark({ maxOutOfOrderness: 0 }),
    tumblingWindow({ name: "activity", key: (visit) => visit.user, size: 10, aggregate: count() }),
    map(({ key, window, value }) => ({ key, start: window.start, value })),
    log.sink("activity"),
  );
}

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
    states: [{ operator: "keyedReduce", name: "counts" }, { operator: "tumblingWindow", name: "activity" }],
    sinks: [{ topic: "counts", connector }, { topic: "activity", connector }, { topic: "dead", connector }],
    watermarks: job.topology.watermarks,
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

const options: readonly (readonly [wrong: Partial<Record<keyof RunOptions, unknown>>, message: string])[] = [
  [
    { name: "two words" },
    'Cannot run the job: name must be 1 to 100 letters, digits, ".", "_" or "-", current value is "two words"',
  ],
  [{ name: "" }, 'Cannot run the job: name must be 1 to 100 letters, digits, ".", "_" or "-", current value is ""'],
  [{ state: undefined }, 'Cannot run the job: state must be a path, a URL, ":memory:" or an open Deno.Kv'],
  [{ tasks: "many" }, 'Cannot run the job: tasks must be "perPartition" or "single", current value is "many"'],
  [{ minEpoch: -1 }, "Cannot run the job: minEpoch must be >= 0, current value is -1"],
  [{ minEpoch: NaN }, "Cannot run the job: minEpoch must be >= 0, current value is NaN"],
  [
    { from: "newest" },
    'Cannot run the job: from must be "earliest", "latest" or milliseconds since 1970, current value is newest',
  ],
  [
    { reset: 1.5 },
    'Cannot run the job: reset must be "earliest", "latest" or milliseconds since 1970, current value is 1.5',
  ],
];

for (const [wrong, message] of options) {
  Deno.test(`run() refuses ${Object.keys(wrong)[0]}: ${String(Object.values(wrong)[0])}`, async () => {
    const right: RunOptions = { name: "clicks", state: ":memory:" };
    const error = await assertRejects(() => run(counting(memory()), { ...right, ...wrong } as RunOptions), Error);
    assertEquals(error.message, message);
  });
}

Deno.test("run() refuses a job without a pipeline", async () => {
  assertEquals(
    await refusal([], { name: "none", state: ":memory:" }),
    "Cannot run the job: there is no pipeline",
  );
});

Deno.test("run() refuses sources on two connectors, and says what to do", async () => {
  const [one, two] = [memory(), memory()];
  const why = await refusal(merge(one.source("clicks"), two.source("clicks")).pipe(one.sink("all")), {
    name: "two",
    state: ":memory:",
  });
  assertEquals(
    why,
    `Cannot run the job: it reads from ${one.id} and ${two.id}; all sources of a job must be on one of them. ` +
      `Bring the topics together on one broker, or run two jobs`,
  );
});

Deno.test("deadLetter() refuses what is no sink", () => {
  const error = assertThrows(() => deadLetter(memory().source("dead")), TypeError);
  assertEquals(
    error.message,
    "Cannot create a dead-letter policy: sink must be what a connector's sink(topic) returned",
  );
});

Deno.test('run() from "latest" reads only what comes after it began', async () => {
  const log = memory();
  log.append("clicks", clicks("ada", "bob"));
  const lines = new Lines();
  await using job = await run(counting(log), { name: "clicks", state: ":memory:", from: "latest", log: lines.log });
  assertMatch(await lines.line(/fresh/), /from clicks\/0@2/);
  log.append("clicks", clicks("ada"));
  assertEquals(await first(log.source<Count>("counts"), 1, job), [{ key: "ada", value: 1 }]);
});

Deno.test("run() from a timestamp reads from the first record that is not older", async () => {
  const log = memory();
  log.append("clicks", [10, 20, 30].map((timestamp) => ({ value: `at ${timestamp}`, timestamp })));
  log.end("clicks");
  await using job = await run(counting(log), { name: "clicks", state: ":memory:", from: 15, ...silent });
  await job.finished;
  assertEquals(log.read<Count>("counts").map((row) => row!.key), ["at 20", "at 30"]);
});

Deno.test("run() from somewhere is for new jobs: one that has a checkpoint goes on there", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = memory();
  log.append("clicks", clicks("ada"));
  const job = await run(counting(log), { name: "clicks", state: kv, ...silent });
  await first(log.source("counts"), 1, job);
  await job.stop();
  log.append("clicks", clicks("ada"));
  await using again = await run(counting(log), { name: "clicks", state: kv, from: "latest", ...silent });
  assertEquals((await first(log.source<Count>("counts"), 2, again))[1], { key: "ada", value: 2 });
});

Deno.test('run() until "end" processes what was there at the start, fires what is open, and is finished', async () => {
  using kv = await Deno.openKv(":memory:");
  const log = memory();
  log.append("visits", [1, 5, 12].map((at) => ({ value: { user: "ada", at } })));
  const lines = new Lines();
  const job = await run(perTen(log), { name: "visits", state: kv, until: "end", log: lines.log });
  assertEquals(await job.finished, { reason: "finished" });
  assertEquals(log.read("activity"), [{ key: "ada", start: 0, value: 2 }, { key: "ada", start: 10, value: 1 }]);
  assertEquals(lines.all.at(-1), "Job visits: finished, its input has been read to the end");
  assertEquals(job.metrics.snapshot().records_in, 3);
});

Deno.test('run() until "end" of an empty topic is finished at once', async () => {
  const log = memory();
  log.create("visits", { partitions: 3 });
  const job = await run(perTen(log), { name: "visits", state: ":memory:", until: "end", ...silent });
  assertEquals(await job.finished, { reason: "finished" });
  assertEquals(log.read("activity"), []);
});

Deno.test("a finished job that is started again says so, and does nothing", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = memory();
  log.append("visits", [{ value: { user: "ada", at: 1 } }]);
  await (await run(perTen(log), { name: "visits", state: kv, until: "end", ...silent })).finished;
  log.append("visits", [{ value: { user: "ada", at: 2 } }]);
  for (const until of ["end", undefined] as const) {
    const lines = new Lines();
    const again = await run(perTen(log), { name: "visits", state: kv, until, log: lines.log });
    assertEquals(await again.finished, { reason: "finished" });
    assertMatch(lines.all.join("\n"), /finished/);
  }
  assertEquals(log.read("activity").length, 1);
});

Deno.test("a finished job reads anew with reset", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = memory();
  log.append("clicks", clicks("ada"));
  await (await run(counting(log), { name: "clicks", state: kv, until: "end", ...silent })).finished;
  log.append("clicks", clicks("ada"));
  const again = await run(counting(log), { name: "clicks", state: kv, until: "end", reset: "earliest", ...silent });
  await again.finished;
  assertEquals(log.read<Count>("counts").map((row) => row!.value), [1, 1, 2]);
});

Deno.test("minEpoch holds the next cut back, and what was read meanwhile is in it", async () => {
  const clock = new ManualClock();
  const log = memory({ now: clock.now });
  const job = await runWith(
    counting(log),
    { name: "clicks", state: ":memory:", minEpoch: 1000, ...silent },
    clock,
  );
  log.append("clicks", clicks("ada"));
  await first(log.source("counts"), 1, job);

  log.append("clicks", clicks("ada"));
  await until("the second click to be read", () => job.state("counts").get("ada") === 2);
  log.append("clicks", clicks("ada"));
  await until("the third click to be read", () => job.state("counts").get("ada") === 3);
  await clock.advance(900);
  assertEquals(log.read("counts").length, 1);
  await clock.advance(100);
  await first(log.source("counts"), 3, job);
  assertEquals(job.metrics.snapshot().epochs, 2);
  await job.stop();
});

Deno.test("job.stop() does not wait for minEpoch", async () => {
  const clock = new ManualClock();
  const log = memory({ now: clock.now });
  log.append("clicks", clicks("ada"));
  const job = await runWith(
    counting(log),
    { name: "clicks", state: ":memory:", minEpoch: 1e9, ...silent },
    clock,
  );
  await first(log.source("counts"), 1, job);
  log.append("clicks", clicks("ada"));
  await until("the second click to be read", () => job.state("counts").get("ada") === 2);
  await job.stop();
  assertEquals(log.read("counts").length, 2);
});

Deno.test("one input record counts once, however many pipelines read it", async () => {
  const log = memory();
  log.append("clicks", clicks("ada", "bob"));
  log.end("clicks");
  const loud = log.source<string>("clicks").pipe(map((user) => user.toUpperCase()), log.sink("loud"));
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

Deno.test("a last commit that fails is told by the job's end, and the next run does what it should have done", async () => {
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
