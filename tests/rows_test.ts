/** Rows that are no records: a table, which has no partitions, is written by a job through an encoder of its own. */
import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { deadLetter, keyedReduce, memory, run, type RunOptions } from "@tidemark/streams";
import type { ConnectionContext, MemoryLog } from "@tidemark/streams/connectors";
import { header } from "./support/jobs.ts";
import { MOST, type Table, tableOf } from "./support/table.ts";

/** Words in a topic of two partitions, by the word. */
function wordsOf(...words: string[]): MemoryLog {
  const log = memory();
  log.create("words", { partitions: 2 });
  log.append("words", words.map((word) => ({ value: word, key: word })));
  log.end("words");
  return log;
}

/** Counts words into the table and a topic, to the end. */
async function count(log: MemoryLog, table: Table, options: Partial<RunOptions> & Pick<RunOptions, "state">) {
  const pipeline = log.source<string>("words", { tombstones: "refuse" }).pipe(
    keyedReduce({ name: "counts", key: (word) => word, initial: 0, reduce: (total) => total + 1 }),
    table.sink({ key: ({ key }) => key, value: ({ value, key }) => ({ value, key }) }),
    log.sink("counts", { key: ({ key }) => key }),
  );
  await using job = await run(pipeline, { name: "job", log: () => {}, ...options });
  assertEquals(await job.finished, { reason: "finished" });
  return job.metrics.snapshot();
}

async function rowsOf(kv: Deno.Kv, name: string): Promise<Record<string, unknown>> {
  const rows: Record<string, unknown> = {};
  for await (const { key, value } of kv.list({ prefix: [name] })) rows[String(key[1])] = value;
  return rows;
}

describe("a table", () => {
  it("gets its rows with the epochs of a job, beside a topic", async () => {
    using kv = await Deno.openKv(":memory:");
    const table = tableOf("totals");
    const log = wordsOf("a", "b", "a", "c", "a");
    const { outputs } = await count(log, table, { state: kv });
    assertEquals(await rowsOf(kv, "totals"), {
      a: { value: 3, key: "a" },
      b: { value: 1, key: "b" },
      c: { value: 1, key: "c" },
    });
    assertEquals(outputs, { totals: 5, counts: 5 });
    assertEquals(table.commits.reduce((sum, rows) => sum + rows), 5);
    assertEquals(log.read("counts").length, 5);
  });

  it("leaves a result that it refuses to the dead letters, with the reason and the place of its record", async () => {
    using kv = await Deno.openKv(":memory:");
    const table = tableOf("totals");
    const long = "x".repeat(MOST);
    const log = wordsOf("a", long, "a");
    const { dead_letters } = await count(log, table, { state: kv, onError: deadLetter(log.sink("dead")) });
    assertEquals(await rowsOf(kv, "totals"), { a: { value: 2, key: "a" } });
    const [letter, ...more] = log.records("dead");
    assertEquals([more.length, dead_letters, new TextDecoder().decode(letter.value!)], [0, 1, JSON.stringify(long)]);
    assertEquals(header(letter, "tidemark.reason"), `sink "totals": a row of 120 characters is larger than ${MOST}`);
    assertEquals(
      header(letter, "tidemark.source"),
      `words/${log.records("words").find((one) => one.value!.length > MOST)!.partition}@1`,
    );
    assertEquals(log.read("counts"), [{ key: "a", value: 1 }, { key: "a", value: 2 }]);
  });

  it("stops a job whose dead letters go to it, where it takes none", async () => {
    const table = tableOf("totals");
    const log = wordsOf("x".repeat(MOST));
    const onError = deadLetter(table.sink({ key: String, value: String }));
    await assertRejects(
      () => count(log, table, { state: ":memory:", onError }),
      Error,
      "a table takes no dead letters",
    );
  });

  it("cannot be written by a connector of topics", async () => {
    const log = wordsOf("a");
    const table = tableOf("totals");
    Object.assign(table.connector, { open: (context: ConnectionContext) => log.open(context) });
    await assertRejects(() => count(log, table, { state: ":memory:" }), TypeError, 'Sink "totals" writes a table');
  });
});
