/** The command line on a real Kafka: topics, tail, produce, inspect, dead letters, reset, doctor. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { deadLetter, type Job, keyedReduce, run } from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import { scratch, until } from "./support/jobs.ts";
import { brokers, connect, createTopicWith, ignore } from "./support/kafka.ts";
import { freshTopic } from "./support/recording_reader.ts";
import { command, documentOf } from "./support/terminal.ts";

const at = ["--brokers", brokers.join(",")];

interface Names {
  readonly job: string;
  readonly input: string;
  readonly output: string;
  readonly dead: string;
}

async function topicsOfTest(): Promise<Names> {
  const names = { job: freshTopic(), input: freshTopic(), output: freshTopic(), dead: freshTopic() };
  const connection = await connect();
  for (const topic of [names.input, names.output, names.dead]) await connection.createTopic(topic, 2);
  await connection.close();
  return names;
}

/** Counts by user. What is no JSON is a dead letter. */
async function counting({ job, input, output, dead }: Names, state: string, until?: "end"): Promise<Job> {
  const broker = kafka({ brokers });
  const counts = broker.source<{ user: string }>(input, { tombstones: "refuse" }).pipe(
    keyedReduce({ name: "counts", key: ({ user }) => user, initial: 0, reduce: (total) => total + 1 }),
    broker.sink(output, { key: ({ key }) => key }),
  );
  return await run(counts, { name: job, state, until, onBadRecord: deadLetter(broker.sink(dead)), log: () => {} });
}

async function records(topic: string, ...flags: string[]): Promise<Record<string, unknown>[]> {
  const { code, out, err } = await command(["tail", topic, "--json", ...at, "--state", "none", ...flags]);
  assertEquals([code, err], [0, ""]);
  return out.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/** Three users, and a line that is no JSON. */
async function produceVisits(input: string): Promise<void> {
  const lines = ["ada", "bob", "ada", "eve"].map((user) => JSON.stringify({ user })).join("\n");
  const made = await command(["produce", input, "-", "--key", "user", ...at], { input: lines });
  assertEquals([made.code, made.out, made.err], [0, `added 4 records to ${input}\n`, ""]);
  const bad = await command(["produce", input, "-", ...at], { input: "no JSON" });
  assertEquals(bad.code, 0);
}

describe("the command line on Kafka", { ignore }, () => {
  it("lists topics, adds records in one transaction, and tails them from the end, the beginning and an offset", async () => {
    const { input } = await topicsOfTest();
    await produceVisits(input);
    const topics = await documentOf<{ topic: string; partitions: number }[]>(["topics", ...at]);
    assertEquals(topics.find(({ topic }) => topic === input)?.partitions, 2);
    assert(topics.every(({ topic }) => !topic.startsWith("__")));
    const all = await records(input, "--from", "earliest");
    assertEquals(all.map(({ value }) => value).sort(), [
      ...["no JSON", '{"user":"ada"}', '{"user":"ada"}', '{"user":"bob"}', '{"user":"eve"}'],
    ]);
    assertEquals((await records(input, "--last", "1")).length, 1);
    assertEquals((await records(input, "--from", "earliest", "--limit", "2")).length, 2);
    assertEquals(await records(input, "--from", "latest"), []);
    const some = await records(input, "--from", "1", "--partition", "0");
    assert(some.every(({ partition, offset }) => partition === 0 && Number(offset) >= 1));
    assertEquals(await records(input, "--from", "2100-01-01"), []);
  });

  it("follows a topic until SIGINT", async () => {
    const { input } = await topicsOfTest();
    const interrupt = new AbortController();
    const seen = Promise.withResolvers<void>();
    const tailing = command(["tail", input, "--follow", ...at], {
      interrupted: interrupt.signal,
      said: () => seen.resolve(),
    });
    await command(["produce", input, "-", ...at], { input: "later" });
    await seen.promise;
    interrupt.abort();
    const { code, out } = await tailing;
    assertEquals(code, 130);
    assertMatch(out, / {2}null {2}later\n$/);
  });

  it("inspects a job with its lag, lists its dead letters, and resets it while it is stopped only", async () => {
    await using folder = await scratch();
    const state = folder.path("state.db");
    const names = await topicsOfTest();
    await produceVisits(names.input);
    const job = await counting(names, state);
    await until("all to be read", () => {
      const { records_in, dead_letters } = job.metrics.snapshot();
      return records_in === 5 && dead_letters === 1;
    }, job);
    const words = [names.job, "--state", state, ...at];
    const running = await command(["reset", ...words, "--to", "earliest", "--yes"]);
    assertEquals(running.code, 1);
    assertMatch(
      running.err,
      /^Cannot reset job .*: .*worker-0 is held by process \d+, which runs the job .*\. Stop it first\n$/,
    );
    await job.stop();

    await produceVisits(names.input);
    interface Inspected {
      readonly offsets: { readonly lag: number }[];
    }
    const { offsets } = await documentOf<Inspected>(["inspect", ...words]);
    assertEquals(offsets.length, 2);
    assert(offsets.reduce((sum, { lag }) => sum + lag, 0) >= 5);
    const letters = await documentOf<{ topic: string; source: string; value: string }[]>(["dead-letters", ...words]);
    assertEquals(letters.map(({ topic, value }) => [topic, value]), [[names.dead, "no JSON"]]);
    assertStringIncludes(letters[0].source, `${names.input}/`);

    const nowhere = await command(["reset", names.job, "--state", state, "--to", "earliest", "--yes"]);
    assertEquals(nowhere.code, 2);
    assertStringIncludes(nowhere.err, "Name its brokers with --brokers");
    const done = await command(["reset", ...words, "--to", "earliest", "--yes"]);
    assertEquals([done.code, done.out], [0, `Job ${names.job} is reset by its next start.\n`]);
    const again = await counting(names, state, "end");
    await again.finished;
    const { records_in, dead_letters } = again.metrics.snapshot();
    assertEquals([records_in, dead_letters], [10, 2]);
    // The results of both runs, each once.
    const results = (await records(names.output, "--from", "earliest")).map(({ value }) => JSON.parse(String(value)));
    const ada = results.filter(({ key }) => key === "ada").map(({ value }) => value);
    assertEquals(ada, [1, 2, 1, 2, 3, 4]);
  });

  it("sends a dead letter again, once, and says what that means on Kafka", async () => {
    await using folder = await scratch();
    const state = folder.path("state.db");
    const names = await topicsOfTest();
    await produceVisits(names.input);
    const job = await counting(names, state, "end");
    await job.finished;
    const words = ["dead-letters", names.job, "--state", state, ...at];
    const [{ topic, partition, offset }] = await documentOf<Record<string, unknown>[]>(words);
    const position = `${topic}/${partition}@${offset}`;
    const sent = await command([...words, "replay", position, "--yes"]);
    assertEquals([sent.code, sent.err], [0, ""]);
    assertMatch(sent.out, /It is there once, unless the process has died between the record and its mark\n$/);
    assertEquals((await command([...words, "replay", position, "--yes"])).code, 1);
    const all = await records(names.input, "--from", "earliest");
    assertEquals(all.filter(({ value }) => value === "no JSON").length, 2);
    const [{ replayed }] = await documentOf<{ replayed: { state: string } }[]>(words);
    assertEquals(replayed.state, "done");
  });

  it("doctors brokers, the input of jobs and settings, and says what to do", async () => {
    await using folder = await scratch();
    const state = folder.path("state.db");
    const names = { ...await topicsOfTest(), input: freshTopic() };
    await createTopicWith(names.input, { "retention.ms": "60000" }, { partitions: 2 });
    const job = await counting(names, state);
    await job.stop();
    const words = ["doctor", "--state", state, ...at];
    interface Findings {
      readonly ok: boolean;
      readonly findings: {
        readonly check: string;
        readonly result: string;
        readonly found: string;
        readonly fix?: string;
      }[];
    }
    const { ok, findings } = await documentOf<Findings>(words);
    assertEquals(ok, true);
    const broker = findings.find(({ check }) => check.startsWith("broker "));
    assertMatch(broker!.found, /^as Apache Kafka \d\.\d or later$/);
    const warned = findings.find(({ result }) => result === "warn");
    assertEquals([warned?.check, warned?.found], [
      `settings of ${names.input}`,
      "retention.ms=60000: a job that stands still for 1 min loses records",
    ]);
    assertEquals(
      findings.find(({ check }) => check === `input ${names.input} of ${names.job}`)?.found,
      "2 partitions, lag 0",
    );

    const elsewhere = await command(["doctor", "--state", state]);
    assertEquals(elsewhere.code, 1);
    assertStringIncludes(elsewhere.out, "name the brokers of the job with --brokers");
  });

  it("says in one sentence that no broker answers, and what is wrong with an address", async () => {
    const { code, err } = await command(["topics", "--brokers", "127.0.0.1:1"]);
    assertEquals(code, 1);
    assertMatch(err, /^Cannot connect to Kafka.*127\.0\.0\.1:1.*\n$/);
    assertEquals(err.trimEnd().split("\n").length, 1);
    const wrong = await command(["topics", "--brokers", "localhost"]);
    assertEquals(wrong.code, 2);
    assertMatch(wrong.err, /port/);
  });
});
