/**
 * How a broker refuses whoever lacks a right, or whose records a topic does not take: with which code, real or simulated. Rights and
 * limits change while connections are open.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import type { Line, ProducerIdentity } from "../connectors/kafka/driver.ts";
import { CODE, hasCode, KafkaError } from "../connectors/kafka/errors.ts";
import { askUntil } from "../connectors/kafka/retry.ts";
import { rightsOf } from "../connectors/kafka/rights.ts";
import { initialise } from "../connectors/kafka/steps.ts";
import { encodeBatch } from "../connectors/kafka/record_batch_encode.ts";
import type { OutputRecord } from "../connectors/connector.ts";
import type { Right } from "./sim/kafka/rights.ts";
import type { KafkaSubject } from "./support/kafka_subject.ts";
import { freshTopic, record } from "./support/recording_reader.ts";

/** A Kafka whose rights and limits a person changes. Its brokers take transactions of at most a minute. */
export interface ChangingKafka extends Pick<KafkaSubject, "driver" | "clock" | "now" | "createTopicWith"> {
  deny(right: Right): Promise<void>;
  allow(right: Right): Promise<void>;
  configure(topic: string, config: Readonly<Record<string, string>>): Promise<void>;
}

const [TOPIC_DENIED, GROUP_DENIED, ID_DENIED] = [29, 30, 53];
const [TOO_LARGE, BAD_TIMESTAMP, BAD_TIMEOUT, BAD_RECORD] = [10, 32, 50, 87];
const LIMITS = { wait: 0, partitionBytes: 1_000_000, bytes: 1_000_000 };
const MEMBER = { protocol: "any", subscription: new Uint8Array(1), sessionTimeout: 10_000, rebalanceTimeout: 30_000 };

/** A line with a topic, and what is tried on it. */
class Bench {
  readonly topic = freshTopic();
  readonly id = `${this.topic}-producer`;
  readonly group = `${this.topic}-group`;
  #sequence = 0;

  constructor(readonly kafka: ChangingKafka, readonly line: Line) {}

  static async with(kafka: ChangingKafka, run: (bench: Bench) => Promise<void>): Promise<void> {
    const line = kafka.driver.line();
    try {
      await line.connect();
      const bench = new Bench(kafka, line);
      await kafka.createTopicWith(bench.topic, {});
      await run(bench);
    } finally {
      await line.close();
    }
  }

  /** A transaction that this topic is part of. */
  async begin(): Promise<ProducerIdentity> {
    this.#sequence = 0;
    const identity = await initialise(this.line, this.id, { clock: this.kafka.clock, timeout: 10_000 });
    await this.add(identity);
    return identity;
  }

  add(identity: ProducerIdentity): Promise<void> {
    return this.line.addPartitions(identity, [{ topic: this.topic, partitions: [0] }]);
  }

  /** Sends a record in its transaction. Returns the code of the refusal, or 0. */
  async send(identity: ProducerIdentity, one: OutputRecord): Promise<number> {
    const places = (await this.line.places(this.topic))!;
    const { bytes } = encodeBatch([one], { start: 0, limit: 1e6, identity, sequence: this.#sequence });
    const batches = [{ topic: this.topic, partition: 0, batch: bytes }];
    const { failures: [failure] } = await this.line.produce(places[0].leader!, identity, batches);
    if (failure === undefined) this.#sequence++;
    return failure?.error ?? 0;
  }

  /** The code of a fetch of the topic. */
  async fetch(): Promise<number> {
    const places = (await this.line.places(this.topic))!;
    return (await this.line.fetch(places[0].leader!, [{ topic: this.topic, partition: 0, offset: 0 }], LIMITS))[0]
      .error;
  }
}

async function assertRefused(code: number, ask: () => Promise<unknown>): Promise<void> {
  const error = await assertRejects(ask, KafkaError);
  assertEquals(error.code, code, error.message);
}

/** The members of a group; none where there is no such group. */
async function membersOf(line: Line, group: string): Promise<readonly unknown[]> {
  try {
    return await line.members(group);
  } catch (error) {
    if (hasCode(error, CODE.groupIdNotFound)) return [];
    throw error;
  }
}

/** While a right is denied, what needs it is refused; before and afterwards it is not. */
async function whileDenied(kafka: ChangingKafka, right: Right, run: () => Promise<void>): Promise<void> {
  await kafka.deny(right);
  try {
    await run();
  } finally {
    await kafka.allow(right);
  }
}

const CASES: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  "refuses partitions and records of a topic without WRITE, with code 29": async (bench) => {
    const { kafka, topic } = bench;
    const identity = await bench.begin();
    await whileDenied(kafka, { to: "write", topic }, async () => {
      await assertRefused(TOPIC_DENIED, () => bench.add(identity));
      assertEquals(await bench.send(identity, record(topic, { text: "denied" })), TOPIC_DENIED);
    });
    assertEquals(await bench.send(identity, record(topic, { text: "allowed" })), 0);
    await bench.line.endTransaction(identity, true);
  },

  "refuses a fetch of a topic without READ, with code 29": async (bench) => {
    assertEquals(await bench.fetch(), 0);
    await whileDenied(bench.kafka, { to: "read", topic: bench.topic }, async () => {
      assertEquals(await bench.fetch(), TOPIC_DENIED);
    });
    assertEquals(await bench.fetch(), 0);
  },

  "refuses a topic's configuration without DESCRIBE_CONFIGS, with code 29": async (bench) => {
    await whileDenied(bench.kafka, { to: "describe configs", topic: bench.topic }, async () => {
      await assertRefused(TOPIC_DENIED, () => bench.line.topicConfig(bench.topic));
    });
    assert((await bench.line.topicConfig(bench.topic)).has("max.message.bytes"));
  },

  "refuses all that a transactional id asks for without WRITE on it, with code 53": async (bench) => {
    const { kafka, line, id } = bench;
    const identity = await bench.begin();
    await whileDenied(kafka, { to: "use transactional ids" }, async () => {
      await assertRefused(ID_DENIED, () => line.initProducer(id, 10_000));
      await assertRefused(ID_DENIED, () => bench.add(identity));
      await assertRefused(ID_DENIED, () => line.addOffsets(identity, bench.group));
      assertEquals(await bench.send(identity, record(bench.topic, { text: "denied" })), ID_DENIED);
      await assertRefused(ID_DENIED, () => line.endTransaction(identity, true));
    });
    assertEquals(await bench.send(identity, record(bench.topic, { text: "allowed" })), 0);
    await line.endTransaction(identity, true);
  },

  "refuses a group without READ on it, with code 30": async (bench) => {
    const { kafka, line, group, topic } = bench;
    const identity = await bench.begin();
    await whileDenied(kafka, { to: "use groups" }, async () => {
      await assertRefused(GROUP_DENIED, () => line.join({ group, member: "", ...MEMBER }));
      await assertRefused(GROUP_DENIED, () => line.addOffsets(identity, group));
      await assertRefused(GROUP_DENIED, () => line.committed(group, topic, [0], true));
    });
    await line.addOffsets(identity, group);
    await line.endTransaction(identity, false);
  },

  "is asked for a job's rights without effect, and those that are denied are found": async ({ kafka, line, topic }) => {
    const output = freshTopic(), job = freshTopic();
    for (const made of [output, `${job}.tidemark`]) await kafka.createTopicWith(made, {});
    const asking = { clock: kafka.clock, limit: 30_000 };
    const wanted = { job, inputs: [topic], outputs: [output], hops: [] };
    const missing = async () => {
      const rights = await rightsOf(line, (_wanted, ask) => askUntil(line, ask, asking), wanted);
      return rights.filter(({ allowed }) => allowed === false).map(({ operation, name }) => `${operation} ${name}`);
    };
    assertEquals(await missing(), []);
    await whileDenied(kafka, { to: "read", topic }, async () => assertEquals(await missing(), [`READ ${topic}`]));
    await whileDenied(kafka, { to: "write", topic: output }, async () => {
      assertEquals(await missing(), [`WRITE ${output}`]);
    });
    await whileDenied(kafka, { to: "use groups" }, async () => {
      assertEquals(await missing(), [`READ ${job}`, `READ ${job}.`]);
    });
    await whileDenied(kafka, { to: "use transactional ids" }, async () => {
      assertEquals(await missing(), [`WRITE ${job}.`]);
    });
    assertEquals(await missing(), []);
    // The group and the producer that were named are not there afterwards.
    for (const group of [job, `${job}.doctor`]) {
      assertEquals(await askUntil(line, () => membersOf(line, group), asking), []);
    }
    assertEquals((await initialise(line, `${job}.doctor`, { clock: kafka.clock, timeout: 10_000 })).epoch, 0);
  },

  "refuses a record larger than max.message.bytes, as that is lowered, with code 10": async (bench) => {
    const { kafka, topic } = bench;
    const identity = await bench.begin();
    const large = record(topic, { value: new Uint8Array(2000) });
    assertEquals(await bench.send(identity, large), 0);
    await kafka.configure(topic, { "max.message.bytes": "1000" });
    assertEquals(await bench.send(identity, large), TOO_LARGE);
    await bench.line.endTransaction(identity, true);
  },

  "refuses a record that is older than message.timestamp.before.max.ms, with code 32": async (bench) => {
    const { kafka, topic } = bench;
    const identity = await bench.begin();
    const old = record(topic, { timestamp: kafka.now() - 7_200_000 });
    assertEquals(await bench.send(identity, old), 0);
    await kafka.configure(topic, { "message.timestamp.before.max.ms": "3600000" });
    assertEquals(await bench.send(identity, old), BAD_TIMESTAMP);
    await bench.line.endTransaction(identity, true);
  },

  "refuses a record without a key where the topic is compacted, with code 87": async (bench) => {
    const { kafka, topic } = bench;
    const identity = await bench.begin();
    const [keyless, keyed] = [record(topic), record(topic, { key: new Uint8Array([1]) })];
    assertEquals(await bench.send(identity, keyless), 0);
    await kafka.configure(topic, { "cleanup.policy": "compact" });
    assertEquals(await bench.send(identity, keyless), BAD_RECORD);
    assertEquals(await bench.send(identity, keyed), 0);
    await bench.line.endTransaction(identity, true);
  },

  "refuses a transaction's timeout beyond what the broker takes, with code 50": async ({ line, id }) => {
    await assertRefused(BAD_TIMEOUT, () => line.initProducer(id, 60_001));
    assertEquals((await line.initProducer(id, 60_000)).epoch, 0);
  },
};

/** Registers the contract's tests for one Kafka. */
export function rightsContract(
  name: string,
  { make, ignore = false }: {
    readonly make: () => Promise<ChangingKafka & AsyncDisposable>;
    readonly ignore?: boolean;
  },
): void {
  describe(`${name}: rights and limits that change`, { ignore }, () => {
    let kafka: ChangingKafka & AsyncDisposable;
    beforeAll(async () => {
      kafka = await make();
    });
    afterAll(async () => await kafka[Symbol.asyncDispose]());
    // What the Kafka itself reads and waits for goes on from one case to the next.
    const options = { sanitizeOps: false, sanitizeResources: false };
    for (const [sentence, run] of Object.entries(CASES)) it(sentence, options, () => Bench.with(kafka, run));
  });
}
