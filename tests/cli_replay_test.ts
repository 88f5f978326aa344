/** Dead letters are sent again from the command line: once, with the job stopped or running. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { dashboard } from "@tidemark/streams/dashboard";
import { scratch, untilCommitted } from "./support/jobs.ts";
import { command, documentOf, makeVisits, startVisits, stoppedVisits } from "./support/terminal.ts";

const LETTER = "visits_dead/1@0";

/** The records of a topic. */
async function recordsOf(state: string, topic: string): Promise<Record<string, unknown>[]> {
  const { out } = await command(["tail", topic, "--from", "earliest", "--json", "--state", state]);
  return out.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

describe("dead-letters replay", () => {
  it("sends the record of a dead letter to where it came from, once, while the job is stopped", async () => {
    await using folder = await scratch();
    const state = folder.path("state.db");
    await stoppedVisits(state);
    const words = ["dead-letters", "shop", "replay", LETTER, "--state", state];
    const dry = await command([...words, "--dry-run"]);
    assertEquals([dry.code, dry.out], [0, `would send ${LETTER} again\n`]);
    assertEquals((await command(words)).code, 2);
    const refused = await command(words, { answer: false });
    assertEquals(refused.code, 1);
    assertEquals((await recordsOf(state, "visits")).length, 6);

    const { code, out } = await command(words, { answer: true });
    assertEquals([code, out], [
      0,
      `${LETTER} was sent to visits/0 again. It is there once: the record and its mark were written in one atomic\n`,
    ]);
    const again = await command([...words, "--yes"]);
    assertEquals(again.code, 1);
    assertMatch(again.err, /^Cannot replay visits_dead\/1@0: it was sent again at .*Z to visits\/0\n$/);
    const records = await recordsOf(state, "visits");
    assertEquals(records.length, 7);
    const sent = records.find(({ headers }) => JSON.stringify(headers).includes("tidemark.replayed"));
    assertEquals([sent?.value, sent?.key, sent?.headers], [
      JSON.stringify({ wrong: "\u001b[31mred" }),
      "ada",
      [["tidemark.replayed", LETTER]],
    ]);
    const [letter] = await documentOf<{ replayed: { to: string; state: string } }[]>([
      "dead-letters",
      "shop",
      "--state",
      state,
    ]);
    assertEquals([letter.replayed.to, letter.replayed.state], ["visits/0", "done"]);
  });

  it("sends all with one reason, and nothing where none is left", async () => {
    await using folder = await scratch();
    const state = folder.path("state.db");
    await stoppedVisits(state);
    const words = ["dead-letters", "shop", "replay", "--reason", "no text", "--state", state, "--yes"];
    const nothing = await command(["dead-letters", "shop", "replay", "--state", state, "--yes"]);
    assertEquals(nothing.code, 2);
    assertStringIncludes(nothing.err, "replay needs a position");
    const dry = await documentOf<{ would: number }>([...words, "--dry-run"]);
    assertEquals(dry.would, 1);
    const first = await documentOf<{ replayed: number }>(words);
    assertEquals(first.replayed, 1);
    const second = await documentOf<{ would: number; replayed: number }>(words);
    assertEquals([second.would, second.replayed], [0, 0]);
    assertEquals((await recordsOf(state, "visits")).length, 7);
  });

  it("asks the page that the worker has told, and stops at one that dies again", async () => {
    await using folder = await scratch();
    const state = folder.path("state.db");
    await makeVisits(state);
    await using started = await startVisits(state);
    await using _page = await dashboard(started.job, { port: 0, log: () => {} });
    await untilCommitted(started.job, 6);
    const words = ["dead-letters", "shop", "replay", "--state", state, "--yes"];
    const one = await command([...words, LETTER]);
    assertEquals([one.code, one.err], [0, ""]);
    assertMatch(one.out, /^visits_dead\/1@0 was sent to visits\/0 again/);
    // It dies again, since the program is the same.
    const letters = ["dead-letters", "shop", "--state", state];
    while ((await documentOf<unknown[]>(letters)).length < 2);
    const all = await command([...words, "--reason", "no text"]);
    assertEquals(all.code, 1);
    assertStringIncludes(all.err, "One has died again, so nothing more was sent: user is no text");
  });

  it("is refused while a worker has the file and no page", async () => {
    await using folder = await scratch();
    const state = folder.path("state.db");
    await stoppedVisits(state);
    await using _started = await startVisits(state);
    const { code, err } = await command(["dead-letters", "shop", "replay", LETTER, "--state", state, "--yes"]);
    assertEquals(code, 1);
    assertMatch(
      err,
      /^Cannot replay for job shop: .* is held by process \d+, which runs the job "shop"\. Stop it first\n$/,
    );
  });
});
