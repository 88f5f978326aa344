/** A job whose input has a record batch that nobody can read, on a real Kafka: one byte of it is another on its way. */
import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { deadLetter, keyedReduce, run, type RunOptions } from "@tidemark/streams";
import type { Connector, InputRecord } from "../connectors/connector.ts";
import { KafkaConnection } from "../connectors/kafka/connection.ts";
import type { Driver, FetchedPartition, Line } from "../connectors/kafka/driver.ts";
import { KafkaJsDriver } from "../connectors/kafka/kafkajs_driver.ts";
import { sinkVerb, sourceVerb } from "../connectors/verbs.ts";
import { failureOf, header, scratch } from "./support/jobs.ts";
import { brokers, connect, createTopicWith, ignore, plainClient } from "./support/kafka.ts";
import { freshTopic, startReading } from "./support/recording_reader.ts";

const suite = ignore ? describe.ignore : describe;

/** A driver in whose fetches the batch that begins with this offset of a topic is damaged. */
function damaging(topic: string, offset: number): Driver {
  const real = new KafkaJsDriver(brokers, {});
  const damage = (fetched: FetchedPartition): FetchedPartition => {
    if (fetched.topic !== topic) return fetched;
    const batches = fetched.batches.slice();
    const view = new DataView(batches.buffer);
    for (let at = 0; at + 61 < batches.length; at += 12 + view.getInt32(at + 8)) {
      if (view.getInt32(at + 4) === offset) batches[at + 61] ^= 1;
    }
    return { ...fetched, batches };
  };
  return {
    name: real.name,
    line: () => {
      const line = real.line();
      return new Proxy(line, {
        get(target, name) {
          if (name === "fetch") {
            return async (...asked: Parameters<Line["fetch"]>) => (await target.fetch(...asked)).map(damage);
          }
          const value = Reflect.get(target, name, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    },
  };
}

/** Five batches of two records each, of which the third one, at offsets 4 and 5, cannot be read. */
async function world() {
  const [name, input, output, dead] = [freshTopic(), freshTopic(), freshTopic(), freshTopic()];
  for (const topic of [input, output, dead]) await createTopicWith(topic, {});
  const producer = plainClient().producer();
  await producer.connect();
  const send = () =>
    producer.send({
      topic: input,
      messages: ["ada", "bob"].map((user) => ({ key: user, value: JSON.stringify(user) })),
    });
  for (let batch = 0; batch < 5; batch++) await send();
  const driver = damaging(input, 4);
  const connector: Connector = { id: "kafka damaged", open: () => KafkaConnection.open(driver) };
  const pipeline = sourceVerb<string>(connector, input).pipe(
    keyedReduce({ name: "counts", key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
    sinkVerb(connector, output, { key: ({ key }) => key }),
  );
  const start = (state: string, options: Partial<RunOptions> = {}) =>
    run(pipeline, { name, state, log: () => {}, ...options });
  return {
    ...{ input, output, dead, start, send },
    policy: { onBadRecord: deadLetter(sinkVerb(connector, dead)) },
    [Symbol.asyncDispose]: () => producer.disconnect(),
  };
}

/** The first records of a topic, as they lie in it. */
async function recordsOf(topic: string, count: number): Promise<InputRecord[]> {
  const connection = await connect();
  try {
    await using reading = await startReading(connection, { topics: [topic] });
    await reading.count(count);
    return reading.records;
  } finally {
    await connection.close();
  }
}

suite("a record batch that nobody can read", () => {
  it("stops a job that has no policy, with its place", async () => {
    await using here = await world();
    await using folder = await scratch();
    const job = await here.start(folder.path("state.db"));
    assertMatch(
      await failureOf(job),
      new RegExp(
        `^Job .* stopped at ${here.input}/0@4: a bad record, because the record batch at offsets 4 to 5 cannot be read: ` +
          `its checksum is 0x[0-9a-f]{8}, and 0x[0-9a-f]{8} was written\\. Give onBadRecord a deadLetter\\(sink\\)`,
      ),
    );
  });

  it("is one dead letter with its bytes, whenever the job begins anew, and the job goes on behind it", async () => {
    await using here = await world();
    await using folder = await scratch();
    for (let life = 0; life < 3; life++) {
      const job = await here.start(folder.path("state.db"), here.policy);
      const counts = await recordsOf(here.output, 8 + 2 * life);
      assertEquals(counts.length, 8 + 2 * life);
      await job.stop();
      await here.send();
    }
    const job = await here.start(folder.path("state.db"), { ...here.policy, until: "end" });
    await job.finished;
    const { dead_letters, records_in } = job.metrics.snapshot();
    assertEquals([dead_letters, records_in], [1, 15]);
    const [letter, ...more] = await recordsOf(here.dead, 1);
    assertEquals(more, []);
    assertEquals(header(letter, "tidemark.source"), `${here.input}/0@4`);
    assertMatch(
      header(letter, "tidemark.reason"),
      /^the record batch at offsets 4 to 5 cannot be read: its checksum is /,
    );
    assertEquals(new DataView(letter.value!.buffer, letter.value!.byteOffset).getBigInt64(0), 4n);
  });
});
