/**
 * What a Kafka cluster owes the engine, request by request, on whatever driver and real or simulated: the answers on which the order
 * of effects in `producer.ts`, `group_reader.ts` and `fetcher.ts` rests.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { FetchedPartition, Line, ProducerIdentity } from "../connectors/kafka/driver.ts";
import { CODE, KafkaError } from "../connectors/kafka/errors.ts";
import { initialise } from "../connectors/kafka/steps.ts";
import { decodePartition } from "../connectors/kafka/record_batch_decode.ts";
import { encodeBatch } from "../connectors/kafka/record_batch_encode.ts";
import { assertRefused, freshGroup, patiently } from "./support/kafka_asking.ts";
import { contract, type KafkaBench, type KafkaMaking } from "./support/kafka_subject.ts";
import { freshTopic, publish, record, textOf } from "./support/recording_reader.ts";
import { finishing } from "./support/finishing.ts";
import { NO_STORE } from "./support/no_store.ts";

const MESSAGE_TOO_LARGE = 10;
const INVALID_TIMESTAMP = 32;
const OUT_OF_ORDER_SEQUENCE = 45;
const INVALID_TRANSACTION_STATE = 48;
const LIMITS = { wait: 0, partitionBytes: 1_000_000, bytes: 1_000_000 };

/** A topic of one partition, and one life of a producer. */
async function place(bench: KafkaBench, config?: Record<string, string>): Promise<{
  topic: string;
  leader: string;
  line: Line;
  identity: ProducerIdentity;
  batch(text: string, sequence: number, timestamp?: number): Uint8Array;
  send(batch: Uint8Array): Promise<readonly number[]>;
}> {
  const topic = freshTopic();
  if (config === undefined) await bench.connection.createTopic(topic, 1);
  else await bench.kafka.createTopicWith(topic, config);
  const line = await bench.line();
  const identity = await initialise(line, `${topic}-producer`, { clock: bench.clock, timeout: 10_000 });
  const [{ leader }] = (await line.places(topic))!;
  return {
    topic,
    leader: leader!,
    line,
    identity,
    batch: (text, sequence, timestamp = bench.now()) =>
      encodeBatch([record(topic, { text, timestamp })], { start: 0, limit: 1_000_000, identity, sequence }).bytes,
    async send(batch) {
      const { failures } = await line.produce(leader!, identity, [{ topic, partition: 0, batch }]);
      return failures.map(({ error }) => error);
    },
  };
}

function textsOf(fetched: FetchedPartition, start = 0): (string | null)[] {
  return Array.from(decodePartition(fetched, start).records, textOf);
}

/** What is asked of topics. */
const topics = contract((name, on, ignore) => {
  describe(`${name}, topics`, { ignore }, () => {
    it(
      "a topic has an id of its own, which stays, and a missing one has none",
      on(async (bench) => {
        const [one, other] = [await place(bench), await place(bench)];
        const id = await one.line.topicId(one.topic);
        assert(id !== undefined);
        assertEquals(await other.line.topicId(one.topic), id);
        assert(await one.line.topicId(other.topic) !== id);
        assertEquals(await one.line.topicId(freshTopic()), undefined);
      }),
    );
  });
});

/** What transactions promise. */
const transactions = contract((name, on, ignore) => {
  describe(`${name}, transactions`, { ignore }, () => {
    it(
      "a new life is refused while the former one is open, and ends it",
      on(async (bench) => {
        const { topic, leader, line, identity, batch, send } = await place(bench);
        await line.addPartitions(identity, [{ topic, partitions: [0] }]);
        assertEquals(await send(batch("zombie", 0)), []);
        const successor = await bench.line();
        await assertRefused(successor.initProducer(identity.transactionalId, 10_000), CODE.concurrentTransactions);
        const next = await initialise(successor, identity.transactionalId, { clock: bench.clock, timeout: 10_000 });
        assertEquals(next.producer, identity.producer);
        assert(next.epoch > identity.epoch);
        const [fetched] = await line.fetch(leader, [{ topic, partition: 0, offset: 0 }], LIMITS);
        assertEquals([fetched.end, textsOf(fetched)], [2, []]);
      }),
    );

    it(
      "a zombie is refused at every step, and nothing of it is seen",
      on(async (bench) => {
        const { topic, leader, line, identity, batch, send } = await place(bench);
        const group = await freshGroup(bench);
        await line.addPartitions(identity, [{ topic, partitions: [0] }]);
        await line.addOffsets(identity, group);
        assertEquals(await send(batch("zombie", 0)), []);
        const mark = () => line.commitInTransaction(identity, group, [{ topic, partition: 0, offset: 7 }]);
        await patiently(line, bench.clock, mark);
        await initialise(await bench.line(), identity.transactionalId, { clock: bench.clock, timeout: 10_000 });
        const fenced = [CODE.invalidProducerEpoch, CODE.producerFenced];
        await assertRefused(line.endTransaction(identity, true), ...fenced);
        await assertRefused(line.addPartitions(identity, [{ topic, partitions: [0] }]), ...fenced);
        await assertRefused(line.addOffsets(identity, group), ...fenced);
        await assertRefused(line.commitInTransaction(identity, group, [{ topic, partition: 0, offset: 8 }]), ...fenced);
        assertEquals(await send(batch("zombie", 1)), [CODE.invalidProducerEpoch]);
        const [fetched] = await line.fetch(leader, [{ topic, partition: 0, offset: 0 }], LIMITS);
        assertEquals(textsOf(fetched), []);
        assertEquals(await line.committed(group, topic, [0], true), new Map());
      }),
    );

    it(
      "a marker is read with stable offsets only after the end, and without them it is the old one until then",
      on(async (bench) => {
        const { topic, line, identity } = await place(bench);
        const group = await freshGroup(bench);
        const mark = async (offset: number) => {
          await patiently(line, bench.clock, () => line.addOffsets(identity, group));
          const offsets = [{ topic, partition: 0, offset }];
          await patiently(line, bench.clock, () => line.commitInTransaction(identity, group, offsets));
        };
        await mark(1);
        assertEquals(await line.committed(group, topic, [0], false), new Map());
        await assertRefused(line.committed(group, topic, [0], true), CODE.unstableOffsetCommit);
        await line.endTransaction(identity, true);
        await mark(2);
        assertEquals(await line.committed(group, topic, [0], false), new Map([[0, { offset: 1, note: "" }]]));
        await assertRefused(line.committed(group, topic, [0], true), CODE.unstableOffsetCommit);
        await line.endTransaction(identity, false);
        await initialise(line, identity.transactionalId, { clock: bench.clock, timeout: 10_000 });
        assertEquals(await line.committed(group, topic, [0], true), new Map([[0, { offset: 1, note: "" }]]));
      }),
    );

    it(
      "the end of a transaction may be asked for again, but not for the opposite",
      on(async (bench) => {
        const { topic, line, identity, batch, send } = await place(bench);
        await assertRefused(line.endTransaction(identity, true), INVALID_TRANSACTION_STATE);
        await line.addPartitions(identity, [{ topic, partitions: [0] }]);
        assertEquals(await send(batch("once", 0)), []);
        await line.endTransaction(identity, true);
        await patiently(line, bench.clock, () => line.endTransaction(identity, true));
        await assertRefused(line.endTransaction(identity, false), INVALID_TRANSACTION_STATE);
      }),
    );

    it(
      "what the transaction was not told of cannot be written",
      on(async (bench) => {
        const { topic, line, identity, batch, send } = await place(bench);
        const offsets = [{ topic, partition: 0, offset: 1 }];
        assertEquals(await send(batch("alone", 0)), [INVALID_TRANSACTION_STATE]);
        await assertRefused(line.commitInTransaction(identity, `${topic}.epochs`, offsets), INVALID_TRANSACTION_STATE);
      }),
    );

    it(
      "partitions that are not there are told apart from those that are",
      on(async (bench) => {
        const { topic, line, identity } = await place(bench);
        const both = line.addPartitions(identity, [{ topic, partitions: [0, 1] }]);
        await assertRefused(both, CODE.unknownTopicOrPartition);
        const topics = [topic, freshTopic()].map((name) => ({ topic: name, partitions: [0] }));
        await assertRefused(line.addPartitions(identity, topics), CODE.unknownTopicOrPartition);
      }),
    );
  });
});

/** What is written. */
const batches = contract((name, on, ignore) => {
  describe(`${name}, batches`, { ignore }, () => {
    it(
      "a batch that comes again is written once",
      on(async (bench) => {
        const { topic, leader, line, identity, batch, send } = await place(bench);
        await line.addPartitions(identity, [{ topic, partitions: [0] }]);
        assertEquals(await send(batch("one", 0)), []);
        assertEquals(await send(batch("two", 1)), []);
        assertEquals([await send(batch("one", 0)), await send(batch("two", 1))], [[], []]);
        await line.endTransaction(identity, true);
        await initialise(line, identity.transactionalId, { clock: bench.clock, timeout: 10_000 });
        const [fetched] = await line.fetch(leader, [{ topic, partition: 0, offset: 0 }], LIMITS);
        assertEquals([fetched.end, textsOf(fetched)], [3, ["one", "two"]]);
      }),
    );

    it(
      "a batch that follows on nothing is refused",
      on(async (bench) => {
        const { topic, line, identity, batch, send } = await place(bench);
        await line.addPartitions(identity, [{ topic, partitions: [0] }]);
        assertEquals(await send(batch("one", 0)), []);
        assertEquals(await send(batch("three", 2)), [OUT_OF_ORDER_SEQUENCE]);
        assertEquals(await send(batch("two", 1)), []);
      }),
    );

    it(
      "sequence numbers go on over the end of a transaction, and begin anew in a new life",
      on(async (bench) => {
        const { topic, leader, line, identity, batch, send } = await place(bench);
        const add = (who: ProducerIdentity) =>
          patiently(line, bench.clock, () => line.addPartitions(who, [{ topic, partitions: [0] }]));
        await add(identity);
        assertEquals(await send(batch("one", 0)), []);
        await line.endTransaction(identity, true);
        await add(identity);
        assertEquals(await send(batch("skips", 2)), [OUT_OF_ORDER_SEQUENCE]);
        assertEquals(await send(batch("two", 1)), []);
        await line.endTransaction(identity, true);
        const next = await initialise(line, identity.transactionalId, { clock: bench.clock, timeout: 10_000 });
        await add(next);
        const encode = (text: string, sequence: number) =>
          encodeBatch([record(topic, { text })], { start: 0, limit: 1000, identity: next, sequence }).bytes;
        const again = async (text: string, sequence: number) => {
          const sent = [{ topic, partition: 0, batch: encode(text, sequence) }];
          const { failures } = await line.produce(leader, next, sent);
          return failures.map(({ error }) => error);
        };
        assertEquals(await again("goes on", 2), [OUT_OF_ORDER_SEQUENCE]);
        assertEquals(await again("three", 0), []);
      }),
    );

    it(
      "a timestamp too far ahead and a batch too large are refused for ever",
      on(async (bench) => {
        const config = { "max.message.bytes": "1000", "message.timestamp.after.max.ms": "60000" };
        const { topic, line, identity, batch, send } = await place(bench, config);
        await line.addPartitions(identity, [{ topic, partitions: [0] }]);
        assertEquals(await send(batch("tomorrow", 0, bench.now() + 86_400_000)), [INVALID_TIMESTAMP]);
        assertEquals(await send(batch("x".repeat(1000), 0)), [MESSAGE_TOO_LARGE]);
        assertEquals(await send(batch("soon", 0, bench.now() + 30_000)), []);
        assertEquals(await send(batch("long ago", 1, -1)), []);
      }),
    );
  });
});

/** What is read. */
const fetches = contract((name, on, ignore) => {
  describe(`${name}, fetches`, { ignore }, () => {
    it(
      "a fetch says that an offset is out of range, at both ends",
      on(async (bench) => {
        const { topic, leader, line } = await place(bench);
        await publish(
          { connection: finishing(bench.connection), store: NO_STORE },
          ["a", "b"].map((text) => record(topic, { text })),
        );
        await bench.kafka.deleteRecords(topic, 0, 1);
        const at = async (offset: number) =>
          (await line.fetch(leader, [{ topic, partition: 0, offset }], LIMITS))[0].error;
        assertEquals(await Promise.all([0, 1, 3, 4].map(at)), [CODE.offsetOutOfRange, 0, 0, CODE.offsetOutOfRange]);
      }),
    );

    it(
      "a fetch waits for the end of a transaction, and says how far one may see",
      on(async (bench) => {
        const { topic, leader, line, identity, batch, send } = await place(bench);
        await line.addPartitions(identity, [{ topic, partitions: [0] }]);
        assertEquals(await send(batch("held", 0)), []);
        const [empty] = await line.fetch(leader, [{ topic, partition: 0, offset: 0 }], { ...LIMITS, wait: 20 });
        assertEquals([empty.error, empty.end, empty.batches.length], [0, 0, 0]);
        const reader = await bench.line();
        const began = bench.clock.elapsed();
        const waiting = reader.fetch(leader, [{ topic, partition: 0, offset: 0 }], { ...LIMITS, wait: 30_000 });
        await line.endTransaction(identity, true);
        const [fetched] = await waiting;
        assert(bench.clock.elapsed() - began < 30_000, "the end woke nobody: the fetch waited for as long as it might");
        assertEquals([fetched.end, textsOf(fetched)], [2, ["held"]]);
        assertEquals(decodePartition(fetched, 0).position, 2);
      }),
    );

    it(
      "a fetch brings at least one whole batch, and goes on where it stood",
      on(async (bench) => {
        const { topic, leader, line, identity, batch, send } = await place(bench);
        await line.addPartitions(identity, [{ topic, partitions: [0] }]);
        const texts = Array.from({ length: 5 }, (_, index) => `${index} ${"x".repeat(100)}`);
        for (const [index, text] of texts.entries()) assertEquals(await send(batch(text, index)), []);
        await line.endTransaction(identity, true);
        await initialise(line, identity.transactionalId, { clock: bench.clock, timeout: 10_000 });
        const seen: (string | null)[] = [];
        let offset = 0;
        while (offset < 6) {
          const limits = { wait: 0, partitionBytes: 250, bytes: 250 };
          const [fetched] = await line.fetch(leader, [{ topic, partition: 0, offset }], limits);
          seen.push(...textsOf(fetched, offset));
          const { position } = decodePartition(fetched, offset);
          assert(position > offset, `a fetch at offset ${offset} brought nothing`);
          offset = position;
        }
        assertEquals(seen, texts);
      }),
    );

    it(
      "a fetch that is under way is lost when its line is renewed, and closed when the line is",
      on(async (bench) => {
        const { topic, leader } = await place(bench);
        const line = await bench.line();
        const wait = () => line.fetch(leader, [{ topic, partition: 0, offset: 0 }], { ...LIMITS, wait: 30_000 });
        const kindOf = async (fetch: Promise<unknown>) => (await assertRejects(() => fetch, KafkaError)).kind;
        const lost = kindOf(wait());
        line.renew();
        // Whoever asked rides that out: it is no end.
        assertEquals(await lost, "connection");
        await line.connect();
        const ended = kindOf(wait());
        await line.close();
        assertEquals(await ended, "closed");
      }),
    );

    it(
      "there is nothing to read of a topic that is not there",
      on(async (bench) => {
        const { leader, line } = await place(bench);
        const topic = freshTopic();
        assertEquals(await line.places(topic), undefined);
        const [fetched] = await line.fetch(leader, [{ topic, partition: 0, offset: 0 }], LIMITS);
        assertEquals(fetched.error, CODE.unknownTopicOrPartition);
      }),
    );

    it(
      "records are deleted below an offset, which is then the first one",
      on(async (bench) => {
        const { topic, line } = await place(bench);
        await publish(
          { connection: finishing(bench.connection), store: NO_STORE },
          ["a", "b", "c"].map((text) => record(topic, { text })),
        );
        const places = (await line.places(topic))!;
        await line.deleteRecords(topic, places, new Map([[0, 2]]));
        assertEquals(await line.listOffsets(topic, places, -2), [2]);
        await assertRefused(line.deleteRecords(topic, places, new Map([[0, 1_000]])), CODE.offsetOutOfRange);
      }),
    );

    it(
      "a topic is made once and only grows",
      on(async (bench) => {
        const { topic, line } = await place(bench);
        await assertRefused(line.createTopic(topic, 2), CODE.topicAlreadyExists);
        await assertRefused(line.growTopic(topic, 1), 37);
        await line.growTopic(topic, 2);
        await assertRefused(line.growTopic(freshTopic(), 2), CODE.unknownTopicOrPartition);
      }),
    );
  });
});

/** Registers the contract's tests for one Kafka. */
export function driverContract(name: string, making: KafkaMaking): void {
  for (const part of [topics, transactions, batches, fetches]) part(name, making);
}
