/** The part of the connector contract about records that are read and appended without a reader and without an epoch. */
import { assertEquals, assertRejects } from "@std/assert";
import type { Connection } from "../../connectors/connector.ts";
import type { Case } from "./connector_bench.ts";
import { record, textOf } from "./recording_reader.ts";

const OWNER = "contract.appends";

/** The texts of the records that one read gives, and where it goes on. */
async function readFrom(connection: Connection, topic: string, offset: number, most: number) {
  const { records, next } = await connection.read({ topic, partition: 0, offset }, most);
  return { texts: records.map(textOf), next };
}

/** All texts of a partition, read step by step. */
async function allTexts(connection: Connection, topic: string, most: number): Promise<(string | null)[]> {
  const texts: (string | null)[] = [];
  for (let offset = 0;;) {
    const { texts: some, next } = await readFrom(connection, topic, offset, most);
    if (some.length === 0) return texts;
    texts.push(...some);
    offset = next;
  }
}

export const APPENDING: Record<string, Case> = {
  "reads one record where it lies, as it is": async ({ connection, topic, publish }) => {
    const name = await topic(2);
    const key = new TextEncoder().encode("k");
    const headers = [["h", new Uint8Array([0, 255])], ["none", null]] as const;
    await publish([
      record(name, { partition: 1, text: "before" }),
      record(name, { partition: 1, text: "wanted", key, headers, timestamp: 1_700_000_000_123 }),
      record(name, { partition: 1, text: "after" }),
    ]);
    const { records } = await connection.read({ topic: name, partition: 1, offset: 1 }, 1);
    const [{ offset, timestamp, ...found }] = records;
    assertEquals([records.length, offset, timestamp, textOf(records[0])], [1, 1, 1_700_000_000_123, "wanted"]);
    assertEquals([found.topic, found.partition], [name, 1]);
    assertEquals([...found.key!], [...key]);
    assertEquals(found.headers?.map(([header, value]) => [header, value && [...value]]), [["h", [0, 255]], [
      "none",
      null,
    ]]);
  },
  "reads on where a read ended, until there is nothing more": async ({ connection, topic, publish }) => {
    const name = await topic(1);
    const texts = Array.from({ length: 25 }, (_, n) => `${n}`);
    await publish(texts.slice(0, 10).map((text) => record(name, { text })));
    await publish(texts.slice(10).map((text) => record(name, { text })));
    for (const most of [1, 7, 100]) assertEquals([most, await allTexts(connection, name, most)], [most, texts]);
    const [{ latest }] = await connection.bounds(name);
    assertEquals(await readFrom(connection, name, latest, 10), { texts: [], next: latest });
    assertEquals((await readFrom(connection, name, latest + 5, 10)).texts, []);
  },
  "refuses to read a partition that is not there": async ({ connection, topic }) => {
    const name = await topic(1);
    await assertRejects(
      () => connection.read({ topic: name, partition: 1, offset: 0 }, 1),
      Error,
      "it has 1 partitions",
    );
  },
  "shows what was appended to readers, in order": async ({ connection, topic, publish, read }) => {
    const name = await topic(2);
    await using reading = await read(name);
    await publish([record(name, { text: "result" })]);
    const appending = { owner: OWNER, along: [] };
    await connection.append([record(name, { text: "one" }), record(name, { partition: 1, text: "two" })], appending);
    await connection.append([record(name, { text: "three", key: new Uint8Array([7]) })], appending);
    await reading.count(4);
    assertEquals(reading.of(0).map(textOf), ["result", "one", "three"]);
    assertEquals(reading.of(1).map(textOf), ["two"]);
    assertEquals(reading.of(0)[2].key, new Uint8Array([7]));
    assertEquals(await allTexts(connection, name, 10), ["result", "one", "three"]);
  },
  "writes what goes along in the same atomic, where it says that it does": async ({ connection, store, topic }) => {
    const name = await topic(1);
    const key = ["contract", name];
    // Other connectors have no store.
    const stored = async () => connection.appendsWithState ? (await store.get(key))?.value : "with one";
    await connection.append([record(name, { text: "one" })], { owner: OWNER, along: [[key, "with one"]] });
    assertEquals(await stored(), "with one");
    await assertRejects(() =>
      connection.append([record(name, { partition: 5 })], { owner: OWNER, along: [[key, "with none"]] })
    );
    assertEquals(await stored(), "with one");
    assertEquals(await allTexts(connection, name, 10), ["one"]);
  },
};
