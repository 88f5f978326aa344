/** The part of the connector contract about reading, and about when results become visible. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Case } from "./connector_bench.ts";
import { assertContiguous, record, textOf, writeStaged } from "./recording_reader.ts";

export const READING: Record<string, Case> = {
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
    // Records of the paused partition that were under way arrive before this one.
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

export const EDGES: Record<string, Case> = {
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
    // A control record at the end of a transaction may have this offset. No visible record lies there.
    const [none, behind] = await connection.offsets(name, base + 41);
    assert(none === 0 && behind >= 5 && behind <= latest, `offset ${behind} is not behind the last record`);
    assertEquals(await connection.offsets(name, "latest"), [0, latest]);
    assertEquals(await connection.offsets(name, "earliest"), [0, 0]);
  },
};

export const STAGING: Record<string, Case> = {
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
    // The refused rows have left nothing behind.
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
