/** Headers: a list, as in Kafka, from where a record is read to where it is written. */
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { map } from "rxjs";
import { deadLetter, embeddedLog, memory, recordInfo, run } from "@tidemark/streams";
import { headerOf, type InputRecord } from "@tidemark/streams/connectors";
import { GrowingBytes } from "../base/bytes.ts";
import { bytesName, nameBytes } from "../base/text.ts";
import type { RecordHeaders } from "../connectors/connector.ts";
import { readChunkHead, unpackChunk } from "../connectors/embedded/packing.ts";
import { encodeHeaders, recordBytes } from "../connectors/headers.ts";
import { decodeOutbox, encodeOutbox } from "../state/outbox.ts";
import { ValueWriter } from "../state/value_writer.ts";

const text = (value: string) => new TextEncoder().encode(value);
const silent = { state: ":memory:", log: () => {} };

/** Headers that an object by name would lose, bend or mistake. */
const ODD: RecordHeaders = [
  ["trace", text("1")],
  ["trace", text("2")],
  ["none", null],
  ["empty", new Uint8Array()],
  ["__proto__", text("a name like others")],
  ["constructor", text("so is this")],
  ["", text("no name")],
  ["\ufeffmark", text("\ufeff")],
  ["2", text("names of digits keep their place")],
  ["1", text("names of digits keep their place")],
  ["tidemark.reason", text("dead before")],
];

async function deadOf(records: readonly InputRecord[] | AsyncIterable<InputRecord>): Promise<InputRecord> {
  const found: InputRecord[] = [];
  for await (const record of records) found.push(record);
  assertEquals(found.length, 1);
  return found[0];
}

describe("a dead letter", () => {
  const value = new Uint8Array([0x7b, 0xff, 0x00]);
  const key = new Uint8Array([0xfe, 0x00]);

  function assertAsItCame(dead: InputRecord): void {
    assertEquals([dead.key, dead.value, dead.timestamp], [key, value, 1_700_000_000_000]);
    assertEquals(dead.headers!.slice(0, ODD.length), ODD);
    assertEquals(dead.headers!.slice(ODD.length).map(([name]) => name), [
      ...["tidemark.time", "tidemark.reason", "tidemark.stage", "tidemark.source"],
    ]);
    assertEquals(new TextDecoder().decode(headerOf(dead.headers, "tidemark.source")!), "in/0@0");
  }

  it("is the record as it came, byte for byte, with our headers behind its own: in memory", async () => {
    const log = memory();
    log.append("in", [{ key, value, headers: ODD, timestamp: 1_700_000_000_000 }]);
    log.end("in");
    const onBadRecord = deadLetter(log.sink("dead"));
    const job = await run(log.source("in").pipe(log.sink("out")), { name: "job", onBadRecord, ...silent });
    await job.finished;
    assertAsItCame(await deadOf(log.records("dead")));
  });

  it("is the record as it came, byte for byte, with our headers behind its own: on the embedded log", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = embeddedLog(kv);
    for (const topic of ["in", "out", "dead"]) await log.create(topic, { partitions: 1 });
    await log.append("in", [{ key, value, headers: ODD, timestamp: 1_700_000_000_000 }]);
    await log.end("in");
    const onBadRecord = deadLetter(log.sink("dead"));
    const job = await run(log.source("in").pipe(log.sink("out")), { name: "job", onBadRecord, ...silent, state: kv });
    await job.finished;
    assertAsItCame(await deadOf(log.read("dead")));
  });
});

describe("recordInfo().headers", () => {
  it("are by name, the last one of a name, null without a value, on no prototype", () => {
    const log = memory();
    log.append("in", [{ value: 1, headers: ODD }]);
    const seen: unknown[] = [];
    log.source("in").pipe(log.sink("out"), map(() => recordInfo().headers)).subscribe((headers) => {
      seen.push(Object.getPrototypeOf(headers), headers["trace"], headers["none"], headers["__proto__"]);
      seen.push(headers["valueOf"]);
    });
    assertEquals(seen, [null, text("2"), null, text("a name like others"), undefined]);
  });
});

describe("a sink's headers", () => {
  const written = (headers: Parameters<typeof encodeHeaders>[0]) => {
    const log = memory();
    log.append("in", [{ value: 1 }]);
    log.source("in").pipe(log.sink("out", { headers: () => headers })).subscribe();
    return log.records("out")[0].headers;
  };

  it("may be values by name, or a list in which a name stands several times", () => {
    assertEquals(written({ a: "1", b: text("2"), c: null }), [["a", text("1")], ["b", text("2")], ["c", null]]);
    const list: RecordHeaders = [["a", text("1")], ["a", null], ["__proto__", text("x")]];
    assertEquals(written([["a", "1"], ["a", null], ["__proto__", "x"]]), list);
  });

  it("are refused with their name where they are no text, no bytes and not null", () => {
    const refused = (headers: unknown) => assertThrows(() => encodeHeaders(headers as never), TypeError).message;
    assertEquals(refused({ a: 1 }), 'the header "a" must be text, bytes or null, current value is of type number');
    assertEquals(
      refused([["a", undefined]]),
      'the header "a" must be text, bytes or null, current value is of type undefined',
    );
    assertEquals(refused([["a", "1"], "b"]), "headers[1] must be a name and a value");
    assertEquals(
      refused(undefined),
      "headers must be values by name, or a list of names with values, current value is undefined",
    );
  });
});

describe("a header's name", () => {
  it("is kept byte for byte, also where it is no UTF-8", () => {
    for (
      const bytes of [[0xff], [0x61, 0x80, 0x62], [0xed, 0xa0, 0x80], [0xef, 0xbb, 0xbf, 0x61], [0xef, 0xbf, 0xbd], []]
    ) {
      assertEquals([...nameBytes(bytesName(Uint8Array.from(bytes)))], bytes);
    }
  });

  it("counts with its bytes and its length where a topic limits records", () => {
    assertEquals(recordBytes(text("k"), text("vv"), undefined), 3);
    assertEquals(recordBytes(null, null, [["ü€", null], ["a", new Uint8Array(100)]]), 1 + 5 + 1 + 1 + 1 + 2 + 100);
  });
});

describe("the headers of results that wait", () => {
  it("come back as they were, whether or not the record before has the same names", () => {
    const name = fc.constantFrom("a", "b", "tidemark.time", "__proto__");
    const header = fc.tuple(name, fc.option(fc.uint8Array({ maxLength: 3 })));
    const headers = fc.option(fc.array(header, { maxLength: 3 }), { nil: undefined });
    fc.assert(fc.property(fc.array(headers, { maxLength: 8 }), (lists) => {
      const records = lists.map((headers) => ({
        ...{ topic: "out", partition: 0, timestamp: 7, key: null, value: text("A"), headers },
      }));
      assertEquals(decodeOutbox(encodeOutbox(records).slice()), records);
    }));
  });
});

describe("headers that were stored before they were a list", () => {
  it("are read from an outbox", () => {
    const writer = new ValueWriter();
    for (const byte of [1, 1, 8 | 4]) writer.byte(byte);
    writer.string("out");
    for (const byte of [3, 1, 14, 1, 65, 2]) writer.byte(byte);
    for (const [name, content] of [["__proto__", [7]], ["b", []]] as const) {
      writer.string(name);
      writer.varint(content.length);
      writer.raw(Uint8Array.from(content));
    }
    assertEquals(decodeOutbox(writer.take()), [{
      ...{ topic: "out", partition: 3, timestamp: 7, key: null, value: text("A") },
      headers: [["__proto__", new Uint8Array([7])], ["b", new Uint8Array()]],
    }]);
  });

  it("are read from a chunk of the embedded log", () => {
    const chunk = new GrowingBytes();
    // Format, count, parts, first and highest timestamp; then flags, distance, value, headers.
    for (const byte of [1, 1, 1, 0, 9, 0, 9, 2 | 4, 0, 1, 65, 2]) chunk.byte(byte);
    for (const [name, content] of [["__proto__", "x"], ["b", ""]]) {
      for (const part of [name, content]) chunk.varint(part.length).raw(text(part));
    }
    const records: InputRecord[] = [];
    assertEquals(readChunkHead(chunk.written).count, 1);
    unpackChunk({ bytes: chunk.written, topic: "t", partition: 0, first: 5, from: 5 }, records);
    assertEquals(records[0].headers, [["__proto__", text("x")], ["b", new Uint8Array()]]);
  });
});
