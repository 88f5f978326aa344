/**
 * What every connector owes the runtime, whatever it lies on: one suite over the port of `connectors/connector.ts`.
 *
 * A connector's own test calls {@linkcode connectorContract} with a way to make itself. Nothing here knows how results become
 * visible there: `publish` does it through whichever of the port's two ways the connection has.
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Connection, OutputRecord, StartOffset } from "../connectors/connector.ts";
import { keyPartition } from "../connectors/partitioner.ts";
import type { Store } from "../state/store.ts";
import {
  assertContiguous,
  freshTopic,
  publish,
  type Reading,
  record,
  type RecordingReader,
  startReading,
  textOf,
  writeStaged,
} from "./support/recording_reader.ts";

/** A connector under test, with a place of its own for topics. */
export interface ContractSubject extends AsyncDisposable {
  /** Opens the connector for a job of that name. The suite closes the connection. */
  connect(job: string): Promise<Connection>;
  /** The job's store, for connectors that publish in its atomics. */
  readonly store: Store;
}

/** In what connectors may differ. */
export interface ContractTraits {
  /** A topic that is missing is made with one partition when it is first used. @default false */
  readonly makesTopics?: boolean;
}

const encoder = new TextEncoder();

/** What a test of the contract works with. */
interface Bench {
  readonly connection: Connection;
  readonly store: Store;
  readonly subject: ContractSubject;
  /** Makes a topic of that many partitions and returns its name. */
  topic(partitions: number): Promise<string>;
  publish(records: readonly OutputRecord[]): Promise<void>;
  read(topic: string, reading?: Partial<Reading>): Promise<RecordingReader>;
}

type Case = (bench: Bench) => Promise<void>;

/** Registers the contract's tests for one connector. */
export function connectorContract(
  name: string,
  make: () => Promise<ContractSubject>,
  { ignore = false, ...traits }: ContractTraits & { ignore?: boolean } = {},
): void {
  const cases = { ...TOPICS, ...(traits.makesTopics ? LENIENT : STRICT), ...RECORDS, ...READING, ...EDGES, ...STAGING };
  for (const [sentence, run] of Object.entries(cases)) {
    Deno.test({
      name: `${name} ${sentence}`,
      ignore,
      fn: async () => {
        await using subject = await make();
        const connection = await subject.connect("contract");
        const place = { connection, store: subject.store };
        try {
          await run({
            ...place,
            subject,
            async topic(partitions) {
              const topic = freshTopic();
              await connection.createTopic(topic, partitions);
              return topic;
            },
            publish: (records) => publish(place, records),
            read: (topic, reading) => startReading(connection, { topics: [topic], ...reading }),
          });
        } finally {
          await connection.close();
        }
      },
    });
  }
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

const READING: Record<string, Case> = {
  "assigns every partition number to its one reader": async ({ topic, read }) => {
    const name = await topic(3);
    await using reading = await read(name);
    await reading.until("an assignment", () => reading.assignments.length > 0);
    assertEquals([...reading.assignments[0]].sort(), [0, 1, 2]);
  },
  "assigns one task for everything to a reader of a single task": async ({ topic, publish, read }) => {
    const name = await topic(3);
    await publish([0, 1, 2].map((partition) => record(name, { partition })));
    await using reading = await read(name, { tasks: "single" });
    await reading.count(3);
    assertEquals(reading.assignments, [[0]]);
    assertEquals(reading.records.map(({ partition }) => partition).sort(), [0, 1, 2]);
  },
  "begins where it is told": async ({ topic, publish, read }) => {
    const name = await topic(2);
    await publish(
      Array.from({ length: 20 }, (_, index) => record(name, { partition: index % 2, text: `${index >> 1}` })),
    );
    await using reading = await read(name, { starts: [{ topic: name, partition: 1, offset: 7 }] });
    await reading.count(3);
    assertEquals(reading.records.map(({ partition, offset }) => [partition, offset]), [[1, 7], [1, 8], [1, 9]]);
    assertEquals(reading.records.map(textOf), ["7", "8", "9"]);
  },
  "says where it stands, also in a partition that has nothing": async ({ topic, publish, read }) => {
    const name = await topic(2);
    await publish([record(name, { partition: 0, text: "only" })]);
    await using reading = await read(name);
    const atEnd = (partition: number) =>
      reading.batches.some((batch) => batch.partition === partition && batch.position === batch.end);
    await reading.until("both partitions at their end", () => atEnd(0) && atEnd(1));
    assertEquals(reading.of(1), []);
    assertContiguous(reading.batches.filter(({ partition }) => partition === 0));
  },
  "delivers what is published while it waits": async ({ topic, publish, read }) => {
    const name = await topic(1);
    await using reading = await read(name);
    await reading.until("the empty end", () => reading.batches.length > 0);
    for (const text of ["one", "two", "three"]) {
      const before = reading.records.length;
      await publish([record(name, { text })]);
      await reading.count(before + 1);
    }
    assertEquals(reading.records.map(textOf), ["one", "two", "three"]);
  },
  "delivers nothing of a paused partition until it is resumed": async ({ topic, publish, read }) => {
    const name = await topic(2);
    await using reading = await read(name);
    await reading.until("both ends", () => new Set(reading.batches.map(({ partition }) => partition)).size === 2);
    reading.reader.pause(name, 0);
    // What was under way for the paused partition is here before this one.
    await publish([record(name, { partition: 1, text: "first" })]);
    await reading.count(1);
    await publish([record(name, { partition: 0, text: "held" })]);
    await publish([record(name, { partition: 1, text: "second" })]);
    await reading.count(2);
    assertEquals(reading.records.map(textOf), ["first", "second"]);
    reading.reader.resume(name, 0);
    await reading.count(3);
    assertEquals(textOf(reading.records[2]), "held");
  },
  "can be paused from inside a batch": async ({ topic, publish, read }) => {
    const name = await topic(1);
    await publish(Array.from({ length: 9_000 }, (_, index) => record(name, { text: `${index}` })));
    await using reading = await read(name);
    reading.onBatch = ({ records }) => {
      if (records.length > 0) reading.reader.pause(name, 0);
    };
    let seen = 0;
    while (seen < 9_000) {
      await reading.count(seen + 1);
      seen = reading.records.length;
      reading.reader.resume(name, 0);
    }
    assertEquals(reading.records.map(({ offset }) => offset), Array.from({ length: 9_000 }, (_, index) => index));
  },
  "reads on from where it is sought to": async ({ topic, publish, read }) => {
    const name = await topic(1);
    await publish(["a", "b", "c"].map((text) => record(name, { text })));
    await using reading = await read(name);
    await reading.count(3);
    reading.reader.seek({ topic: name, partition: 0, offset: 1 });
    await reading.count(5);
    assertEquals(reading.records.map(textOf), ["a", "b", "c", "b", "c"]);
    reading.reader.seek({ topic: name, partition: 0, offset: 0 });
    await publish([record(name, { text: "d" })]);
    await reading.count(9);
    assertEquals(reading.records.slice(5).map(textOf), ["a", "b", "c", "d"]);
  },
  "calls nobody any more once it has stopped": async ({ topic, publish, read }) => {
    const name = await topic(1);
    const stopped = await read(name);
    await stopped.until("the empty end", () => stopped.batches.length > 0);
    await stopped.reader.stop();
    const calls = stopped.calls;
    await publish([record(name, { text: "late" })]);
    await using other = await read(name);
    await other.count(1);
    assertEquals(stopped.calls, calls);
  },
  "reads 20 partitions": async ({ topic, publish, read }) => {
    const name = await topic(20);
    await publish(Array.from({ length: 200 }, (_, index) => record(name, { partition: index % 20, text: `${index}` })));
    await using reading = await read(name);
    await reading.count(200);
    for (let partition = 0; partition < 20; partition++) {
      assertEquals(
        reading.of(partition).map(textOf),
        Array.from({ length: 10 }, (_, index) => `${index * 20 + partition}`),
      );
    }
  },
};

const EDGES: Record<string, Case> = {
  "asks where to go on when the offset lies beyond the end": async ({ topic, publish, read }) => {
    const name = await topic(1);
    await publish([record(name, { text: "a" }), record(name, { text: "b" })]);
    const starts = [{ topic: name, partition: 0, offset: 1_000 }];
    await using reading = await read(name, { starts, missing: (_wanted, bounds) => bounds.earliest });
    await reading.count(2);
    assertEquals(reading.missed.map(({ partition, wanted }) => [partition, wanted]), [[0, 1_000]]);
    assertEquals(reading.missed[0].bounds.earliest, 0);
    assert(reading.missed[0].bounds.latest >= 2);
    assertEquals(reading.records.map(textOf), ["a", "b"]);
  },
  "fails with the handler's own error when it knows no place to go on": async ({ topic, read }) => {
    const name = await topic(1);
    await using reading = await read(name, { starts: [{ topic: name, partition: 0, offset: 5 }] });
    await assertRejects(() => reading.until("nothing", () => false), Error, "offset 5 is gone");
    assertEquals(reading.records, []);
  },
  "finds the first offset at or after a time": async ({ connection, topic, publish }) => {
    const name = await topic(2);
    const base = 1_700_000_000_000;
    await publish([10, 20, 15, 30, 40].map((after) => record(name, { partition: 1, timestamp: base + after })));
    const at = async (after: number) => (await connection.offsets(name, base + after))[1];
    assertEquals(await at(0), 0);
    assertEquals(await at(15), 1);
    assertEquals(await at(25), 3);
    assertEquals(await at(31), 4);
    const { latest } = (await connection.bounds(name))[1];
    // Where a transaction ends with a record of its own, that one may be what is found; nothing that is seen lies there.
    const [none, behind] = await connection.offsets(name, base + 41);
    assert(none === 0 && behind >= 5 && behind <= latest, `offset ${behind} is not behind the last record`);
    assertEquals(await connection.offsets(name, "latest"), [0, latest]);
    assertEquals(await connection.offsets(name, "earliest"), [0, 0]);
  },
};

const STAGING: Record<string, Case> = {
  "shows staged records after their commit and not before": async ({ connection, store, topic, publish, read }) => {
    const { delivery } = connection;
    if (delivery.kind !== "inCommit") return;
    const name = await topic(2);
    await publish([record(name, { text: "earlier" })]);
    await using reading = await read(name);
    await reading.count(1);
    const staged = delivery.stage([record(name, { text: "a" }), record(name, { partition: 1, text: "b" })]);
    await writeStaged(store, staged);
    assertEquals((await connection.bounds(name)).map(({ latest }) => latest), [1, 0]);
    await using second = await read(name);
    await second.count(1);
    assertEquals(reading.records.length + second.records.length, 2);
    delivery.committed();
    assertEquals((await connection.bounds(name)).map(({ latest }) => latest), [2, 1]);
    await reading.count(3);
    await second.count(3);
  },
  "refuses a record for a partition that is not there": async ({ connection, topic, publish, read }) => {
    const { delivery } = connection;
    if (delivery.kind !== "inCommit") return;
    const name = await topic(2);
    let message = "";
    try {
      delivery.stage([record(name), record(name, { partition: 2 })]);
    } catch (error) {
      message = (error as Error).message;
    }
    assertStringIncludes(message, name);
    // What was refused has left nothing behind.
    await publish([record(name, { text: "good" })]);
    await using reading = await read(name);
    await reading.count(1);
    assertEquals(reading.records.map(({ offset }) => offset), [0]);
  },
  "takes the cuts of several tasks before it shows any, in the order of their commits": async (bench) => {
    const { connection, store, topic, read } = bench;
    const { delivery } = connection;
    if (delivery.kind !== "inCommit") return;
    const name = await topic(2);
    const first = delivery.stage([record(name, { text: "a" }), record(name, { partition: 1, text: "b" })]);
    const second = delivery.stage([record(name, { text: "c" })]);
    await writeStaged(store, first);
    await writeStaged(store, second);
    assertEquals((await connection.bounds(name)).map(({ latest }) => latest), [0, 0]);
    delivery.committed();
    await using reading = await read(name);
    await reading.count(3);
    assertEquals([reading.of(0).map(textOf), reading.of(1).map(textOf)], [["a", "c"], ["b"]]);
  },
};

/** A record without what differs between written and read: bytes as arrays, headers by name. */
function plain(one: OutputRecord & { readonly offset: number }): unknown {
  const { topic, partition, offset, timestamp, key, value, headers } = one;
  const bytes = (array: Uint8Array | null) => array === null ? null : [...array];
  const named = (headers ?? []).map(([name, content]) => [name, bytes(content)]);
  return { topic, partition, offset, timestamp, key: bytes(key), value: bytes(value), headers: named };
}
