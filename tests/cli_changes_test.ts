/** The commands that change something: produce, reset. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { acquireLock } from "../state/file_lock.ts";
import { scratch, untilCommitted } from "./support/jobs.ts";
import { command, documentOf, makeVisits, NOON, startVisits, stoppedVisits } from "./support/terminal.ts";

describe("produce", () => {
  it("adds the lines of a file or of stdin, with a key from a field", async () => {
    await using folder = await scratch();
    const state = folder.path("state.db");
    await makeVisits(state);
    const lines = [1, 2, 3].map((user) => JSON.stringify({ user: `user ${user}`, at: NOON })).join("\n") + "\n\n";
    await Deno.writeTextFile(folder.path("visits.jsonl"), lines);
    const words = ["produce", "visits", folder.path("visits.jsonl"), "--key", "user", "--state", state];
    const dry = await command([...words, "--dry-run"]);
    assertEquals([dry.code, dry.out], [0, "would add 3 records to visits\n"]);
    const { code, out } = await command(words);
    assertEquals([code, out], [0, "added 3 records to visits\n"]);
    await command(["produce", "visits", "-", "--state", state], { input: "no JSON" });
    const { out: tailed } = await command(["tail", "visits", "--last", "4", "--json", "--state", state]);
    const records = tailed.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(records.map(({ key }) => key).sort(), [null, "user 1", "user 2", "user 3"].sort());
    assertEquals(records.find(({ key }) => key === null).value, "no JSON");
  });

  it("takes back what tail --json prints: keys, values, headers and times", async () => {
    await using folder = await scratch();
    const state = folder.path("state.db");
    await stoppedVisits(state);
    const read = async (topic: string) => {
      const { out } = await command(["tail", topic, "--from", "earliest", "--json", "--state", state]);
      return out.trim().split("\n").map((line) => JSON.parse(line));
    };
    const before = await read("visits_dead");
    const { out } = await command(["tail", "visits_dead", "--from", "earliest", "--json", "--state", state]);
    const done = await command(["produce", "activity", "-", "--records", "--state", state], { input: out });
    assertEquals([done.code, done.err], [0, ""]);
    const after = (await read("activity")).filter(({ headers }) => headers.length > 1);
    assertEquals(after.length, 1);
    const bare = (records: Record<string, unknown>[]) =>
      records.map(({ topic: _topic, partition: _partition, offset: _offset, ...rest }) => rest);
    assertEquals(bare(after), bare(before));
  });

  it("names the line that is wrong, and leaves the file to a worker that has it", async () => {
    await using folder = await scratch();
    const state = folder.path("state.db");
    await makeVisits(state);
    const wrong = await command(["produce", "visits", "-", "--key", "user", "--state", state], { input: "{}\n" });
    assertEquals([wrong.code, wrong.err], [1, 'Cannot add - line 1: it has no text or number in the field "user"\n']);
    const missing = await command(["produce", "vists", "-", "--state", state], { input: "1\n" });
    assertEquals(missing.code, 1);
    assertStringIncludes(missing.err, 'The topic "vists" does not exist');
    await using _running = await startVisits(state);
    const { code, err } = await command(["produce", "visits", "-", "--state", state], { input: "{}\n" });
    assertEquals(code, 1);
    assertMatch(
      err,
      /^Cannot add to visits: .*state\.db is held by process \d+, which runs the job "shop"\. Stop it first\n$/,
    );
  });
});

describe("reset", () => {
  interface Reset {
    readonly asked: boolean;
    readonly to: unknown;
    readonly starts: { readonly topic: string; readonly partition: number; readonly to: number }[];
    readonly forgets: string[];
  }

  it("shows what it would do, asks, and lets the next start do it", async () => {
    await using folder = await scratch();
    const state = folder.path("state.db");
    await stoppedVisits(state);
    const words = ["reset", "shop", "--to", "2026-01-05T12:01:15Z", "--state", state];
    const dry = await documentOf<Reset>([...words, "--dry-run"]);
    assertEquals([dry.asked, dry.to], [false, NOON + 75_000]);
    assertEquals(dry.starts.map(({ partition, to }) => [partition, to]), [[0, 1], [1, 2]]);
    assertEquals(dry.forgets.sort(), ["activity", "totals"]);

    const refused = await command(words, { answer: false });
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.err, "Reset job shop?");
    assertStringIncludes(refused.err, "Nothing was changed.");
    const { code, out, err } = await command(words, { answer: true });
    assertEquals([code, out], [0, "Job shop is reset by its next start.\n"]);
    assertStringIncludes(err, "visits/0  from 1 (now at 3)");
    assertStringIncludes((await command(["inspect", "shop", "--state", state])).out, "a reset is asked for");

    await using started = await startVisits(state, { until: "end" });
    await started.job.finished;
    assertEquals([...started.job.state("totals").cells()].map(({ key, value }) => [key, value]).sort(), [
      ["ada", 1],
      ["bob", 1],
    ]);
  });

  it("takes offsets for all partitions of a topic, and asks nobody with --yes", async () => {
    await using folder = await scratch();
    const state = folder.path("state.db");
    await stoppedVisits(state);
    const words = ["reset", "shop", "--yes", "--state", state, "--to"];
    const some = await command([...words, "visits/0@2"]);
    assertEquals(some.code, 2);
    assertStringIncludes(some.err, "--to names some partitions of visits and not 1");
    const far = await command([...words, "visits/0@2,visits/1@9"]);
    assertEquals(far.code, 2);
    assertStringIncludes(far.err, "visits/1 has the offsets 0 to 3, current value is 9");
    assertEquals((await command([...words, "visits/0@2,visits/1@3"])).code, 0);
    await using started = await startVisits(state, { until: "end" });
    await started.job.finished;
    // The record that is no visit is all that is left.
    assertEquals(started.job.metrics.snapshot().records_in, 1);
    assertEquals([...started.job.state("totals").cells()], []);
  });

  it("needs a terminal or --yes, a place to read from, and a job that is stopped", async () => {
    await using folder = await scratch();
    const state = folder.path("state.db");
    await stoppedVisits(state);
    for (const flags of [[], ["--no-input"]]) {
      const silent = await command(["reset", "shop", "--to", "earliest", "--state", state, ...flags]);
      assertEquals(silent.code, 2);
      assertMatch(silent.err, /Nobody can be asked "Reset job shop\?" here: give --yes/);
    }
    const nowhere = await command(["reset", "shop", "--state", state]);
    assertEquals([nowhere.code, nowhere.out], [2, ""]);
    assertStringIncludes(nowhere.err, "reset needs --to");
    assertEquals((await command(["reset", "shop", "--to", "yesterday", "--state", state])).code, 2);

    await using _running = await startVisits(state);
    const { code, err } = await command(["reset", "shop", "--to", "earliest", "--yes", "--state", state]);
    assertEquals(code, 1);
    assertMatch(
      err,
      /^Cannot reset job shop: .*state\.db is held by process \d+, which runs the job "shop"\. Stop it first\n$/,
    );
  });

  it("is refused while a worker beside the file has a slot of the job", async () => {
    await using folder = await scratch();
    const state = folder.path("state.db");
    await stoppedVisits(state);
    const slot = await acquireLock(`${state}.shop.worker-0`, { job: "shop" });
    assert(slot.heldBy === undefined);
    const words = ["reset", "shop", "--to", "earliest", "--yes", "--state", state];
    const { code, err } = await command(words);
    assertEquals(code, 1);
    assertStringIncludes(err, "state.db.shop.worker-0 is held by process ");
    slot.release();
    assertEquals((await command(words)).code, 0);
  });
});

describe("the command line while a worker has the file", () => {
  it("reads on: jobs, inspect, why, state, topics, and tail with what comes", async () => {
    await using folder = await scratch();
    const state = folder.path("state.db");
    await makeVisits(state);
    await using started = await startVisits(state);
    await untilCommitted(started.job, 6);
    const [shop] = await documentOf<{ state: string; records_in: number }[]>(["jobs", "--state", state]);
    assertEquals([shop.state, shop.records_in], ["running", 6]);
    for (const words of [["inspect", "shop"], ["why", "shop"], ["topics"], ["report", "shop"], ["doctor"]]) {
      const { code, err } = await command([...words, "--state", state]);
      assertEquals([code, err], [0, ""], words.join(" "));
    }
    assertEquals((await command(["state", "shop", "totals", "ada", "--state", state])).out, "2\n");

    const { promise: six, resolve } = Promise.withResolvers<void>();
    let seen = 0;
    const tailing = command(["tail", "visits", "--follow", "--limit", "7", "--state", state], {
      said: () => {
        if (++seen === 6) resolve();
      },
    });
    await six;
    await started.log.append("visits", [{ key: "new", value: { user: "new", at: NOON + 80_000 } }]);
    const { code, out } = await tailing;
    assertEquals(code, 0);
    assertEquals(out.trimEnd().split("\n").length, 7);
    assertStringIncludes(out, '{"user":"new"');
  });
});
