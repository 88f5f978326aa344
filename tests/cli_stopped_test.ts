/** The command line on a job that is stopped: everything is in its state. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { command, documentOf, HOSTILE, NOON, stoppedVisits } from "./support/terminal.ts";
import { scratch } from "./support/jobs.ts";

/** Characters that a terminal obeys, or that turn text around. */
// deno-lint-ignore no-control-regex
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/;

describe("the command line on a stopped job", () => {
  let folder: Awaited<ReturnType<typeof scratch>>, state: string;

  beforeAll(async () => {
    folder = await scratch();
    state = folder.path("state.db");
    await stoppedVisits(state);
  });
  afterAll(async () => await folder[Symbol.asyncDispose]());

  it("lists the jobs of the state", async () => {
    const [shop, ...others] = await documentOf<Record<string, unknown>[]>(["jobs", "--state", state]);
    assertEquals(others, []);
    const { job, tasks, records_in, outputs, dead_letters } = shop;
    assertEquals({ job, tasks, records_in, outputs, dead_letters }, {
      ...{ job: "shop", tasks: 2, records_in: 6, dead_letters: 1, outputs: { totals: 5, activity: 3 } },
    });
    const { code, out } = await command(["jobs", "--state", state]);
    assertEquals(code, 0);
    assertMatch(out, /^JOB +STATE +TASKS +RECORDS +RESULTS +LATE +DEAD +EPOCHS +LAST COMMIT\nshop +/);
  });

  it("inspects heads, offsets with their lag, and states", async () => {
    interface Inspected {
      readonly from: string;
      readonly offsets: {
        readonly topic: string;
        readonly position: number;
        readonly end: number;
        readonly lag: number;
      }[];
      readonly states: { readonly name: string; readonly windows: boolean; readonly tasks: number }[];
      readonly tasks: { readonly epoch: number; readonly visible: number }[];
    }
    const { from, offsets, states, tasks } = await documentOf<Inspected>(["inspect", "shop", "--state", state]);
    assertEquals(from, "state");
    assertEquals(offsets.map(({ topic, lag }) => [topic, lag]), [["visits", 0], ["visits", 0]]);
    assertEquals(offsets.reduce((sum, { position }) => sum + position, 0), 6);
    assertEquals(states.map(({ name, windows, tasks }) => [name, windows, tasks]).sort(), [
      ["activity", true, 2],
      ["totals", false, 2],
    ]);
    assert(tasks.every(({ epoch, visible }) => epoch === visible));
    const { out } = await command(["inspect", "shop", "--state", state]);
    for (const word of ["TASK", "visits/1", "totals", "key and window", "watermark visits"]) {
      assertStringIncludes(out, word);
    }
  });

  it("says why results have not come, in the engine's words", async () => {
    const { out } = await command(["why", "shop", "activity", "--state", state]);
    assertMatch(out, /^tasks 0 and 1 (are|were last) with .*; the watermark of task \d is /);
    interface Why {
      readonly explanations: { readonly reason: string; readonly sentence: string }[];
    }
    const { explanations } = await documentOf<Why>(["why", "shop", "--state", state]);
    assertEquals(explanations.map(({ reason }) => reason), ["elsewhere"]);
  });

  it("refuses a stage that the job does not have, and names the one that was meant", async () => {
    const { code, err } = await command(["why", "shop", "activty", "--state", state]);
    assertEquals(code, 2);
    assertStringIncludes(err, 'Job shop has no stage "activty" that keeps state; it has ');
    assertStringIncludes(err, "Did you mean activity?");
  });

  it("watches as many lines as it is asked for", async () => {
    const { code, out } = await command(["watch", "shop", "--limit", "1", "--state", state]);
    assertEquals(code, 0);
    assertMatch(
      out,
      /^\d{4}-.*Z {2}(running|stopped) · 6 in \(0\/s\) · 8 out · epoch \d+ · 1 dead · visits .* behind\n$/,
    );
    const { records_in } = await documentOf<{ records_in: number }>([
      "watch",
      "shop",
      "--limit",
      "1",
      "--state",
      state,
    ]);
    assertEquals(records_in, 6);
  });

  it("looks up a key, and lists the keys of a state", async () => {
    assertEquals((await command(["state", "shop", "totals", "ada", "--state", state])).out, "2\n");
    interface Cells {
      readonly cells: { readonly key: string; readonly window?: string; readonly value: unknown }[];
      readonly more: boolean;
    }
    const { cells, more } = await documentOf<Cells>(["state", "shop", "totals", "--state", state]);
    assertEquals(more, false);
    assertEquals(Object.fromEntries(cells.map(({ key, value }) => [key, value])), { ada: 2, bob: 2, [HOSTILE]: 1 });
    const some = await command(["state", "shop", "totals", "--limit", "1", "--state", state]);
    assertMatch(some.err, /There is more/);
    const windows = await documentOf<Cells>(["state", "shop", "activity", "--state", state]);
    for (const { window } of windows.cells) assert(Date.parse(window!) >= NOON, window);
  });

  it("says when a key or a state is not there", async () => {
    const key = await command(["state", "shop", "totals", "nobody", "--state", state]);
    assertEquals([key.code, key.out, key.err], [1, "", "State totals of job shop has no value for the key nobody\n"]);
    const name = await command(["state", "shop", "total", "--state", state]);
    assertEquals(name.code, 2);
    assertStringIncludes(name.err, "Did you mean totals?");
    const job = await command(["inspect", "shopp", "--state", state]);
    assertEquals(job.code, 1);
    assertMatch(job.err, /^Cannot look at job shopp: it was never started on .*, which has shop\n$/);
  });

  it("lists topics, and tails one from the end, from the beginning, from a time and from an offset", async () => {
    const topics = await documentOf<{ topic: string; partitions: number; records: number }[]>([
      "topics",
      "--state",
      state,
    ]);
    assertEquals(topics.map(({ topic, partitions, records }) => [topic, partitions, records]), [
      ["activity", 2, 3],
      ["totals", 2, 5],
      ["visits", 2, 6],
      ["visits_dead", 2, 1],
    ]);
    const tailed = async (...flags: string[]) => {
      const { code, out } = await command(["tail", "visits", "--state", state, "--json", ...flags]);
      assertEquals(code, 0);
      return out.trimEnd().split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
    };
    assertEquals((await tailed("--last", "2")).map(({ timestamp }) => Date.parse(timestamp) - NOON), [76_000, 77_000]);
    assertEquals((await tailed("--from", "earliest")).length, 6);
    assertEquals((await tailed("--from", "latest")).length, 0);
    assertEquals((await tailed("--from", "2026-01-05T12:01:16Z")).map(({ key }) => key), ["ada", "bob"]);
    assertEquals((await tailed("--from", "earliest", "--limit", "3")).length, 3);
    assertEquals((await tailed("--from", "1", "--partition", "1")).map(({ offset }) => offset), [1, 2]);
  });

  it("lets no control character of a key or value through, and loses none in JSON", async () => {
    for (const args of [["tail", "visits"], ["state", "shop", "totals"], ["dead-letters", "shop"]]) {
      const { out } = await command([...args, "--state", state]);
      assertEquals(CONTROLS.exec(out), null, args.join(" "));
      const json = await command([...args, "--state", state, "--json"]);
      assertEquals(CONTROLS.exec(json.out), null, args.join(" "));
    }
    assertStringIncludes((await command(["tail", "visits", "--state", state])).out, "eve[31m2J row");
    const { out } = await command(["tail", "visits", "--state", state, "--json"]);
    assert(out.split("\n").filter(Boolean).some((line) => JSON.parse(line).key === HOSTILE));
  });

  it("lists and shows dead letters", async () => {
    const letters = await documentOf<Record<string, unknown>[]>(["dead-letters", "shop", "--state", state]);
    assertEquals(letters.length, 1);
    const { topic, partition, offset, reason, source, value } = letters[0];
    assertEquals([topic, value], ["visits_dead", JSON.stringify({ wrong: "\u001b[31mred" })]);
    assertMatch(String(reason), /user is no text/);
    assertMatch(String(source), /^visits\/\d@\d$/);
    const position = `${topic}/${partition}@${offset}`;
    const shown = await command(["dead-letters", "shop", "show", position, "--state", state]);
    assertStringIncludes(shown.out, `position  ${position}`);
    assertStringIncludes(shown.out, `from      ${source}`);
    const none = await command(["dead-letters", "shop", "show", "visits_dead/0@999", "--state", state]);
    assertEquals([none.code, none.err], [1, "There is no record at visits_dead/0@999\n"]);
    const other = await documentOf(["dead-letters", "shop", "--reason", "something else", "--state", state]);
    assertEquals(other, []);
  });

  it("reports without keys and values", async () => {
    const { code, out } = await command(["report", "shop", "--state", state]);
    assertEquals(code, 0);
    assertMatch(out, /^# Job shop: /);
    for (const word of ["deno 2.", "## Why", '"records_in": 6']) assertStringIncludes(out, word);
    for (const word of ["ada", "bob", "[31m"]) assert(!out.includes(word), word);
  });

  it("doctors what is well", async () => {
    interface Findings {
      readonly ok: boolean;
      readonly findings: { readonly check: string; readonly result: string; readonly found: string }[];
    }
    const { ok, findings } = await documentOf<Findings>(["doctor", "--state", state]);
    assertEquals(ok, true);
    assertEquals(findings.find(({ check }) => check === "input visits of shop")?.found, "2 partitions, lag 0");
  });
});
