import { headerOf } from "../connectors/headers.ts";
import { assert, assertEquals, assertGreater, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { type EmbeddedLog, embeddedLog } from "@tidemark/streams";
import { trafficKey } from "../examples/recommendations/generate.ts";
import type { Traffic } from "../examples/recommendations/traffic.ts";
import { Program, runProgram, type Summary, summaryOf, written } from "./support/shop/program.ts";
import { assertTable, assertTruth, type Row, type Truth, truthOf } from "./support/shop/truth.ts";

const EVENTS = 10_000;
const INPUT = "user_events";

/** A state of its own for a test. */
async function scratch(): Promise<{ state: string } & AsyncDisposable> {
  const folder = await Deno.makeTempDir({ prefix: "tidemark-main-" });
  return {
    state: `${folder}/state.db`,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function rowsOf(log: EmbeddedLog, topic: string): Promise<Row[]> {
  const decoder = new TextDecoder();
  const text = (bytes: Uint8Array | null | undefined) => bytes ? decoder.decode(bytes) : undefined;
  const rows: Row[] = [];
  for await (const { key, value, headers } of log.read(topic)) {
    const [reason, source] = ["tidemark.reason", "tidemark.source"].map((name) => text(headerOf(headers, name)));
    rows.push({ key: text(key) ?? null, value: JSON.parse(text(value)!), reason, source });
  }
  return rows;
}

/** Holds everything in the log to the truth of its traffic, and returns that. */
async function assertLogIsTrue(state: string, events = EVENTS): Promise<Truth> {
  using kv = await Deno.openKv(state);
  const log = embeddedLog(kv);
  const { value: traffic } = await kv.get<Traffic>(trafficKey(INPUT));
  const truth = truthOf(traffic!, events, { topic: INPUT, partitions: 1 });
  assertEquals((await rowsOf(log, INPUT)).map(({ value }) => value), truth.input.flat());
  assertTruth({
    counts: await rowsOf(log, "user_recommendations"),
    activity: await rowsOf(log, "user_activity"),
    late: await rowsOf(log, "user_events_late"),
  }, truth);
  assertEquals(await rowsOf(log, "user_events_dead"), []);
  await assertTable(kv, truth);
  return truth;
}

/** How many results went to topics. */
function toTopics({ outputs }: Summary): Record<string, number> {
  return Object.fromEntries(Object.entries(outputs).filter(([name]) => !name.startsWith("kv:")));
}

Deno.test("the program makes its traffic, counts all of it, fires every window and finishes", async () => {
  await using place = await scratch();
  const ended = await runProgram(["--state", place.state, "--events", String(EVENTS), "--json"]);
  const summary = summaryOf(ended);
  const truth = await assertLogIsTrue(place.state);
  assertGreater(truth.late.length, 0);
  assert(
    truth.activity.some(({ value }) => (value as { pane: string }).pane === "late"),
    "some windows were corrected",
  );
  assertEquals(summary.ended, "finished");
  assertEquals(summary.job, "recommendations");
  assertEquals(summary.records_in, EVENTS);
  assertEquals(toTopics(summary), {
    user_recommendations: EVENTS,
    user_activity: truth.activity.length,
    user_events_late: truth.late.length,
  });
  assertEquals(summary.late, truth.late.length);
  assertEquals(summary.dead_letters, 0);
  for (const name of ["epochs", "elapsed_ms", "records_per_second"] as const) assertGreater(summary[name], 0);
  for (const part of ["p50", "p95", "p99"] as const) {
    assertGreater(summary.commit_ms[part], 0);
    assertGreater(summary.latency_ms[part], 0);
  }
  assertGreater(summary.user!.recommendations.length, 0);
});

Deno.test("the program serves its page, says where it is, and ends when the page stops it", async () => {
  await using program = new Program(["--state", ":memory:", "--rate", "200", "--dashboard", "0", "--json"]);
  const line = await program.says(/its page is at/);
  const [url] = /http:\/\/127\.0\.0\.1:\d+\/$/.exec(line)!;
  const page = await fetch(url);
  assertStringIncludes(await page.text(), "<html");
  const about = await (await fetch(`${url}api/about`)).json();
  assertEquals([about.job, about.topics.read], ["recommendations", ["user_events"]]);
  const { origin } = new URL(url);
  const headers = { origin, "content-type": "application/json" };
  const stopped = await fetch(`${url}api/stop`, { method: "POST", headers, body: "{}" });
  assertEquals((await stopped.json()).stopped, true);
  assertEquals(summaryOf(await program.ended()).ended, "stopped");
});

Deno.test("a port of the page that is taken ends the program with exit code 1 and one sentence", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const { code, stderr } = await runProgram(["--state", ":memory:", "--dashboard", String(port)]);
  const last = stderr.at(-1);
  assertEquals([code, last], [
    1,
    `Cannot open the page: port ${port} is taken. Give another one, or 0 for any that is free.`,
  ]);
});

Deno.test("the program's traffic is the same for the same seed, whenever and wherever it runs", async () => {
  const totals = async (seed: string) => {
    const summary = summaryOf(await runProgram(["--state", ":memory:", "--events", "3000", "--seed", seed, "--json"]));
    return [summary.records_in, toTopics(summary), summary.late];
  };
  const first = await totals("5");
  assertEquals(await totals("5"), first);
  assertNotEquals(await totals("6"), first);
});

Deno.test("the program killed three times comes to the same totals, and started once more says that it is finished", async () => {
  await using place = await scratch();
  const flags = ["--state", place.state, "--events", String(EVENTS), "--json"];
  for (const [kill, times] of [4, 9, 16].entries()) {
    // Slow enough that it is surely killed on its way.
    await using program = new Program([...flags, "--rate", "2000"]);
    await program.says(kill === 0 ? /^Job recommendations: fresh/ : /^Job recommendations: restored/);
    await written(program, place.state, times);
    program.kill("SIGKILL");
    const { stdout } = await program.ended();
    assertEquals(stdout, []);
  }
  const last = summaryOf(await runProgram(flags));
  const truth = await assertLogIsTrue(place.state);
  assertGreater(truth.late.length, 0);
  assertEquals(last.records_in, EVENTS);
  assertEquals(toTopics(last), {
    user_recommendations: EVENTS,
    user_activity: truth.activity.length,
    user_events_late: truth.late.length,
  });

  const again = await runProgram(flags);
  assertStringIncludes(again.stderr.join("\n"), "Job recommendations is finished already");
  const { records_in, outputs, late, epochs } = summaryOf(again);
  assertEquals({ records_in, outputs, late, epochs }, {
    records_in: last.records_in,
    outputs: last.outputs,
    late: last.late,
    epochs: last.epochs,
  });
  await assertLogIsTrue(place.state);
});

Deno.test("a second process is told who has the log, and SIGTERM ends the first one so that it goes on later", async () => {
  await using place = await scratch();
  await using first = new Program(["--state", place.state, "--json"]);
  await first.says(/^Job recommendations: fresh/);

  const second = await runProgram(["--state", place.state, "--json"]);
  assertEquals([second.code, second.stdout, second.stderr.length], [1, [], 1]);
  assertStringIncludes(second.stderr[0], `process ${first.pid}, which runs the job "recommendations"`);

  await written(first, place.state, 5);
  first.kill("SIGTERM");
  const stopped = summaryOf(await first.ended());
  assertEquals(stopped.ended, "stopped");
  assertGreater(stopped.records_in, 0);

  const flags = ["--state", place.state, "--events", String(EVENTS)];
  const other = await runProgram([...flags, "--seed", "7"]);
  assertEquals(other.code, 1);
  assertStringIncludes(other.stderr.at(-1)!, "was begun with seed 1 and cannot go on with --seed 7");

  const finished = summaryOf(await runProgram([...flags, "--json"]));
  assertEquals([finished.ended, finished.records_in], ["finished", EVENTS]);
  await assertLogIsTrue(place.state);
});

Deno.test("a log that the first generator began goes on with its traffic, and that of a newer one is left alone", async () => {
  await using place = await scratch();
  const first: Traffic = { seed: 9, began: Date.now() - 3_600_000, perSecond: 200 };
  const store = async (traffic: Traffic) => {
    using kv = await Deno.openKv(place.state);
    await kv.set(trafficKey(INPUT), traffic);
  };
  const flags = ["--state", place.state, "--events", "2000", "--only", "counts", "--json"];
  await store({ ...first, version: 9 });
  const refused = await runProgram(flags);
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.stderr.at(-1)!, "was begun with version 9 of the generator, and this is version 2");

  await store(first);
  assertEquals(summaryOf(await runProgram(flags)).records_in, 2000);
  using kv = await Deno.openKv(place.state);
  const { input } = truthOf(first, 2000, { topic: INPUT, partitions: 1 });
  assertEquals((await rowsOf(embeddedLog(kv), INPUT)).map(({ value }) => value), input.flat());
});

Deno.test("the program's summary is a table for people, and --only leaves the other result out", async () => {
  const { code, stdout } = await runProgram(["--state", ":memory:", "--events", "100", "--only", "counts"]);
  assertEquals(code, 0);
  assertEquals(stdout[0], "Job recommendations: finished");
  const row = (name: string) => stdout.find((line) => line.trim().startsWith(name))?.trim().split(/ {2,}/)[1];
  assertEquals([row("records in"), row("to user_recommendations"), row("to user_activity")], ["100", "100", "0"]);
  assertEquals(row("for user"), undefined);
});

Deno.test("the program's summary names a user, what is recommended to them and why", async () => {
  const flags = ["--state", ":memory:", "--events", "5000", "--only", "recommendations"];
  const { code, stdout, stderr } = await runProgram(flags);
  assertEquals(code, 0, stderr.join("\n"));
  const told = stdout.find((line) => line.trim().startsWith("for user-"));
  assertMatch(told!, /^ {2}for user-\d+, after \d+ events +product-\d+, (because of product-\d+|which trends)$/);
});
