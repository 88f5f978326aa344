/** What a reader makes of record batches: those that compaction leaves, and those that nobody can read. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decompress } from "../connectors/kafka/decompress.ts";
import { UNREADABLE_BYTES } from "../connectors/kafka/limits.ts";
import { decodePartition } from "../connectors/kafka/record_batch_decode.ts";
import { ByteWriter } from "../connectors/kafka/wire.ts";
import {
  batchOf,
  CONTROL,
  controlBatchOf,
  fetchOf,
  framed,
  GZIP,
  LZ4,
  lz4Frame,
  pack,
  readOf,
  recordOf,
  recordsOf,
  SNAPPY,
  TRANSACTIONAL,
  zigzag,
  ZSTD,
} from "./support/record_batches.ts";

const CODECS = [["plain", 0], ["gzip", GZIP], ["snappy", SNAPPY], ["lz4", LZ4], ["zstd", ZSTD]] as const;

describe("a compacted log is read on", () => {
  const before = batchOf({ base: 0, records: recordsOf("a", "b") });
  const after = batchOf({ base: 10, records: recordsOf("c") });
  const expected = { seen: [[0, "a"], [1, "b"], [10, "c"]], position: 11 };

  for (const [name, codec] of CODECS) {
    it(`past a control batch without records (${name})`, () => {
      const empty = batchOf({
        base: 5,
        attributes: CONTROL | TRANSACTIONAL | codec,
        body: new Uint8Array(0),
        producer: 7,
      });
      assertEquals(readOf(fetchOf([before, empty, after])), expected);
      assertEquals(readOf(fetchOf([empty, after]), 2), { seen: [[10, "c"]], position: 11 });
      assertEquals(readOf(fetchOf([before, empty])), { seen: [[0, "a"], [1, "b"]], position: 6 });
      assertEquals(readOf(fetchOf([empty])), { seen: [], position: 6 });
    });
    it(`past a batch whose records are all gone, with the offsets that it had (${name})`, () => {
      const empty = batchOf({ base: 3, lastDelta: 4, attributes: codec, body: new Uint8Array(0) });
      assertEquals(readOf(fetchOf([before, empty, after])), expected);
      assertEquals(readOf(fetchOf([before, empty])).position, 8);
    });
    it(`past offsets that are gone at both ends of a batch (${name})`, () => {
      const records = [recordOf({ delta: 2, value: "c" }), recordOf({ delta: 5, value: "f" })];
      const batch = batchOf({ base: 20, lastDelta: 9, records, attributes: codec });
      assertEquals(readOf(fetchOf([batch])), { seen: [[22, "c"], [25, "f"]], position: 30 });
      assertEquals(readOf(fetchOf([batch]), 23), { seen: [[25, "f"]], position: 30 });
      assertEquals(readOf(fetchOf([batch]), 26), { seen: [], position: 30 });
    });
  }

  it("and an empty control batch ends no transaction", () => {
    const held = batchOf({ base: 0, records: recordsOf("a"), attributes: TRANSACTIONAL, producer: 7 });
    const empty = batchOf({ base: 1, attributes: CONTROL | TRANSACTIONAL, body: new Uint8Array(0), producer: 7 });
    const more = batchOf({ base: 2, records: recordsOf("b"), attributes: TRANSACTIONAL, producer: 7 });
    const abort = controlBatchOf({ base: 3, producer: 7, commit: false });
    const next = batchOf({ base: 4, records: recordsOf("c"), attributes: TRANSACTIONAL, producer: 7 });
    const fetched = fetchOf([held, empty, more, abort, next], { aborted: [{ producer: 7, firstOffset: 0 }] });
    assertEquals(readOf(fetched), { seen: [[4, "c"]], position: 5 });
  });
});

/** A batch that cannot be read, and how the reason ends. It has the offsets 3 to 4. */
const two = recordsOf("x", "y");
const BROKEN: Readonly<Record<string, readonly [Uint8Array, string]>> = {
  "a wrong checksum": [
    batchOf({ base: 3, records: two, badSum: true }),
    "its checksum is 0x4afa1708, and 0x4afa1709 was written",
  ],
  "an unknown codec": [
    batchOf({ base: 3, attributes: 5, body: framed(two), lastDelta: 1, count: 2 }),
    "it is compressed with codec 5, which is unknown",
  ],
  "an unknown format": [batchOf({ base: 3, records: two, magic: 3 }), "its format 3 is unknown"],
  "more records than it has": [
    batchOf({ base: 3, body: framed(two.slice(0, 1)), lastDelta: 1, count: 2 }),
    "a varint does not end",
  ],
  "fewer records than it has": [
    batchOf({ base: 3, body: framed(two), lastDelta: 1, count: 1 }),
    "8 bytes are left over after its 1 records",
  ],
  "more records than offsets": [batchOf({ base: 3, records: two, count: 70_000 }), "it claims 70000 records"],
  "a negative count of records": [batchOf({ base: 3, records: two, count: -1 }), "it claims -1 records"],
  "a negative length of a record": [
    batchOf({ base: 3, body: zigzag(new ByteWriter(), -5).written, lastDelta: 1, count: 1 }),
    "record 1 of 1 claims -5 bytes, and 0 are left",
  ],
  "a record longer than the batch": [
    batchOf({ base: 3, body: zigzag(new ByteWriter(), 900).int8(0).written, lastDelta: 1, count: 1 }),
    "record 1 of 1 claims 900 bytes, and 1 are left",
  ],
  "a varint that does not end": [
    batchOf({ base: 3, body: new Uint8Array(20).fill(0xff), lastDelta: 1, count: 1 }),
    "a varint does not end",
  ],
  "offsets that go back": [
    batchOf({ base: 3, records: [recordOf({ delta: 1 }), recordOf({ delta: 0 })] }),
    "record 2 of 2 has offset 0 in it, after 1 of 1",
  ],
  "offsets beyond its last one": [
    batchOf({ base: 3, records: [recordOf({ delta: 0 }), recordOf({ delta: 0x7fff_ffff })] }),
    "record 2 of 2 has offset 2147483647 in it, after 0 of 1",
  ],
  "headers that are not there": [
    batchOf({ base: 3, records: [noHeaders(70_000)], lastDelta: 1 }),
    "record 1 of 1 claims 70000 headers",
  ],
  "a negative count of headers": [
    batchOf({ base: 3, records: [noHeaders(-2)], lastDelta: 1 }),
    "record 1 of 1 claims -2 headers",
  ],
  "a header without a name": [
    batchOf({ base: 3, records: [noHeaders(1, 1, 1)], lastDelta: 1 }),
    "-1 are wanted, and 1 are left",
  ],
  "a value longer than its record": [
    batchOf({ base: 3, records: [Uint8Array.of(0, 0, 0, 1, 200, 1)], lastDelta: 1 }),
    "100 are wanted, and 0 are left",
  ],
  "bytes after a record's end": [
    batchOf({ base: 3, records: [Uint8Array.of(...recordOf({}), 9)], lastDelta: 1 }),
    "record 1 of 1 does not end where it says",
  ],
  "gzip that is none": [
    batchOf({ base: 3, attributes: GZIP, body: new Uint8Array(30), lastDelta: 1, count: 2 }),
    "its 30 bytes are no gzip (incorrect header check)",
  ],
  "snappy that copies what is not there": [
    batchOf({ base: 3, attributes: SNAPPY, body: Uint8Array.of(9, 0xfe, 5, 0), lastDelta: 1, count: 2 }),
    "its 4 bytes are no snappy (a copy from 5 bytes back is not there)",
  ],
  "lz4 that ends too early": [
    batchOf({ base: 3, attributes: LZ4, body: lz4Frame(Uint8Array.of(0xf0, 255, 255), false), lastDelta: 1, count: 2 }),
    "its 18 bytes are no lz4 (the bytes end too early)",
  ],
  "a control record without a type": [
    batchOf({ base: 3, attributes: CONTROL, records: [recordOf({ key: "ab" })], lastDelta: 1 }),
    "the key of its control record has 2 bytes",
  ],
};

function noHeaders(count: number, ...rest: number[]): Uint8Array {
  return zigzag(new ByteWriter().int8(0).int8(0).int8(0).int8(1).int8(1), count).raw(Uint8Array.from(rest)).written
    .slice();
}

describe("a batch that cannot be read", () => {
  const before = batchOf({ base: 0, records: recordsOf("a", "b", "c") });
  const after = batchOf({ base: 5, records: recordsOf("d") });
  for (const [what, [bytes, ending]] of Object.entries(BROKEN)) {
    it(`for ${what} is one bad record, which says where and why`, () => {
      const reason = `the record batch at offsets 3 to 4 cannot be read: ${ending}`;
      const around = [[0, "a"], [1, "b"], [2, "c"], [3, reason], [5, "d"]];
      assertEquals(readOf(fetchOf([before, bytes, after])), { seen: around, position: 6 });
      assertEquals(readOf(fetchOf([before, bytes])), { seen: around.slice(0, 4), position: 5 });
      assertEquals(readOf(fetchOf([bytes, after]), 3), { seen: around.slice(3), position: 6 });
    });
  }

  it("comes with its bytes, and with the place where reading goes on", () => {
    const bytes = batchOf({ base: 3, records: two, badSum: true });
    const { records } = decodePartition(fetchOf([bytes, after]), 3);
    const [bad] = records;
    assertEquals(bad.value, bytes);
    assertEquals([bad.topic, bad.partition, bad.offset, bad.key, bad.unreadable?.next], ["t", 0, 3, null, 5]);
  });

  it("is kept in part where it is large", () => {
    const records = [recordOf({ value: "x".repeat(UNREADABLE_BYTES) })];
    const bytes = batchOf({ base: 3, records, badSum: true });
    const [bad] = decodePartition(fetchOf([bytes]), 3).records;
    assertEquals(bad.value, bytes.subarray(0, UNREADABLE_BYTES));
    assert(bad.unreadable!.reason.endsWith(`(the first 262144 of its ${bytes.length} bytes are kept)`));
  });

  it("may be in a format from before Kafka 0.11", () => {
    const old = new ByteWriter().int64(3).int32(14).int32(0).int8(1).int8(0).raw(new Uint8Array(8)).written;
    const reason = "the record batch at offset 3 cannot be read: its format 1 is older than Kafka 0.11";
    assertEquals(readOf(fetchOf([old, after]), 3), { seen: [[3, reason], [5, "d"]], position: 6 });
  });

  it("may have a length that cannot be, and nothing is found behind it", () => {
    const bytes = batchOf({ base: 3, records: two, lengthError: -1000 });
    const reason =
      "the record batch at offsets 3 to 4 cannot be read: it claims an impossible number of bytes, and 77 came";
    assertEquals(readOf(fetchOf([before, bytes])), { seen: [[0, "a"], [1, "b"], [2, "c"], [3, reason]], position: 5 });
  });

  it("may claim what lies behind it as well", () => {
    const bytes = batchOf({ base: 3, records: two, lastDelta: 40 });
    const reason =
      "the record batch at offsets 3 to 4 cannot be read: it claims the offsets 3 to 43, and 5 lies behind it";
    assertEquals(readOf(fetchOf([bytes, after]), 3), { seen: [[3, reason], [5, "d"]], position: 6 });
  });

  it("may lie before what was asked for, where all of a fetch does", () => {
    const reason =
      "the record batch at offset 9 cannot be read: all that came lies before offset 9, which was asked for";
    assertEquals(readOf(fetchOf([before, after]), 9), { seen: [[9, reason]], position: 10 });
  });

  it("is believed as to its place only as far as that can be true", () => {
    const far = batchOf({ base: 3, records: two, lastDelta: 5000, badSum: true });
    assertEquals(readOf(fetchOf([far]), 3).position, 4, "beyond the end of the partition");
    const nowhere = batchOf({ base: -8, records: two });
    assertEquals(readOf(fetchOf([nowhere]), 3).position, 4, "before the first offset");
  });
});

describe("a batch that is cut off", () => {
  const whole = batchOf({ base: 0, records: recordsOf("a", "b") });
  it("at the end of a fetch comes again, wherever the cut is", () => {
    const next = batchOf({ base: 2, records: recordsOf("c") });
    for (let length = 0; length < next.length; length++) {
      const read = readOf(fetchOf([whole, next.subarray(0, length)]));
      assertEquals(read, { seen: [[0, "a"], [1, "b"]], position: 2 });
    }
  });
  it("at the beginning is asked for with room for it", () => {
    const { records, position, needs } = decodePartition(fetchOf([whole.subarray(0, 70)]), 0, 70);
    assertEquals([records.length, position, needs], [0, 0, whole.length]);
  });
  it("although there was room for it is one that cannot be read", () => {
    const { seen, position } = readOf(fetchOf([whole.subarray(0, 70)]));
    const reason = "the record batch at offsets 0 to 1 cannot be read: it claims 77 bytes, and 70 came";
    assertEquals({ seen, position }, { seen: [[0, reason]], position: 2 });
  });
});

describe("what is unpacked is bounded", () => {
  const limit = 1_000_000;
  const zeros = new Uint8Array(5_000_000);
  const bombs = {
    gzip: [GZIP, pack(GZIP, zeros)],
    zstd: [ZSTD, pack(ZSTD, zeros)],
    snappy: [SNAPPY, Uint8Array.from([9, 0, 1, ...Array.from({ length: 80_000 }, () => [0xfe, 1, 0]).flat()])],
    lz4: [LZ4, lz4Frame(Uint8Array.from([0x1f, 1, 1, 0, ...new Uint8Array(20_000).fill(255), 0]), false)],
  } as const;
  for (const [name, [codec, bytes]] of Object.entries(bombs)) {
    it(`for ${name} as for all`, () => {
      let message = "";
      try {
        decompress(codec, bytes, limit);
      } catch (error) {
        message = (error as Error).message;
      }
      assertEquals(
        message,
        `its ${bytes.length} bytes of ${name} unpack to more than 1000000 bytes, which is the limit`,
      );
    });
  }
  it("for a fetch as well, which is read in parts", () => {
    const records = [recordOf({ value: "x".repeat(3_000_000) })];
    const batches = [0, 1, 2, 3].map((base) => batchOf({ base, records, attributes: GZIP }));
    const first = decodePartition(fetchOf(batches), 0);
    assertEquals([first.records.length, first.position], [2, 2]);
    const second = decodePartition(fetchOf(batches.slice(2)), 2);
    assertEquals([second.records.length, second.position], [2, 4]);
  });
});

describe("the records of a fetch", () => {
  it("have their headers as they came: two of one name, one without value, whatever the name is", () => {
    const headers = [["a", "1"], ["a", null], ["__proto__", "2"], ["", ""]] as const;
    const [record] = decodePartition(fetchOf([batchOf({ records: [recordOf({ headers })] })]), 0).records;
    const texts = record.headers!.map((
      [name, value],
    ) => [name, value === null ? null : new TextDecoder().decode(value)]);
    assertEquals(texts, headers.map((header) => [...header]));
  });
  it("are found by their place, in any order", () => {
    const batches = [batchOf({ base: 0, records: recordsOf("a", "b") }), batchOf({ base: 2, records: recordsOf("c") })];
    const { records } = decodePartition(fetchOf(batches), 1);
    const offsets = [1, 0, 1, 0, 2, -1].map((index) => records.at(index)?.offset);
    assertEquals(offsets, [2, 1, 2, 1, undefined, undefined]);
    assertEquals([...records].map(({ offset }) => offset), [1, 2]);
  });
});
