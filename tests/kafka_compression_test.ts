/** Compression of results: what is written is read back, by our own decoder and by Kafka's, and the other way round. */
import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { map } from "rxjs";
import { run } from "@tidemark/streams";
import { kafka, type KafkaCompression } from "@tidemark/streams/kafka";
import { CODE } from "../connectors/kafka/errors.ts";
import { Loads } from "../connectors/kafka/loads.ts";
import { CODEC, CODEC_NAMES } from "../connectors/kafka/codecs.ts";
import { compress } from "../connectors/kafka/compress.ts";
import { decompress } from "../connectors/kafka/decompress.ts";
import { KafkaJsDriver } from "../connectors/kafka/kafkajs_driver.ts";
import { encodeBatch } from "../connectors/kafka/record_batch_encode.ts";
import { brokers, connect, createTopicWith, ignore, plainClient } from "./support/kafka.ts";
import { freshTopic, record, startReading, textOf } from "./support/recording_reader.ts";

const CODECS = CODEC_NAMES.filter((name) => name !== "none");
const identity = { transactionalId: "id", producer: 4711, epoch: 3 };

/** Bytes with repetitions at any distance: parts that come again, runs, and noise. */
const repetitive: fc.Arbitrary<Uint8Array> = fc.tuple(
  fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 8 }),
  fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 400 })), { maxLength: 40 }),
).map(([parts, order]) => {
  const bytes: number[] = [];
  for (const [which, times] of order) {
    for (let time = 0; time < (which % 3 === 0 ? times : 1); time++) {
      for (const byte of parts[which % parts.length]) bytes.push(byte);
    }
  }
  return Uint8Array.from(bytes);
});

describe("What is compressed", () => {
  for (const name of CODECS) {
    it(`is unpacked to the same bytes (${name})`, () => {
      fc.assert(
        fc.property(fc.oneof(fc.uint8Array({ maxLength: 5000 }), repetitive), (bytes) => {
          const copy = bytes.slice();
          const packed = compress(CODEC[name], bytes);
          assertEquals(decompress(CODEC[name], packed, Math.max(1, bytes.length)), copy);
          assertEquals(bytes, copy, "the input is as it was");
        }),
        { numRuns: 60 },
      );
    });

    it(`is unpacked at each length near the limits of a block, whatever it holds (${name})`, () => {
      const noise = Uint8Array.from({ length: 140_000 }, (_, at) => Math.imul(at * at + 7, 0x9e3779b1) >>> 24);
      const words = Uint8Array.from({ length: 140_000 }, (_, at) => "abcabcdab"[at % 9].charCodeAt(0) + (at >> 12));
      for (const source of [noise, words, new Uint8Array(140_000)]) {
        for (const length of [...Array(40).keys(), 65_535, 65_536, 65_537, 65_548, 131_072, 131_073]) {
          const bytes = source.subarray(1, 1 + length);
          assertEquals(decompress(CODEC[name], compress(CODEC[name], bytes), 200_000), bytes.slice());
        }
      }
    });

    it(`gets much smaller where it repeats itself (${name})`, () => {
      const bytes = new TextEncoder().encode(JSON.stringify({ user: "ada", product: "tea", at: 1 }).repeat(1000));
      assertLess(compress(CODEC[name], bytes).length, bytes.length / 10);
    });
  }

  it("has a codec that there is", () => {
    assertThrows(() => compress(5, new Uint8Array(9)), RangeError, "codec 5 is unknown");
  });
});

describe("A compressed batch", () => {
  it("is limited by its size without compression, which a broker may store", () => {
    const records = Array.from({ length: 10 }, () => record("t", { text: "x".repeat(100) }));
    const options = { start: 0, limit: 400, identity, sequence: 0 };
    const plain = encodeBatch(records, options);
    for (const name of CODECS) {
      const { bytes, count, plainBytes } = encodeBatch(records, { ...options, codec: CODEC[name] });
      assertEquals([count, plainBytes], [plain.count, plain.bytes.length]);
      assertLess(bytes.length, plainBytes);
      assertEquals(bytes[22] & 7, CODEC[name]);
    }
  });

  it("that is refused as too large is written in halves of what it holds", () => {
    const loads = new Loads(() => ({ leaders: ["1"], batchBytes: 1_000_000 }), CODEC.gzip);
    const load = loads.of("t", 0)!;
    for (let at = 0; at < 100; at++) load.add(record("t", { text: "x".repeat(100) }), at);
    const sequences = new Map<string, number>();
    const whole = load.next(identity, sequences);
    assertEquals(whole.count, 100);
    assertLess(whole.batch.length, whole.plainBytes / 20);
    const failure = { topic: "t", partition: 0, error: CODE.messageTooLarge, records: [], said: undefined };
    assertEquals(load.refuse(whole, failure, sequences), []);
    assertEquals(load.next(identity, sequences).count, 49);
  });

  it("is not compressed where that makes it no smaller", () => {
    const records = [record("t", { text: "x" })];
    const options = { start: 0, limit: 400, identity, sequence: 0 };
    for (const name of CODECS) {
      assertEquals(encodeBatch(records, { ...options, codec: CODEC[name] }), encodeBatch(records, options));
    }
  });
});

const WORDS = Array.from({ length: 400 }, (_, at) => `{"user":"user ${at % 17}","product":"tea","at":${at * 37}}`);
/** Noise, as text: literals in all codecs. */
const NOISE = Array.from(
  { length: 3000 },
  (_, at) => String.fromCharCode(33 + (Math.imul(at * at + 7, 0x9e3779b1) >>> 26)),
)
  .join("");
const TEXTS = [...WORDS, NOISE, "x".repeat(200_000), ...WORDS];

async function produce(topic: string): Promise<void> {
  const producer = plainClient().producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  await producer.send({ topic, messages: TEXTS.map((text) => ({ value: JSON.stringify(text) })) });
  await producer.disconnect();
}

/** The codecs of the batches of a topic's only partition with records, as the broker has them on its disk. */
async function storedCodecs(topic: string): Promise<ReadonlySet<number>> {
  const line = new KafkaJsDriver(brokers, {}).line();
  await line.connect();
  const [{ leader }] = (await line.places(topic))!;
  const limits = { wait: 100, partitionBytes: 8_000_000, bytes: 8_000_000 };
  const [{ batches }] = await line.fetch(leader!, [{ topic, partition: 0, offset: 0 }], limits);
  await line.close();
  const view = new DataView(batches.buffer, batches.byteOffset, batches.length);
  const found = new Set<number>();
  for (let at = 0; at + 61 <= batches.length; at += 12 + view.getInt32(at + 8)) {
    const attributes = view.getInt16(at + 21);
    if ((attributes & 0x20) === 0) found.add(attributes & 7);
  }
  return found;
}

/** The values of a topic, as a reader of another process sees them. */
async function values(topic: string): Promise<unknown[]> {
  const connection = await connect();
  await using reading = await startReading(connection, { topics: [topic] });
  // The broker writes the marker of a transaction after it has answered that the transaction is over, so the end that
  // a reader finds first may lie before the results.
  await reading.count(TEXTS.length);
  const seen = reading.records.map((one) => JSON.parse(textOf(one)!));
  await reading.reader.stop();
  await connection.close();
  return seen;
}

/** Copies a topic by a job that compresses its results. */
async function copy(input: string, output: string, compression: KafkaCompression): Promise<void> {
  const broker = kafka({ brokers, compression });
  const pipeline = broker.source<string>(input).pipe(map((text) => `${text}`), broker.sink(output));
  await using job = await run(pipeline, { name: output, state: ":memory:", until: "end", log: () => {} });
  assertEquals((await job.finished).reason, "finished");
}

describe("A job on Kafka with compression", { ignore }, () => {
  for (const name of CODEC_NAMES) {
    it(`reads what the broker has compressed, and writes what it stores as it is and unpacks (${name})`, async () => {
      const [input, stored, unpacked] = [freshTopic(), freshTopic(), freshTopic()];
      // The broker compresses, with Kafka's own code, what a plain client writes to it.
      await createTopicWith(input, { "compression.type": name === "none" ? "uncompressed" : name });
      await createTopicWith(stored, { "compression.type": "producer" });
      // The broker unpacks what is written to this one.
      await createTopicWith(unpacked, { "compression.type": "uncompressed" });
      await produce(input);
      assertEquals(await storedCodecs(input), new Set([CODEC[name]]));
      for (const output of [stored, unpacked]) {
        await copy(input, output, name);
        assertEquals(await values(output), TEXTS);
      }
      assert((await storedCodecs(stored)).has(CODEC[name]));
      assertEquals(await storedCodecs(unpacked), new Set([0]));
    });
  }
});
