/**
 * The encoding of the head. It is compact, because every commit writes it. It writes the current format and reads all
 * earlier ones.
 *
 * What each format has added:
 *
 * - 2: the hash and the kind of a state, idle partitions of a clock, pins, extensions;
 * - 3: rows that may not be written yet;
 * - 4: what the owner tells of itself;
 * - 5: no field; the clocks of a hop have sequences, which a program that writes format 4 would take for marks.
 *
 * @module
 */
import type { StateKind } from "../operators/keyed_state.ts";
import { checksum } from "./hash.ts";
import type { PartitionMark } from "../operators/_clock_snapshot.ts";
import type { Clocks, ClockSnapshot, DeltaRange, Head, OutboxEntry, Pin, StateEntry } from "./head.ts";
import { dictionary } from "./head.ts";
import {
  readList,
  readNames,
  readOffsets,
  readRuns,
  readStrings,
  writeList,
  writeNames,
  writeOffsets,
  writeRuns,
  writeStrings,
} from "./head_lists.ts";
import { readTold, writeTold } from "./told_codec.ts";
import { ValueReader } from "./value_reader.ts";
import { ValueWriter } from "./value_writer.ts";

/** The version of the head's format that is written. */
export const HEAD_FORMAT = 5;

/** Decoders of each format, which start after the first byte. */
const DECODERS: Readonly<Record<number, (r: ValueReader) => Head>> = {
  1: (r) => ({
    ...readFields(r, 1).fields,
    pins: [],
    extensions: dictionary([]),
    unwritten: undefined,
    told: undefined,
  }),
  2: (r) => readSince2(r, 2).head,
  3: (r) => readSince3(r, 3),
  4: (r) => readSince4(r, 4),
  5: (r) => readSince4(r, 5),
};

const KINDS: readonly StateKind[] = ["value", "map", "list"];

const writer = new ValueWriter();

/** Turns a head into bytes: format, fields, checksum. */
export function encodeHead(head: Head): Uint8Array<ArrayBuffer> {
  const unwritten = head.unwritten === undefined ? [] : [head.unwritten];
  const fences = [
    ...new Set([head.fence, ...head.ranges.map(fenceOf), ...head.outbox.map(fenceOf), ...unwritten.map(fenceOf)]),
  ];
  const w = writer;
  w.reset();
  w.byte(HEAD_FORMAT);
  w.varint(fences.length);
  for (const fence of fences) w.string(fence);
  w.varint(head.attempt);
  w.varint(head.epoch);
  w.varint(head.nextState);
  w.varint(head.era);
  w.byte((head.finished ? 1 : 0) | (head.unsafe ? 2 : 0) | (Object.keys(head.topics).length > 0 ? 4 : 0));
  writeOffsets(w, head.offsets);
  writeClocks(w, head.clocks);
  writeNames(w, head.counters, (count) => w.value(count));
  writeList(w, head.ranges, (range) => writeRange(w, range, fences));
  writeList(w, head.outbox, (entry) => writeOutbox(w, entry, fences));
  writeStrings(w, head.publishers);
  writeList(w, head.states, (state) => writeState(w, state));
  if (head.unsafe) {
    writeOffsets(w, head.unsafe.since);
    w.string(head.unsafe.reason);
  }
  if (Object.keys(head.topics).length > 0) writeNames(w, head.topics, (id) => w.string(id));
  writeList(w, head.pins, (pin) => writePin(w, pin));
  writeNames(w, head.extensions, (value) => w.value(value));
  writeList(w, unwritten, (entry) => writeOutbox(w, entry, fences));
  writeList(w, head.told === undefined ? [] : [head.told], (told) => writeTold(w, told, head));
  w.uint32(checksum(w.view()));
  return w.take();
}

/**
 * Turns bytes into a head.
 *
 * @throws {RangeError} when the bytes are not a head, or have a format that this program does not know
 */
export function decodeHead(bytes: Uint8Array): Head {
  if (bytes.length < 5) throw new RangeError("a head has more bytes");
  const decode = DECODERS[bytes[0]];
  if (decode === undefined) {
    throw new RangeError(
      `it has format ${bytes[0]}, and this program knows formats up to ${HEAD_FORMAT}: run the newer program`,
    );
  }
  const end = bytes.length - 4;
  if (new ValueReader(bytes.subarray(end)).uint32() !== checksum(bytes.subarray(0, end))) {
    throw new RangeError("its checksum is another");
  }
  return decode(new ValueReader(bytes.subarray(1, end)));
}

/** Reads the fields that heads have had since format 2. */
function readSince2(r: ValueReader, format: number): { head: Head; fences: readonly string[] } {
  const { fields, fences } = readFields(r, format);
  const pins = readList(r, () => readPin(r));
  const extensions = readNames(r, () => r.value());
  return { head: { ...fields, pins, extensions, unwritten: undefined, told: undefined }, fences };
}

/** Reads the fields that heads have had since format 3. */
function readSince3(r: ValueReader, format: number): Head {
  const { head, fences } = readSince2(r, format);
  return { ...head, unwritten: readList(r, () => readOutbox(r, fences)).at(0) };
}

/** Reads the fields that heads have had since format 4. */
function readSince4(r: ValueReader, format: number): Head {
  const head = readSince3(r, format);
  return { ...head, told: readList(r, () => readTold(r, head)).at(0) };
}

/** Reads the fields that heads of all formats have, in their order, and the fences that entries refer to. */
function readFields(
  r: ValueReader,
  format: number,
): { fields: Omit<Head, "pins" | "extensions" | "unwritten" | "told">; fences: readonly string[] } {
  const fences = readList(r, () => r.string());
  const attempt = r.varint();
  const epoch = r.varint();
  const nextState = r.varint();
  const era = r.varint();
  const flags = r.byte();
  const fields = {
    fence: fences[0],
    attempt,
    epoch,
    nextState,
    era,
    finished: (flags & 1) !== 0,
    offsets: readOffsets(r),
    clocks: readClocks(r, format),
    counters: readNames(r, () => r.value() as number),
    ranges: readList(r, () => readRange(r, fences)),
    outbox: readList(r, () => readOutbox(r, fences)),
    publishers: readStrings(r),
    states: readList(r, () => readState(r, format)),
    unsafe: (flags & 2) !== 0 ? { since: readOffsets(r), reason: r.string() } : undefined,
    topics: (flags & 4) !== 0 ? readNames(r, () => r.string()) : dictionary<string>([]),
  };
  return { fields, fences };
}

function fenceOf({ fence }: { readonly fence: string }): string {
  return fence;
}

/** The bits of a clock's first byte. */
const NEAR = 1;
const SOME_IDLE = 2;

function writeClocks(w: ValueWriter, clocks: Clocks): void {
  writeNames(w, clocks, ({ partitions, watermark }) => {
    w.value(watermark);
    // Timestamps are close to one another, so their differences from the first one take few bytes.
    const base = partitions[0]?.[2] ?? 0;
    let near = true, someIdle = false;
    for (const [, , highest, idle] of partitions) {
      if (!(Math.abs(highest - base) < 2 ** 51)) near = false;
      if (idle) someIdle = true;
    }
    w.byte((near ? NEAR : 0) | (someIdle ? SOME_IDLE : 0));
    if (near) w.value(base);
    writeList(w, byTopic(partitions), (marks) => {
      w.string(marks[0][0]);
      // Values that came from no partition have partition -1.
      writeRuns(w, marks.map(([, partition]) => partition + 1));
      for (const [, , highest] of marks) {
        if (near) w.zigzag(highest - base);
        else w.value(highest);
      }
      if (someIdle) writeBits(w, marks.map(([, , , idle]) => idle));
    });
  });
}

/** The marks of each topic, by partition. */
function byTopic(partitions: readonly PartitionMark[]): PartitionMark[][] {
  const topics: PartitionMark[][] = [];
  for (const mark of partitions) {
    const marks = topics.find(([[topic]]) => topic === mark[0]);
    if (marks === undefined) topics.push([mark]);
    else marks.push(mark);
  }
  for (const marks of topics) marks.sort((one, other) => one[1] - other[1]);
  return topics;
}

function readClocks(r: ValueReader, format: number): Clocks {
  return readNames(r, format === 1 ? () => readClockOfFormat1(r) : () => readClock(r));
}

function readClock(r: ValueReader): ClockSnapshot {
  const watermark = r.value() as number;
  const flags = r.byte();
  const base = (flags & NEAR) !== 0 ? r.value() as number : null;
  const partitions = readList(r, () => {
    const topic = r.string();
    const marks = readRuns(r).map((at) => [topic, at - 1, readMark(r, base)] as const);
    const idle = (flags & SOME_IDLE) !== 0 ? readBits(r, marks.length) : [];
    return marks.map((mark, i): PartitionMark => [...mark, idle[i] ?? false]);
  });
  return { partitions: partitions.flat(), watermark };
}

function readClockOfFormat1(r: ValueReader): ClockSnapshot {
  const watermark = r.value() as number;
  const base = r.value() as number | null;
  const partitions = readList(r, () => {
    const topic = r.string();
    return readRuns(r).map((partition): PartitionMark => [topic, partition, readMark(r, base), false]);
  });
  return { partitions: partitions.flat(), watermark };
}

/** Writes bits, eight in each byte. */
function writeBits(w: ValueWriter, bits: readonly boolean[]): void {
  for (let at = 0; at < bits.length; at += 8) {
    w.byte(bits.slice(at, at + 8).reduce((byte, bit, i) => byte | (bit ? 1 << i : 0), 0));
  }
}

function readBits(r: ValueReader, count: number): boolean[] {
  const bytes = r.raw(Math.ceil(count / 8));
  return Array.from({ length: count }, (_, i) => (bytes[i >> 3] & (1 << (i % 8))) !== 0);
}

function readMark(r: ValueReader, base: number | null): number {
  return base === null ? r.value() as number : base + r.zigzag();
}

function writeRange(w: ValueWriter, range: DeltaRange, fences: readonly string[]): void {
  w.varint(fences.indexOf(range.fence));
  w.varint(range.first);
  w.varint(range.last - range.first);
  w.varint(range.chunks);
  w.varint(range.bytes);
  w.uint32(range.checksum);
}

function readRange(r: ValueReader, fences: readonly string[]): DeltaRange {
  const fence = fences[r.varint()];
  const first = r.varint();
  return {
    fence,
    first,
    last: first + r.varint(),
    chunks: r.varint(),
    bytes: r.varint(),
    checksum: r.uint32(),
  };
}

function writeOutbox(w: ValueWriter, entry: OutboxEntry, fences: readonly string[]): void {
  w.varint(entry.epoch);
  w.varint(fences.indexOf(entry.fence));
  w.varint(entry.attempt);
  w.varint(entry.chunks);
  w.varint(entry.bytes);
  w.varint(entry.records);
  w.uint32(entry.checksum);
}

function readOutbox(r: ValueReader, fences: readonly string[]): OutboxEntry {
  return {
    epoch: r.varint(),
    fence: fences[r.varint()],
    attempt: r.varint(),
    chunks: r.varint(),
    bytes: r.varint(),
    records: r.varint(),
    checksum: r.uint32(),
  };
}

/** One byte of a state holds bits: one for namespaced, two for its kind, the others for its layout. */
function writeState(w: ValueWriter, state: StateEntry): void {
  w.varint(state.id);
  w.string(state.name);
  w.varint(state.version);
  w.byte((state.namespaced ? 1 : 0) | (KINDS.indexOf(state.kind) << 1) | (state.layout << 3));
  w.varint(state.buckets);
  w.varint(state.bases);
  w.varint(state.baseBytes);
  w.uint32(state.checksum);
  w.uint32(state.seed);
}

function readState(r: ValueReader, format: number): StateEntry {
  const [id, name, version, bits] = [r.varint(), r.string(), r.varint(), r.byte()];
  const kind = KINDS[(bits >> 1) & 3];
  if (kind === undefined) throw new RangeError(`state "${name}" is of an unknown kind`);
  return {
    ...{ id, name, version, kind, namespaced: (bits & 1) === 1, layout: format === 1 ? 1 : bits >> 3 },
    buckets: r.varint(),
    bases: r.varint(),
    baseBytes: r.varint(),
    checksum: r.uint32(),
    seed: format === 1 ? 0 : r.uint32(),
  };
}

function writePin(w: ValueWriter, { name, fence, first, last }: Pin): void {
  w.string(name);
  w.string(fence);
  w.varint(first);
  w.varint(last - first);
}

function readPin(r: ValueReader): Pin {
  const [name, fence, first] = [r.string(), r.string(), r.varint()];
  return { name, fence, first, last: first + r.varint() };
}
