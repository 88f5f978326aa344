/**
 * The decoder on a flood of damaged record batches: a result, or an error with its place, and never a hang, nor more memory than a
 * bound. One in two is damaged where its checksum does not look or gets a new checksum, so that what lies behind it is reached.
 *
 * `TIDEMARK_MUTATIONS=1000000 deno task test tests/kafka_fuzz_test.ts` runs a million; by default it is a part of them. What failed is
 * found again by `TIDEMARK_SEED`.
 */
import { assert } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { crc32c } from "../base/hashing.ts";
import { UNPACKED_BATCH_BYTES, UNPACKED_FETCH_BYTES } from "../connectors/kafka/limits.ts";
import { decodePartition } from "../connectors/kafka/record_batch_decode.ts";
import { numbers, pickSeed } from "./support/crash/random.ts";
import {
  batchOf,
  CONTROL,
  controlBatchOf,
  fetchOf,
  GZIP,
  LZ4,
  recordOf,
  recordsOf,
  SNAPPY,
  TRANSACTIONAL,
  ZSTD,
} from "./support/record_batches.ts";

const MUTATIONS = Number(Deno.env.get("TIDEMARK_MUTATIONS") ?? 60_000);
const END = 100;
const TELLING = [0, 1, 0x7f, 0x80, 0xff];

/** Fetches of sound batches: all codecs, transactions, headers, what compaction leaves. */
function sound(): Uint8Array[] {
  const records = [
    ...recordsOf("one", "two", "three"),
    recordOf({ delta: 5, key: "k", value: "v".repeat(90), headers: [["a", "1"], ["a", null], ["b", "2"]] }),
    recordOf({ delta: 6, key: "gone", value: null }),
  ];
  const gone = batchOf({ base: 40, lastDelta: 3, attributes: CONTROL | TRANSACTIONAL, body: new Uint8Array(0) });
  return [0, GZIP, SNAPPY, LZ4, ZSTD].map((codec) =>
    fetchOf([
      batchOf({ base: 10, lastDelta: 8, records, attributes: codec }),
      batchOf({ base: 20, records: recordsOf("open"), attributes: TRANSACTIONAL | codec, producer: 9 }),
      controlBatchOf({ base: 30, producer: 9, commit: false }),
      gone,
      batchOf({ base: 50, lastDelta: 20, records, attributes: codec, baseTime: -5 }),
    ]).batches
  );
}

/** Where the batches of a fetch begin. */
function beginnings(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer);
  const found: number[] = [];
  for (let at = 0; at < bytes.length; at += 12 + view.getInt32(at + 8)) found.push(at);
  return found;
}

/** Damages a copy. */
function mutate(original: Uint8Array, begins: readonly number[], random: () => number): Uint8Array {
  const pick = (below: number) => Math.floor(random() * below);
  let bytes = original.slice();
  for (let left = 1 + pick(4); left > 0; left--) {
    const at = pick(bytes.length);
    const kind = pick(6);
    if (kind === 0) bytes[at] ^= 1 << pick(8);
    else if (kind === 1) bytes[at] = pick(256);
    else if (kind === 2) bytes.fill(TELLING[pick(TELLING.length)], at, at + 1 + pick(9));
    else if (kind === 3) bytes.copyWithin(at, pick(bytes.length), pick(bytes.length));
    else if (kind === 4) new DataView(bytes.buffer).setInt32(Math.min(at, bytes.length - 4), pick(2 ** 32) | 0);
    else if (bytes.length > 200) bytes = bytes.slice(0, bytes.length - pick(60));
  }
  if (random() < 0.5) {
    const view = new DataView(bytes.buffer);
    begins.forEach((at, index) => {
      const end = Math.min(begins[index + 1] ?? bytes.length, bytes.length);
      if (at + 61 <= end) view.setUint32(at + 17, crc32c(bytes, at + 21, end));
    });
  }
  return bytes;
}

/** What must hold of whatever comes out. Returns how many records were bad ones. */
function check(batches: Uint8Array, start: number): number {
  const aborted = [{ producer: 9, firstOffset: 20 }];
  const fetched = { topic: "t", partition: 0, error: 0, end: END, latest: END, aborted, batches };
  const { records, position, needs } = decodePartition(fetched, start, batches.length);
  assert(position > start || needs !== undefined, "a fetch that brought bytes brings reading further");
  assert(records.bytes <= UNPACKED_FETCH_BYTES + UNPACKED_BATCH_BYTES, `${records.bytes} bytes are held`);
  assert(records.length <= records.bytes, "a record costs a byte at least");
  let next = start;
  let bad = 0;
  for (const { offset, value, unreadable, timestamp } of records) {
    assert(Number.isSafeInteger(offset) && offset >= next, `offset ${offset} comes after ${next - 1}`);
    assert(Number.isFinite(timestamp), `a record has the time ${timestamp}`);
    next = unreadable === undefined ? offset + 1 : unreadable.next;
    if (unreadable === undefined) continue;
    bad++;
    assert(unreadable.next > offset && value !== null && value.length > 0);
    assert(unreadable.reason.length <= 300, unreadable.reason);
    assert(/^the record batch at offsets? \d+( to \d+)? cannot be read: \S/.test(unreadable.reason), unreadable.reason);
  }
  assert(position >= next, `the position ${position} lies before ${next}`);
  return bad;
}

describe("the decoder of record batches", () => {
  it(`reads ${MUTATIONS} damaged fetches, or says where they are damaged`, () => {
    const seed = pickSeed();
    const random = numbers(seed);
    const originals = sound();
    const begins = originals.map(beginnings);
    for (const original of originals) assert(check(original, 10) === 0, "sound batches are read");
    let bad = 0;
    for (let run = 0; run < MUTATIONS; run++) {
      const which = run % originals.length;
      const damaged = mutate(originals[which], begins[which], random);
      try {
        if (check(damaged, 10 + Math.floor(random() * 20)) > 0) bad++;
      } catch (error) {
        throw new Error(`Damage ${run} of seed ${seed}`, { cause: error });
      }
    }
    assert(bad > MUTATIONS / 4, `only ${bad} of ${MUTATIONS} were found to be damaged`);
  });
});
