import { headerOf } from "../connectors/headers.ts";
import { assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import type { InputRecord } from "../connectors/connector.ts";
import { eventAt, GENERATION, type Traffic } from "../examples/recommendations/traffic.ts";
import { brokers, connect, createTopicWith, ignore, Member, plainClient } from "./support/kafka.ts";
import { Program, runProgram, summaryOf, written } from "./support/shop/program.ts";
import { assertTable, assertTruth, type Row, truthOf } from "./support/shop/truth.ts";

const EVENTS = 5_000;
const PARTITIONS = 3;

/** A job of its own: its name, its topics, a folder for its state, and the flags that say so. */
async function scratch() {
  const job = `shop-${crypto.randomUUID().slice(0, 8)}`;
  const folder = await Deno.makeTempDir({ prefix: "tidemark-main-" });
  const topics = {
    input: `${job}-events`,
    output: `${job}-counts`,
    activity: `${job}-activity`,
    late: `${job}-late`,
    dead: `${job}-dead`,
  };
  const flags = ["--brokers", brokers.join(","), "--job", job, "--state", `${folder}/state.db`, "--json"];
  flags.push("--input", topics.input, "--output", topics.output, "--activity", topics.activity);
  flags.push("--late", topics.late, "--dead-letter", topics.dead);
  return {
    job,
    topics,
    flags,
    state: `${folder}/state.db`,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** Sends the traffic, and values that are no events behind it. */
async function send(
  topic: string,
  traffic: Traffic,
  { from = 0, to = EVENTS, broken = [] }: { from?: number; to?: number; broken?: readonly string[] } = {},
): Promise<void> {
  const producer = plainClient().producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const values = Array.from({ length: to - from }, (_, nth) => eventAt(traffic, from + nth));
  const messages = [
    ...values.map((event) => ({ key: event.user_id, value: JSON.stringify(event) })),
    ...broken.map((value) => ({ key: "nobody", value })),
  ];
  await producer.sendBatch({ topicMessages: [{ topic, messages }] });
  await producer.disconnect();
}

/** Everything that a `read_committed` reader sees of topics, by topic. */
async function readCommitted(topics: readonly string[]): Promise<Map<string, Row[]>> {
  const connection = await connect();
  const member = await Member.join(connection, { group: `reads-${crypto.randomUUID()}`, topics });
  const places = topics.flatMap((topic) =>
    Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition }))
  );
  await member.until(
    "the end of every topic",
    () =>
      places.every((place) =>
        member.batches.some(({ topic, partition, position, end }) =>
          topic === place.topic && partition === place.partition && position === end
        )
      ),
  );
  await member.reader.stop();
  await connection.close();
  const rows = new Map<string, Row[]>(topics.map((topic) => [topic, []]));
  for (const record of member.records) rows.get(record.topic)!.push(rowOf(record));
  return rows;
}

function rowOf({ key, value, headers }: InputRecord): Row {
  const decoder = new TextDecoder();
  const text = (bytes: Uint8Array | null | undefined) => bytes ? decoder.decode(bytes) : undefined;
  const [reason, source] = ["tidemark.reason", "tidemark.source"].map((name) => text(headerOf(headers, name)));
  // A dead letter is told by its source: its bytes may be no JSON.
  const dead = source !== undefined && !reason!.startsWith("late");
  return { key: text(key) ?? null, value: dead ? text(value) : JSON.parse(text(value)!), reason, source };
}

Deno.test({
  name: "the program on Kafka makes the missing topics, processes what is there, and its results are the truth",
  ignore,
  async fn() {
    await using place = await scratch();
    const { topics, flags, job } = place;
    await createTopicWith(topics.input, { "retention.ms": "-1" }, { partitions: PARTITIONS });
    const traffic = { version: GENERATION, seed: 3, began: Date.now() - 60_000, perSecond: 200 };
    const broken = ["{", JSON.stringify({ user_id: 7 })];
    await send(topics.input, traffic, { broken });

    const summary = summaryOf(await runProgram([...flags, "--create-topics", "--until-end"]));
    const truth = truthOf(traffic, EVENTS, { topic: topics.input, partitions: PARTITIONS });
    const rows = await readCommitted([topics.output, topics.activity, topics.late, topics.dead]);
    assertTruth({
      counts: rows.get(topics.output)!,
      activity: rows.get(topics.activity)!,
      late: rows.get(topics.late)!,
    }, truth);
    assertGreater(truth.late.length, 0);
    const dead = rows.get(topics.dead)!;
    assertEquals(dead.map(({ value }) => value).sort(), [...broken].sort());
    for (const { source } of dead) assertMatch(source!, new RegExp(`^${topics.input}/\\d@\\d+$`));
    assertStringIncludes(dead.map(({ reason }) => reason).join("\n"), "user_id: ");

    assertEquals([summary.job, summary.ended], [job, "finished"]);
    assertEquals(summary.records_in, EVENTS + broken.length);
    const { [topics.output]: counted, [topics.activity]: activity, [topics.late]: late } = summary.outputs;
    assertEquals([counted, activity, late], [EVENTS, truth.activity.length, truth.late.length]);
    assertEquals([summary.late, summary.dead_letters], [truth.late.length, broken.length]);

    const again = await runProgram([...flags, "--until-end"]);
    assertStringIncludes(again.stderr.join("\n"), `Job ${job} is finished already`);
    const { records_in, outputs } = summaryOf(again);
    assertEquals({ records_in, outputs }, { records_in: summary.records_in, outputs: summary.outputs });
  },
});

Deno.test({
  name: "the program on Kafka names a topic that is missing, in one sentence, with exit code 1",
  ignore,
  async fn() {
    await using place = await scratch();
    const { topics, flags } = place;
    const missing = async () => {
      const { code, stdout, stderr } = await runProgram(flags);
      assertEquals([code, stdout, stderr.length], [1, [], 1], stderr.join("\n"));
      return stderr[0];
    };
    assertMatch(await missing(), new RegExp(`"${topics.input}".*no such topic.*--create-topics.*\\.$`));
    await createTopicWith(topics.input, {}, { partitions: PARTITIONS });
    assertMatch(await missing(), new RegExp(`"${topics.output}".*no such topic.*--create-topics.*\\.$`));
  },
});

Deno.test({
  name: "the program on Kafka stops on SIGTERM with exit code 0 and goes on where it was",
  ignore,
  async fn() {
    await using place = await scratch();
    const { topics, flags, job } = place;
    // The input is missing as well, so it is made too.
    await using program = new Program([...flags, "--create-topics"]);
    await program.says(new RegExp(`^Job ${job}: fresh`));
    program.kill("SIGTERM");
    assertEquals(summaryOf(await program.ended()).ended, "stopped");

    const traffic = { version: GENERATION, seed: 4, began: Date.now() - 60_000, perSecond: 200 };
    await send(topics.input, traffic);
    const ended = await runProgram([...flags, "--until-end"]);
    assertMatch(ended.stderr.join("\n"), new RegExp(`Job ${job}: restored`));
    assertEquals(summaryOf(ended).outputs[topics.output], EVENTS);
  },
});

Deno.test({
  name: "two workers on Kafka, killed ten times in turn, give each event its row and each user their latest one",
  ignore,
  async fn() {
    await using place = await scratch();
    const { topics, flags, job } = place;
    await createTopicWith(topics.input, { "retention.ms": "-1" }, { partitions: PARTITIONS });
    const traffic = { seed: 6, began: Date.now() - 60_000, perSecond: 200 };
    const start = (worker: string) => new Program([...flags, "--create-topics", "--worker", worker]);
    const workers = [start("one"), start("two")];
    for (let kill = 0; kill < 10; kill++) {
      const program = workers[kill % 2];
      await program.says(new RegExp(`^Job ${job}: (fresh|restored)`));
      await send(topics.input, traffic, { from: kill * EVENTS / 10, to: (kill + 1) * EVENTS / 10 });
      // Each is killed at another distance from its takeover.
      await written(program, place.state, 1 + kill % 4);
      program.kill("SIGKILL");
      await program.ended();
      workers[kill % 2] = start(kill % 2 === 0 ? "one" : "two");
    }
    for (const worker of workers) {
      worker.kill("SIGTERM");
      await worker.ended();
    }
    summaryOf(await runProgram([...flags, "--until-end"]));

    const truth = truthOf(traffic, EVENTS, { topic: topics.input, partitions: PARTITIONS });
    const rows = await readCommitted([topics.output, topics.activity, topics.late]);
    const [counts, activity, late] = [topics.output, topics.activity, topics.late].map((topic) => rows.get(topic)!);
    assertTruth({ counts, activity, late }, truth);
    using kv = await Deno.openKv(place.state);
    await assertTable(kv, truth);
  },
});
