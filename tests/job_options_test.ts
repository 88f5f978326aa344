import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { merge } from "rxjs";
import { deadLetter, memory, run, type RunOptions } from "@tidemark/streams";
import { runWith } from "../runtime/run.ts";
import { first, Lines, ManualClock, refusal, until } from "./support/jobs.ts";

import { clicks, type Count, counting, perTen, silent } from "./support/clicks.ts";

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
    { minEpoch: Infinity },
    "Cannot run the job: minEpoch must be finite, current value is Infinity: nothing would ever be committed, and a job that has an end would never reach it",
  ],
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
