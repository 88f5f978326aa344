/** What people do to a job's topics and group on a real broker while it is stopped, and while it runs. */
import { headerOf } from "../connectors/headers.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { deadLetter, type Keyed, keyedReduce, run } from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import { type Admin, ConfigResourceTypes } from "kafkajs";
import type { Observable } from "rxjs";
import type { InputRecord } from "../connectors/connector.ts";
import { readCommitted } from "./support/crash/read_committed.ts";
import { failureOf, first, refusal } from "./support/jobs.ts";
import { brokers, createTopicWith, ignore, plainClient } from "./support/kafka.ts";
import { freshTopic, textOf } from "./support/recording_reader.ts";

type Count = Keyed<string, number>;

const MEGABYTE = 1024 * 1024;
const silent = { log: () => {} };
const broker = kafka({ brokers });

interface World {
  readonly name: string;
  readonly input: string;
  readonly output: string;
  readonly pipeline: Observable<Count>;
}

async function world(): Promise<World> {
  const [name, input, output] = [freshTopic(), freshTopic(), freshTopic()];
  for (const topic of [input, output]) await createTopicWith(topic, {});
  const pipeline = broker.source<string>(input).pipe(
    keyedReduce({ name: "counts", key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
    broker.sink<Count>(output, { key: ({ key }) => key }),
  );
  return { name, input, output, pipeline };
}

async function produce(topic: string, count: number): Promise<void> {
  const producer = plainClient().producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  await producer.send({ topic, messages: Array.from({ length: count }, () => ({ key: "ada", value: '"ada"' })) });
  await producer.disconnect();
}

/** Runs the job until so many results are visible in all, and stops it. */
async function runUntil(here: World, state: Deno.Kv, results: number, reset?: "earliest"): Promise<string[]> {
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  const job = await run(here.pipeline, { name: here.name, state, log, ...reset && { reset } });
  await first(broker.source(here.output), results, job);
  await job.stop();
  return lines;
}

/** All counts that a `read_committed` reader sees. */
async function visible({ output }: World): Promise<number[]> {
  const counts: number[] = [];
  await readCommitted(plainClient(), { brokers, topics: [output], partitions: 1 }, (record) => {
    counts.push(JSON.parse(textOf(record)!).value);
  });
  return counts;
}

async function administer<T>(act: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = plainClient().admin();
  await admin.connect();
  try {
    return await act(admin);
  } finally {
    await admin.disconnect();
  }
}

async function makeAnew(topic: string): Promise<void> {
  await administer((admin) => admin.deleteTopics({ topics: [topic] }));
  for (;;) {
    try {
      return await createTopicWith(topic, {});
    } catch (error) {
      // Kafka deletes in its own time, and until then refuses the name.
      if (!/already exists/.test(JSON.stringify(error) + error)) throw error;
    }
  }
}

Deno.test({
  name: "a group that somebody has deleted changes nothing: the checkpoint is the truth",
  ignore,
  async fn() {
    using kv = await Deno.openKv(":memory:");
    const here = await world();
    await produce(here.input, 2);
    await runUntil(here, kv, 2);
    await administer((admin) => admin.deleteGroups([here.name]));
    await produce(here.input, 1);
    const [restored] = await runUntil(here, kv, 3);
    assertMatch(restored, new RegExp(`^Job ${here.name}: restored, from ${here.input}/0@2, 1 keys in `));
    assertEquals(await visible(here), [1, 2, 3]);
  },
});

for (const records of [1, 2, 5]) {
  Deno.test({
    name:
      `an input topic that was made anew with ${records} records is refused where the job had read 2, and read anew with reset`,
    ignore,
    async fn() {
      using kv = await Deno.openKv(":memory:");
      const here = await world();
      await produce(here.input, 2);
      await runUntil(here, kv, 2);
      await makeAnew(here.input);
      await produce(here.input, records);
      assertEquals(
        await refusal(here.pipeline, { name: here.name, state: kv }),
        `Cannot run job ${here.name}: topic "${here.input}" was deleted and made anew since the job's checkpoint, whose offsets mean ` +
          `nothing in it. Start the job with reset to process the new topic with an empty state, or give it another name`,
      );
      await runUntil(here, kv, 2 + records, "earliest");
      const anew = Array.from({ length: records }, (_, index) => index + 1);
      await produce(here.input, 1);
      await runUntil(here, kv, 3 + records);
      assertEquals(await visible(here), [1, 2, ...anew, records + 1]);
    },
  });
}

Deno.test({
  name:
    "an input topic that is made anew while it is read stops the job, and none of the new one is taken for the old one",
  ignore,
  async fn() {
    using kv = await Deno.openKv(":memory:");
    const here = await world();
    await produce(here.input, 2);
    const job = await run(here.pipeline, { name: here.name, state: kv, ...silent });
    await first(broker.source(here.output), 2, job);
    const failure = failureOf(job);
    await makeAnew(here.input);
    await produce(here.input, 5);
    assertMatch(
      await failure,
      new RegExp(
        `^Cannot read (on in topic "${here.input}": it was deleted and made anew while it was read; start the job with reset ` +
          `|${here.input}/0@2, where the job's checkpoint goes on: the topic ends at 0, so it was made anew or cut off\\. )`,
      ),
    );
    await job.stop().catch(() => {});
    assertEquals(await visible(here), [1, 2]);
  },
});

Deno.test({
  name: "an input topic that has got more partitions is refused, with the cures",
  ignore,
  async fn() {
    using kv = await Deno.openKv(":memory:");
    const here = await world();
    await produce(here.input, 2);
    await runUntil(here, kv, 2);
    await administer((admin) => admin.createPartitions({ topicPartitions: [{ topic: here.input, count: 2 }] }));
    assertMatch(
      await refusal(here.pipeline, { name: here.name, state: kv }),
      new RegExp(
        `^Cannot run job ${here.name}: topic ${here.input} had 1 partitions when the job was made and has 2 now, so keys have moved ` +
          "between its tasks\\. Bring the records into a topic with 1 partitions, or start the job under a new name",
      ),
    );
    assertEquals(await visible(here), [1, 2]);
  },
});

Deno.test({
  name: "a record that is larger than a job reads stops it with a sentence, or is a dead letter as it came",
  ignore,
  async fn() {
    using kv = await Deno.openKv(":memory:");
    const here = await world();
    const dead = freshTopic();
    const large = 20 * MEGABYTE;
    await administer((admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [{
          type: ConfigResourceTypes.TOPIC,
          name: here.input,
          configEntries: [{ name: "max.message.bytes", value: String(large) }],
        }],
      })
    );
    await createTopicWith(dead, { "max.message.bytes": String(large) });
    await produce(here.input, 1);
    const producer = plainClient().producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const value = JSON.stringify("a".repeat(17 * MEGABYTE));
    await producer.send({ topic: here.input, messages: [{ key: "eve", value }] });
    await producer.disconnect();
    await produce(here.input, 1);

    const why = `its value has ${value.length} bytes, and a job reads ${16 * MEGABYTE} bytes at most`;
    assertEquals(
      await refusal(here.pipeline, { name: here.name, state: kv }),
      `Job ${here.name} stopped at ${here.input}/0@1: a bad record, because ${why}. Give onBadRecord a deadLetter(sink) to go on ` +
        "without it.",
    );
    const onBadRecord = deadLetter(broker.sink(dead));
    const job = await run(here.pipeline, { name: here.name, state: kv, onBadRecord, until: "end", ...silent });
    assertEquals(await job.finished, { reason: "finished" });
    assertEquals(await visible(here), [1, 2]);
    const letters: InputRecord[] = [];
    await readCommitted(plainClient(), { brokers, topics: [dead], partitions: 1 }, (record) => letters.push(record));
    assertEquals(letters.length, 1);
    const [{ headers }] = letters;
    assert(textOf(letters[0]) === value, "the dead letter is the record as it came");
    const said = ["tidemark.reason", "tidemark.source"].map((name) =>
      new TextDecoder().decode(headerOf(headers, name)!)
    );
    assertEquals(said, [why, `${here.input}/0@1`]);
  },
});
