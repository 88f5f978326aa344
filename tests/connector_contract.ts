/**
 * What every connector owes the runtime, whatever it lies on: one suite over the port of `connectors/connector.ts`.
 *
 * A connector's own test calls {@linkcode connectorContract} with a way to make itself. Nothing here knows how results become
 * visible there: `publish` does it through whichever of the port's two ways the connection has.
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { bytesName } from "../base/text.ts";
import type { OutputRecord, RecordHeaders, StartOffset } from "../connectors/connector.ts";
import { keyPartition } from "../connectors/partitioner.ts";
import { APPENDING } from "./support/connector_appending.ts";
import { EDGES, READING, STAGING } from "./support/connector_reading.ts";
import { type Case, type ContractSubject, onBench } from "./support/connector_bench.ts";
import { assertContiguous, freshTopic, record, startReading, textOf } from "./support/recording_reader.ts";

/** In what connectors may differ. */
export interface ContractTraits {
  /** A topic that is missing is made with one partition when it is first used. @default false */
  readonly makesTopics?: boolean;
}

export type { ContractSubject };

const encoder = new TextEncoder();

/** Registers the contract's tests for one connector. */
export function connectorContract(
  name: string,
  make: () => Promise<ContractSubject>,
  { ignore = false, ...traits }: ContractTraits & { ignore?: boolean } = {},
): void {
  const topics = { ...TOPICS, ...(traits.makesTopics ? LENIENT : STRICT) };
  const groups = { topics, records: RECORDS, reading: READING, edges: EDGES, staging: STAGING, appending: APPENDING };
  describe({
    name: `${name} as a connector`,
    ignore,
    fn: () => {
      for (const [group, cases] of Object.entries(groups)) {
        describe(group, () => {
          for (const [sentence, run] of Object.entries(cases)) it(sentence, () => onBench(make, run));
        });
      }
    },
  });
}

const TOPICS: Record<string, Case> = {
  "describes a topic that was made": async ({ connection, topic }) => {
    const name = await topic(3);
    const info = await connection.topic(name);
    assertEquals(info?.partitions, 3);
    assert(info!.maxRecordBytes >= 1_000_000);
    for (const key of ["", "a", "user-17", "ünïcode"]) {
      const bytes = encoder.encode(key);
      assertEquals(info!.partitionOf(bytes), keyPartition(bytes, 3));
    }
  },
  "keeps the records of a transient topic until they are deleted, and reads on behind them": async (
    { connection, publish, read },
  ) => {
    const name = freshTopic();
    await connection.createTopic(name, 2, { transient: true });
    await publish(Array.from({ length: 6 }, (_, n) => record(name, { partition: n % 2, text: `${n}` })));
    await connection.deleteBefore(name, new Map([[0, 2]]));
    await connection.deleteBefore(name, new Map([[0, 2], [1, 0]]));
    const [one, other] = await connection.bounds(name);
    // A connector may keep records that lie in one chunk with others.
    assert(one.earliest <= 2, `${one.earliest}`);
    assertEquals(other.earliest, 0);
    await using reading = await read(name, { starts: [{ topic: name, partition: 0, offset: 2 }] });
    await reading.count(1);
    assertEquals(reading.records.map(textOf), ["4"]);
  },
  "shows a new topic as empty": async ({ connection, topic }) => {
    const name = await topic(2);
    assertEquals(await connection.bounds(name), [{ earliest: 0, latest: 0 }, { earliest: 0, latest: 0 }]);
    assertEquals(await connection.offsets(name, "earliest"), [0, 0]);
    assertEquals(await connection.offsets(name, "latest"), [0, 0]);
    assertEquals(await connection.offsets(name, 0), [0, 0]);
    assertEquals((await connection.shown("contract-nobody", name)).size, 0);
  },
};

const STRICT: Record<string, Case> = {
  "knows no topic that was not made": async ({ connection }) => {
    assertEquals(await connection.topic(freshTopic()), undefined);
  },
  "refuses to read a topic that was not made, and names it": async ({ connection }) => {
    const name = freshTopic();
    const starts: StartOffset[] = [];
    const error = await assertRejects(() => startReading(connection, { topics: [name], starts }), Error);
    assertStringIncludes(error.message, name);
  },
};

const LENIENT: Record<string, Case> = {
  "makes a missing topic with one partition": async ({ connection }) => {
    assertEquals((await connection.topic(freshTopic()))?.partitions, 1);
  },
};

const RECORDS: Record<string, Case> = {
  "carries keys, values, headers and timestamps as they are": async ({ topic, publish, read }) => {
    const name = await topic(1);
    const every = Uint8Array.from({ length: 256 }, (_, index) => index);
    const written = [
      record(name, {
        key: encoder.encode("k"),
        text: "v",
        headers: [["tidemark.time", encoder.encode("7")], ["ü", every]],
      }),
      record(name, { key: null, value: null, timestamp: 0 }),
      record(name, { key: new Uint8Array(), value: new Uint8Array(), timestamp: 1 }),
      record(name, { key: every, value: every, timestamp: 1_700_000_000_123 }),
      record(name, { text: "after", headers: [["empty", new Uint8Array()]] }),
    ];
    await publish(written);
    await using reading = await read(name);
    await reading.count(written.length);
    assertEquals(reading.records.map(plain), written.map((one, offset) => plain({ ...one, offset })));
  },
  "carries headers as a list, two of one name, some without a value and names of any bytes": async (bench) => {
    const { topic, publish, read } = bench;
    const name = await topic(1);
    const headers: RecordHeaders = [
      ["trace", encoder.encode("1")],
      ["trace", encoder.encode("2")],
      ["none", null],
      ["empty", new Uint8Array()],
      ["__proto__", encoder.encode("x")],
      ["constructor", null],
      ["2", null],
      ["1", null],
      ["", encoder.encode("\ufeff")],
      ["\ufeffmark", null],
      [bytesName(new Uint8Array([0x61, 0xff, 0x80])), null],
    ];
    await publish([
      record(name, { headers }),
      record(name, { headers: [] }),
      record(name, { headers: headers.toReversed() }),
    ]);
    await using reading = await read(name);
    await reading.count(3);
    assertEquals(reading.records.map((one) => one.headers ?? []), [headers, [], headers.toReversed()]);
  },
  "carries timestamps as they are, in any order and of any age": async ({ topic, publish, read }) => {
    const name = await topic(1);
    const times = [1_700_000_000_123, 0, 1, -62_135_596_800_000, 1_600_000_000_000, -7, 1_700_000_000_122];
    await publish(times.map((timestamp) => record(name, { timestamp })));
    await using reading = await read(name);
    await reading.count(times.length);
    assertEquals(reading.records.map(({ timestamp }) => timestamp), times);
  },
  "carries a value of 900 KB": async ({ topic, publish, read }) => {
    const name = await topic(1);
    const value = new Uint8Array(900_000);
    for (let at = 0; at < value.length; at++) value[at] = (at * 31) ^ (at >> 8);
    await publish([record(name, { text: "before" }), record(name, { value }), record(name, { text: "after" })]);
    await using reading = await read(name);
    await reading.count(3);
    assert(reading.records[1].value!.every((byte, at) => byte === value[at]));
    assertEquals(reading.records[1].value!.length, value.length);
    assertEquals([textOf(reading.records[0]), textOf(reading.records[2])], ["before", "after"]);
  },
  "keeps the order of each partition, and its offsets have no gap": async ({ connection, topic, publish, read }) => {
    const name = await topic(3);
    const written = Array.from({ length: 600 }, (_, index) => record(name, { partition: index % 3, text: `${index}` }));
    await publish(written.slice(0, 250));
    await publish(written.slice(250));
    await using reading = await read(name);
    await reading.count(600);
    for (const partition of [0, 1, 2]) {
      const expected = written.filter((one) => one.partition === partition);
      assertEquals(reading.of(partition).map(({ value }) => value), expected.map(({ value }) => value));
      assertContiguous(reading.batches.filter((batch) => batch.partition === partition));
    }
    assertEquals((await connection.bounds(name)).map(({ earliest }) => earliest), [0, 0, 0]);
  },
  "carries records of several topics in one go": async ({ connection, topic, publish }) => {
    const [one, two] = [await topic(1), await topic(2)];
    await publish([record(one, { text: "a" }), record(two, { partition: 1, text: "b" }), record(one, { text: "c" })]);
    await using reading = await startReading(connection, { topics: [one, two] });
    await reading.count(3);
    const found = reading.records.map((each) => `${each.topic === one ? 1 : 2}/${each.partition} ${textOf(each)}`);
    assertEquals(found.sort(), ["1/0 a", "1/0 c", "2/1 b"]);
  },
};

/** A record without what differs between written and read: bytes as arrays, headers by name. */
function plain(one: OutputRecord & { readonly offset: number }): unknown {
  const { topic, partition, offset, timestamp, key, value, headers } = one;
  const bytes = (array: Uint8Array | null) => array === null ? null : [...array];
  const named = (headers ?? []).map(([name, content]) => [name, bytes(content)]);
  return { topic, partition, offset, timestamp, key: bytes(key), value: bytes(value), headers: named };
}
