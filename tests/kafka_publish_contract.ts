/** What publishing on Kafka owes the engine, real or simulated: results and markers together, fences, and what readers see. */
import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { type AfterCommit, type Connection, type OutputRecord, RefusedError } from "../connectors/connector.ts";
import { encodeBatch } from "../connectors/kafka/record_batch_encode.ts";
import { initialise } from "../connectors/kafka/steps.ts";
import { FencedError, UnavailableError } from "../state/errors.ts";
import { afterCommit, deliver, epochOf, prepared } from "./support/deliveries.ts";
import type { KafkaBench, KafkaContract } from "./support/kafka_subject.ts";
import { freshTopic, record, type RecordingReader, startReading, textOf } from "./support/recording_reader.ts";

/** A topic for results, and a delivery that is ready for a job of two tasks. */
async function place(
  connection: Connection,
): Promise<{ topic: string; id: string; delivery: AfterCommit }> {
  const topic = freshTopic();
  await connection.createTopic(topic, 2);
  return { topic, id: `${topic}-producer`, delivery: await prepared(connection, topic, 2) };
}

const at = (epoch: number) => ({ epoch, rows: 0, moved: 0 });

/** Reads the first partition until its position has reached its last stable offset. */
async function readToEnd(connection: Connection, topic: string): Promise<RecordingReader> {
  const reading = await startReading(connection, { topics: [topic] });
  await reading.until(
    "the end of both partitions",
    () =>
      [0, 1].every((partition) =>
        reading.batches.some((batch) => batch.partition === partition && batch.position === batch.end)
      ),
  );
  return reading;
}

/** Begins a transaction on a line of its own, writes a record, and leaves it open: as a worker that dies. */
export async function leaveOpen(
  { line, clock }: KafkaBench,
  { topic, id }: { readonly topic: string; readonly id: string },
  text: string,
): Promise<{ commit(): Promise<void> }> {
  const own = await line();
  const identity = await initialise(own, id, { clock, timeout: 10_000 });
  const places = (await own.places(topic))!;
  await own.addPartitions(identity, [{ topic, partitions: [0] }]);
  const { bytes } = encodeBatch([record(topic, { text })], { start: 0, limit: 1_000_000, identity, sequence: 0 });
  const { failures } = await own.produce(places[0].leader!, identity, [{ topic, partition: 0, batch: bytes }]);
  assertEquals(failures, []);
  return { commit: () => own.endTransaction(identity, true) };
}

export const publishContract: KafkaContract = {
  "publish() makes results and markers visible together": async ({ connection }) => {
    const { topic, id, delivery } = await place(connection);
    const producer = await delivery.open(id);
    const rows = [record(topic, { text: "one" })];
    await producer.publish([epochOf(rows), epochOf([], 5, 1)]);
    await deliver(producer, [record(topic, { text: "two" })], 2);
    await delivery.fence(id);
    assertEquals(await delivery.published([0, 1]), new Map([[0, at(2)], [1, at(5)]]));
    await using reading = await readToEnd(connection, topic);
    assertEquals(reading.records.map(textOf), ["one", "two"]);
    await reading.reader.stop();
  },
  "publish() carries the number of an epoch without results": async ({ connection }) => {
    const { id, delivery } = await place(connection);
    const producer = await delivery.open(id);
    await deliver(producer, [], 7);
    await producer.publish([]);
    await delivery.fence(id);
    assertEquals(await delivery.published([0, 1]), new Map([[0, at(7)]]));
  },
  "published() leaves out tasks that have none": async ({ connection }) => {
    const { delivery } = await place(connection);
    assertEquals(await delivery.published([0, 1]), new Map());
  },
  "publish() rejects with FencedError once a successor is initialised, and nothing of it is seen": async (
    { connection },
  ) => {
    const { topic, id, delivery } = await place(connection);
    const first = await delivery.open(id);
    await deliver(first, [record(topic, { text: "first" })], 1);
    const second = await delivery.open(id);
    const error = await assertRejects(
      () => deliver(first, [record(topic, { text: "zombie" })], 2),
      FencedError,
    );
    assertStringIncludes(error.message, `as "${id}": another producer with the same id took over`);
    await assertRejects(() => deliver(first, [record(topic)]), FencedError);
    assertEquals(await delivery.published([0, 1]), new Map([[0, at(1)]]));
    await deliver(second, [record(topic, { text: "second" })], 2);
    await delivery.fence(id);
    assertEquals(await delivery.published([0, 1]), new Map([[0, at(2)]]));
    await using reading = await readToEnd(connection, topic);
    assertEquals(reading.records.map(textOf), ["first", "second"]);
    await reading.reader.stop();
  },
  "fence() ends what a dead producer left open, so that readers are not held back": async (bench) => {
    const { connection } = bench;
    const { topic, id, delivery } = await place(connection);
    const dead = await leaveOpen(bench, { topic, id }, "never committed");
    const other = await delivery.open(`${id}-other`);
    await deliver(other, [record(topic, { text: "behind it" })]);
    // A commit returns some moments before its control records are written, and fencing waits for them.
    await delivery.fence(`${id}-other`);
    // The last stable offset stands before what is open: nothing behind it can be seen.
    assertEquals((await connection.offsets(topic, "latest"))[0], 0);
    assertEquals((await connection.bounds(topic))[0], { earliest: 0, latest: 3 });
    await delivery.fence(id);
    await using reading = await startReading(connection, { topics: [topic] });
    await reading.count(1);
    assertEquals(reading.records.map(textOf), ["behind it"]);
    assertEquals(reading.records[0].offset, 1);
    await assertRejects(() => dead.commit());
    await reading.reader.stop();
  },
  "a reader passes over aborted and control records, and its position reaches the end": async (bench) => {
    const { connection } = bench;
    const { topic, id, delivery } = await place(connection);
    const producer = await delivery.open(`${id}-good`);
    await deliver(producer, [record(topic, { text: "a" })]);
    for (const text of ["x", "y"]) {
      await leaveOpen(bench, { topic, id }, text);
      await delivery.fence(id);
    }
    await deliver(producer, [record(topic, { text: "b" })]);
    // 0 a, 1 control, 2 x, 3 control, 4 y, 5 control, 6 b, 7 control.
    await using reading = await startReading(connection, { topics: [topic] });
    await reading.until(
      "the end",
      () => reading.batches.some(({ partition, position }) => partition === 0 && position === 8),
    );
    assertEquals(reading.of(0).map(({ offset, value }) => [offset, new TextDecoder().decode(value!)]), [[0, "a"], [
      6,
      "b",
    ]]);
    const last = reading.batches.filter(({ partition }) => partition === 0).at(-1)!;
    assertEquals([last.position, last.end], [8, 8]);
    await reading.reader.stop();
  },
  "a reader does not see past a transaction that is open, and says that it is at its end": async (bench) => {
    const { connection } = bench;
    const { topic, id } = await place(connection);
    const open = await leaveOpen(bench, { topic, id }, "open");
    await using reading = await readToEnd(connection, topic);
    assertEquals(reading.of(0), []);
    await open.commit();
    await reading.count(1);
    assertEquals(reading.records.map(textOf), ["open"]);
    await reading.reader.stop();
  },
  "publish() splits what is too much for one batch, and keeps the order": async ({ connection }) => {
    const { topic, id, delivery } = await place(connection);
    const producer = await delivery.open(id);
    const records: OutputRecord[] = Array.from(
      { length: 4000 },
      (_, index) =>
        record(topic, { partition: index % 2, key: new TextEncoder().encode(`${index}`), value: new Uint8Array(1500) }),
    );
    await deliver(producer, records);
    await deliver(producer, [record(topic, { text: "last" })]);
    await using reading = await startReading(connection, { topics: [topic] });
    await reading.count(4001);
    for (const partition of [0, 1]) {
      const keys = reading.of(partition).filter(({ key }) => key !== null).map(({ key }) =>
        Number(new TextDecoder().decode(key!))
      );
      assertEquals(keys, Array.from({ length: 2000 }, (_, index) => index * 2 + partition));
    }
    await reading.reader.stop();
  },
  "publish() rejects what the broker refuses, and says what it was": async ({ connection, now }) => {
    const { topic, id, delivery } = await place(connection);
    const producer = await delivery.open(id);
    const tomorrow = now() + 24 * 60 * 60 * 1000;
    const late = [record(topic, { timestamp: tomorrow })];
    const error = await assertRejects(() => deliver(producer, late), RefusedError, "INVALID_TIMESTAMP");
    assertStringIncludes(error.message, `a result for topic "${topic}" partition 0 can never be published`);
    const none = await delivery.open(id);
    const nowhere = [record(topic, { partition: 9 })];
    await assertRejects(() => deliver(none, nowhere), RefusedError, `topic "${topic}" has 2 partitions now`);
    // What is refused has left nothing open that would hold readers back.
    const next = await delivery.open(`${id}-next`);
    await deliver(next, [record(topic, { text: "next" })]);
    await using reading = await startReading(connection, { topics: [topic] });
    await reading.count(1);
    await reading.reader.stop();
  },
  "publish() moves what the broker refuses for good out of the way, and everything else is where it belongs": async (
    { connection, now },
  ) => {
    const { topic, id, delivery } = await place(connection);
    const dead = freshTopic();
    await connection.createTopic(dead, 1);
    const life = await delivery.open(id);
    const tomorrow = now() + 24 * 60 * 60 * 1000;
    const rows = ["a", "b", "c", "d", "e"].map((text) =>
      record(topic, {
        text,
        partition: text === "e" ? 7 : 0,
        timestamp: text === "b" || text === "d" ? tomorrow : now(),
      })
    );
    const letter = (row: OutputRecord, reason: string) => {
      assertMatch(reason, /INVALID_TIMESTAMP|has 2 partitions now/);
      return { ...row, topic: dead, partition: 0, timestamp: now() };
    };
    const reached = await life.publish([epochOf(rows)], letter);
    assertEquals(reached, new Map([[0, { epoch: 1, rows: 0, moved: 3 }]]));
    await delivery.fence(id);
    assertEquals(await delivery.published([0]), reached);
    const expected: [string, string[]][] = [[topic, ["a", "c"]], [dead, ["e", "b", "d"]]];
    for (const [where, texts] of expected) {
      await using reading = await startReading(connection, { topics: [where] });
      await reading.count(texts.length);
      assertEquals(reading.records.map(textOf), texts);
      await reading.reader.stop();
    }
  },
  "publish() goes on inside of an epoch where the one before stopped": async ({ connection }) => {
    const { topic, id, delivery } = await place(connection);
    const rows = ["a", "b", "c"].map((text) => record(topic, { text }));
    const [whole] = [epochOf(rows, 4)];
    const life = await delivery.open(id);
    await life.publish([{ ...whole, from: { epoch: 3, rows: 2, moved: 5 } }]);
    await delivery.fence(id);
    assertEquals(await delivery.published([0]), new Map([[0, { epoch: 4, rows: 0, moved: 5 }]]));
    await using reading = await startReading(connection, { topics: [topic] });
    await reading.count(1);
    assertEquals(reading.records.map(textOf), ["c"]);
    await reading.reader.stop();
  },
  "rehearse() leaves nothing behind that a reader sees, and the life can publish": async ({ connection }) => {
    const { topic, id, delivery } = await place(connection);
    const life = await delivery.rehearse(id, new Map([[topic, 2]]));
    await deliver(life, [record(topic, { text: "after it" })]);
    await delivery.fence(id);
    assertEquals(await delivery.published([0, 1]), new Map([[0, at(1)]]));
    await using reading = await startReading(connection, { topics: [topic] });
    await reading.count(1);
    assertEquals(reading.records.map(textOf), ["after it"]);
    await reading.reader.stop();
  },
  "prepare() makes the topic once and raises its partitions": async ({ connection }) => {
    const job = freshTopic(), topic = `${job}.tidemark`;
    assertEquals(await afterCommit(connection).knows(job), false);
    await prepared(connection, job, 2);
    assertEquals(await afterCommit(connection).knows(job), true);
    await prepared(connection, job, 2);
    assertEquals((await connection.topic(topic))?.partitions, 2);
    await prepared(connection, job, 5);
    assertEquals((await connection.topic(topic))?.partitions, 5);
    await prepared(connection, job, 3);
    assertEquals((await connection.topic(topic))?.partitions, 5);
  },
  "close() ends producers and readers that are still open": async ({ connection }) => {
    const { topic, id, delivery } = await place(connection);
    const producer = await delivery.open(id);
    const reading = await readToEnd(connection, topic);
    await connection.close();
    const { calls } = reading;
    await assertRejects(() => deliver(producer, [record(topic)]), Error, "closed");
    await assertRejects(() => connection.topic(topic), UnavailableError, "the connection to Kafka was closed");
    assertEquals(reading.calls, calls);
  },
};
