import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { OutputRecord } from "../connectors/connector.ts";
import { crc32c } from "../base/hashing.ts";
import { decodePartition } from "../connectors/kafka/record_batch_decode.ts";
import { encodeBatch, nextSequence } from "../connectors/kafka/record_batch_encode.ts";
import { ByteReader, ByteWriter } from "../connectors/kafka/wire.ts";

const identity = { transactionalId: "id", producer: 4711, epoch: 3 };

/** Encodes all records in as many batches as it takes, with their offsets, as the broker would store them. */
function store(records: OutputRecord[], limit: number): { bytes: Uint8Array; batches: number } {
  const parts: number[] = [];
  let batches = 0;
  for (let start = 0; start < records.length; batches++) {
    const { bytes, count } = encodeBatch(records, { start, limit, identity, sequence: start });
    new DataView(bytes.buffer).setBigInt64(0, BigInt(start));
    parts.push(...bytes);
    start += count;
  }
  return { bytes: Uint8Array.from(parts), batches };
}

function read(bytes: Uint8Array, start = 0) {
  const fetched = { topic: "t", partition: 0, error: 0, end: 1000, latest: 1000, aborted: [], batches: bytes };
  const { records, position } = decodePartition(fetched, start);
  return { records: [...records], position };
}

Deno.test("crc32c() is Castagnoli's", () => {
  assertEquals(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
  assertEquals(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assertEquals(crc32c(new TextEncoder().encode("xx123456789yy"), 2, 11), 0xe3069283);
});

Deno.test("records survive batches of any size", () => {
  const bytes = fc.option(fc.uint8Array({ maxLength: 200 }), { nil: null });
  const names = fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("__proto__", "constructor", "\ufeffmark"));
  const header = fc.tuple(names, fc.option(fc.uint8Array({ maxLength: 20 }), { nil: null }));
  const anyRecord = fc.record({
    topic: fc.constant("t"),
    partition: fc.constant(0),
    timestamp: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.integer({ min: -62e12, max: 253e12 })),
    key: bytes,
    value: bytes,
    headers: fc.option(fc.array(header, { minLength: 1, maxLength: 5 }), { nil: undefined }),
  });
  const limits = fc.integer({ min: 1, max: 3000 });
  fc.assert(fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 40 }), limits, (records, limit) => {
    const { records: found, position } = read(store(records, limit).bytes);
    assertEquals(position, records.length);
    for (const [offset, record] of records.entries()) {
      assertEquals(found[offset], {
        topic: "t",
        partition: 0,
        offset,
        timestamp: record.timestamp,
        key: record.key,
        value: record.value,
        headers: record.headers,
      });
    }
  }));
});

Deno.test("a batch keeps to its limit, but takes one record whatever its size", () => {
  const records = Array.from({ length: 10 }, (_, index) => ({
    topic: "t",
    partition: 0,
    timestamp: 0,
    key: null,
    value: new Uint8Array(index === 4 ? 5000 : 100),
    headers: undefined,
  }));
  const { bytes, count } = encodeBatch(records, { start: 0, limit: 400, identity, sequence: 0 });
  assertEquals(count, 3);
  assert(bytes.length <= 400);
  assertEquals(encodeBatch(records, { start: 4, limit: 400, identity, sequence: 0 }).count, 1);
  assertEquals(store(records, 400).batches, 5);
});

Deno.test("reading begins in the middle of a batch, and stops before one that is cut off", () => {
  const value = new Uint8Array(50);
  const records = Array.from({ length: 9 }, (_, index) => ({
    topic: "t",
    partition: 0,
    timestamp: index,
    key: null,
    value,
    headers: undefined,
  }));
  const { bytes } = store(records, 61 + 3 * 60);
  const middle = read(bytes, 4);
  assertEquals(middle.records.map(({ offset }) => offset), [4, 5, 6, 7, 8]);
  assertEquals(middle.position, 9);
  const cut = read(bytes.slice(0, bytes.length - 1), 1);
  assertEquals(cut.records.map(({ offset }) => offset), [1, 2, 3, 4, 5]);
  assertEquals(cut.position, 6);
});

Deno.test("sequence numbers begin again after the largest", () => {
  assertEquals(nextSequence(5, 10), 15);
  assertEquals(nextSequence(0x7fff_ffff, 1), 0);
});

Deno.test("integers of 64 bits and of variable length survive the round trip", () => {
  fc.assert(fc.property(fc.maxSafeInteger(), fc.nat({ max: 0xffff_ffff }), (signed, unsigned) => {
    const reader = new ByteReader(new ByteWriter(1).int64(signed).unsignedVarint(unsigned).written);
    assertEquals([reader.int64(), reader.unsignedVarint(), reader.left], [signed, unsigned, 0]);
  }));
});
