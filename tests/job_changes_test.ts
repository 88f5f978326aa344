/** What has changed between two runs of a job: its states, its topics, its log, its input. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { map, type Observable } from "rxjs";
import { embeddedLog, type Keyed, keyedReduce, memory, run, type RunOptions } from "@tidemark/streams";
import type { EmbeddedLog } from "../connectors/embedded/log.ts";
import type { MemoryLog } from "../connectors/memory.ts";
import { assertCounted, first, Lines, refusal, scratch } from "./support/jobs.ts";
import { lines } from "./support/lines.ts";

type Count = Keyed<string, number>;

const silent = { log: () => {} };

/** Clicks of users, each keyed by its user. */
function clicks(...users: string[]): { key: string; value: string }[] {
  return users.map((user) => ({ key: user, value: user }));
}

function counting(log: MemoryLog | EmbeddedLog, name = "counts"): Observable<Count> {
  return log.source<string>("clicks").pipe(
    keyedReduce({ name, key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
    log.sink("counts", { key: ({ key }) => key }),
  );
}

/** Runs a job on all that lies in its input, and stops it. */
async function runOnce(
  pipeline: Observable<unknown>,
  options: RunOptions,
  done: () => Promise<unknown>,
): Promise<void> {
  const job = await run(pipeline, { ...silent, ...options });
  await Promise.race([done(), job.finished]);
  await job.stop();
  assertEquals(await job.finished, { reason: "stopped" });
}

Deno.test("a state that no stage has any more is an error, and is dropped by name", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = memory();
  const options = { name: "clicks", state: kv };
  log.append("clicks", clicks("ada", "ada"));
  await runOnce(counting(log, "old"), options, () => first(log.source("counts"), 2));

  const why = await refusal(counting(log, "new"), options);
  assertStringIncludes(why, '"old"');
  assertMatch(why, /no stage has that name/);
  assertMatch(why, /dropStates/);

  log.append("clicks", clicks("ada"));
  await runOnce(counting(log, "new"), { ...options, dropStates: ["old"] }, () => first(log.source("counts"), 3));
  // What was dropped is gone: the next run need not say it again.
  log.append("clicks", clicks("ada"));
  await runOnce(counting(log, "new"), options, () => first(log.source("counts"), 4));
  assertEquals(log.read<Count>("counts").map((row) => row!.value), [1, 2, 1, 2]);
});

/** Counts as objects, in the form of that version. */
function versioned(log: MemoryLog, version: number, migrate?: (value: unknown, from: number) => { total: number }) {
  return log.source<string>("clicks").pipe(
    keyedReduce({
      name: "counts",
      key: (user) => user,
      initial: { total: 0 },
      reduce: ({ total }) => ({ total: total + 1 }),
      version,
      migrate,
    }),
    map(({ key, value }) => ({ key, value: value.total })),
    log.sink("counts"),
  );
}

Deno.test("a state of an older version is migrated, and refused where there is no migrate or the program is older", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = memory();
  const options = { name: "clicks", state: kv };
  log.append("clicks", clicks("ada", "ada", "bob"));
  await runOnce(counting(log), options, () => first(log.source("counts"), 3));

  assertMatch(
    await refusal(versioned(log, 2), options),
    /^Cannot open the state of keyedReduce "counts": its values have version 1, the program has version 2 and no migrate function/,
  );
  log.append("clicks", clicks("ada"));
  const from: number[] = [];
  const migrated = versioned(log, 2, (value, version) => {
    from.push(version);
    return { total: value as number };
  });
  await runOnce(migrated, options, () => first(log.source("counts"), 4));
  assertEquals(from, [1, 1]);
  // Migrated once for all: it is stored in its new form.
  log.append("clicks", clicks("bob"));
  await runOnce(migrated, options, () => first(log.source("counts"), 5));
  assertEquals(from, [1, 1]);
  assertCounted(log.read<Count>("counts"), ["ada", "ada", "bob", "ada", "bob"]);

  assertMatch(
    await refusal(counting(log), options),
    /its values have version 2, the program has version 1\. Run the newer program/,
  );
});

Deno.test("an input with another number of partitions than before is refused, with the cures", async () => {
  using kv = await Deno.openKv(":memory:");
  const [before, after] = [memory(), memory()];
  before.create("clicks", { partitions: 2 });
  after.create("clicks", { partitions: 3 });
  before.append("clicks", clicks("ada"));
  const options = { name: "clicks", state: kv };
  await runOnce(counting(before), options, () => first(before.source("counts"), 1));
  assertEquals(
    await refusal(counting(after), options),
    "Cannot run job clicks: topic clicks had 2 partitions when the job was made and has 3 now, so keys have moved between its tasks. " +
      "Bring the records into a topic with 2 partitions, or start the job under a new name, which reads its input anew",
  );
});

Deno.test('a job that was made with tasks: "single" is not run with a task for each partition', async () => {
  using kv = await Deno.openKv(":memory:");
  const log = memory();
  log.append("clicks", clicks("ada"));
  const options = { name: "clicks", state: kv };
  await runOnce(counting(log), { ...options, tasks: "single" }, () => first(log.source("counts"), 1));
  assertEquals(
    await refusal(counting(log), options),
    'Cannot run job clicks: its state is kept with tasks: "single", and it was started with tasks: "perPartition". ' +
      "Start it as before, or under a new name, which reads its input anew",
  );
});

Deno.test("a topic that is missing is named, with where it was looked for", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = embeddedLog(kv);
  await log.create("clicks", { partitions: 1 });
  const options = { name: "clicks", state: kv };
  assertEquals(
    await refusal(counting(log), options),
    `Cannot write to topic "counts": there is no such topic on ${log.id}`,
  );
  assertEquals(
    await refusal(log.source("nothing").pipe(log.sink("clicks")), options),
    `Cannot read topic "nothing": there is no such topic on ${log.id}`,
  );
});

Deno.test("an embedded log on another KV than the job's is refused, and the right way is shown", async () => {
  using one = await Deno.openKv(":memory:");
  using two = await Deno.openKv(":memory:");
  const log = embeddedLog(one);
  await log.create("clicks");
  await log.create("counts");
  for (const state of [two, ":memory:"]) {
    const why = await refusal(counting(log), { name: "clicks", state });
    assertMatch(why, /^The job "clicks" cannot use this embedded log, because the log is not on the job's own KV/);
    assertStringIncludes(why, "embeddedLog(kv) and run(pipeline, { state: kv })");
  }
});

Deno.test("a second process on an embedded log is told who has it; after a kill -9 the log is free", async () => {
  await using folder = await scratch();
  const path = folder.path("log.db");
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-lock", "--config=.deno.test.json", "tests/support/hold_job.ts", path],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const said = lines(child.stdout);
  assertEquals((await said.next()).value, "running");

  using kv = await Deno.openKv(path);
  const log = embeddedLog(kv, { path });
  const pipeline = log.source("visits").pipe(log.sink("mine"));
  assertEquals(
    await refusal(pipeline, { name: "second", state: kv }),
    `Job second cannot run on ${path}: the embedded log has one process at a time, and process ${child.pid}, which runs the job ` +
      `"holder" has it`,
  );

  child.kill("SIGKILL");
  await child.status;
  await said.return();
  await log.create("mine", { partitions: 1 });
  await log.append("visits", [{ value: "hello" }]);
  await runOnce(pipeline, { name: "second", state: kv }, () => first(log.source("mine"), 1));
});

Deno.test("two jobs in one process may use one embedded log", async () => {
  await using folder = await scratch();
  const path = folder.path("log.db");
  using kv = await Deno.openKv(path);
  const log = embeddedLog(kv, { path });
  for (const topic of ["clicks", "one", "two"]) await log.create(topic, { partitions: 2 });
  await log.append("clicks", clicks("ada", "bob"));
  const one = await run(log.source("clicks").pipe(log.sink("one")), { name: "one", state: kv, ...silent });
  const two = await run(log.source("clicks").pipe(log.sink("two")), { name: "two", state: kv, ...silent });
  await Promise.all([first(log.source("one"), 2, one), first(log.source("two"), 2, two)]);
  await one.stop();
  await log.append("clicks", clicks("eve"));
  await first(log.source("two"), 3, two);
  await two.stop();
});

Deno.test("a job that already runs in this process is not run again beside itself on an embedded log", async () => {
  await using folder = await scratch();
  const path = folder.path("log.db");
  using kv = await Deno.openKv(path);
  const log = embeddedLog(kv, { path });
  await log.create("clicks");
  await log.create("counts");
  await using _job = await run(counting(log), { name: "clicks", state: kv, ...silent });
  assertMatch(
    await refusal(counting(log), { name: "clicks", state: kv }),
    /^Job clicks cannot run on .*: it runs in this process already$/,
  );
});

/** A log whose job stands at offset 1, and whose records up to somewhere behind it are gone. */
async function forgetful(kv: Deno.Kv): Promise<{ log: EmbeddedLog; earliest: number; latest: number }> {
  const log = embeddedLog(kv);
  await log.create("clicks", { partitions: 1, retentionBytes: 200_000 });
  await log.create("copies", { partitions: 1 });
  await log.append("clicks", [{ value: "first" }]);
  await runOnce(copying(log), { name: "clicks", state: kv }, () => first(log.source("copies"), 1));
  for (let n = 0; n < 12; n++) await log.append("clicks", [{ value: `${n} `.repeat(20_000) }]);
  const [{ earliest, latest }] = await log.bounds("clicks");
  assert(earliest > 1 && latest === 13, `retention has left ${earliest} to ${latest}`);
  return { log, earliest, latest };
}

/** The first words of what comes. */
function copying(log: EmbeddedLog): Observable<unknown> {
  return log.source<string>("clicks", { tombstones: "refuse" }).pipe(
    map((text) => text.slice(0, 5)),
    log.sink("copies"),
  );
}

Deno.test("input that retention has deleted stops the job, with both offsets and the cures", async () => {
  using kv = await Deno.openKv(":memory:");
  const { log, earliest } = await forgetful(kv);
  assertEquals(
    await refusal(copying(log), { name: "clicks", state: kv }),
    `Cannot read clicks/0@1, where the job's checkpoint goes on: it was deleted, the first record there is ${earliest}. ` +
      `Start the job with onMissing: "skip" to go on at ${earliest} and count what is missing, or with reset to process the input anew`,
  );
});

Deno.test('input that retention has deleted is passed over with onMissing: "skip", counted and told', async () => {
  using kv = await Deno.openKv(":memory:");
  const { log, earliest, latest } = await forgetful(kv);
  const said = new Lines();
  const job = await run(copying(log), { name: "clicks", state: kv, onMissing: "skip", log: said.log });
  const copies = await first(log.source("copies"), 1 + latest - earliest, job);
  await job.stop();
  assertEquals(copies[1], `${earliest - 1} `.repeat(5).slice(0, 5));
  assertEquals(job.metrics.snapshot().missing, earliest - 1);
  assertEquals(job.metrics.snapshot().records_in, 1 + latest - earliest);
  assertMatch(said.find(/is gone/)!, new RegExp(`^Job clicks: clicks/0@1 is gone .*; reading goes on at ${earliest}$`));

  // Nothing more is missing, and the count is not forgotten.
  const again = await run(copying(log), { name: "clicks", state: kv, ...silent });
  await log.append("clicks", [{ value: "last" }]);
  await first(log.source("copies"), 2 + latest - earliest, again);
  await again.stop();
  assertEquals(again.metrics.snapshot().missing, earliest - 1);
});

Deno.test("a topic that was made anew stops the job: it ends before the checkpoint", async () => {
  using kv = await Deno.openKv(":memory:");
  const [before, after] = [memory(), memory()];
  before.append("clicks", clicks("ada", "bob"));
  after.append("clicks", clicks("ada"));
  const options = { name: "clicks", state: kv };
  await runOnce(counting(before), options, () => first(before.source("counts"), 2));
  assertMatch(
    await refusal(counting(after), options),
    /^Cannot read clicks\/0@2, where the job's checkpoint goes on: the topic ends at 1, so it was made anew or cut off\. Start the job with /,
  );
});
