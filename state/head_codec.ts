/**
 * The head as bytes: compact, since every commit writes it.
 *
 * @module
 */
import { checksum } from "./hash.ts";
import type { Clocks, ClockSnapshot, Counters, DeltaRange, Head, Offsets, OutboxEntry, StateEntry } from "./head.ts";
import { ValueReader } from "./value_reader.ts";
import { ValueWriter } from "./value_writer.ts";

/** The version of the head's bytes. */
export const HEAD_FORMAT = 1;

const writer = new ValueWriter();

/** Turns a head into bytes: format, fields, checksum. */
export function encodeHead(head: Head): Uint8Array<ArrayBuffer> {
  const fences = [...new Set([head.fence, ...head.ranges.map(fenceOf), ...head.outbox.map(fenceOf)])];
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
  w.uint32(checksum(w.view()));
  return w.take();
}

/**
 * Turns bytes into a head.
 *
 * @throws {RangeError} when they are not a head of this format
 */
export function decodeHead(bytes: Uint8Array): Head {
  if (bytes.length < 5) throw new RangeError("a head has more bytes");
  if (bytes[0] !== HEAD_FORMAT) {
    throw new RangeError(`it has format ${bytes[0]}, and this program knows format ${HEAD_FORMAT} only`);
  }
  const end = bytes.length - 4;
  if (new ValueReader(bytes.subarray(end)).uint32() !== checksum(bytes.subarray(0, end))) {
    throw new RangeError("its checksum is another");
  }
  const r = new ValueReader(bytes.subarray(1, end));
  const fences = readList(r, () => r.string());
  const attempt = r.varint();
  const epoch = r.varint();
  const nextState = r.varint();
  const era = r.varint();
  const flags = r.byte();
  return {
    fence: fences[0],
    attempt,
    epoch,
    nextState,
    era,
    finished: (flags & 1) !== 0,
    offsets: readOffsets(r),
    clocks: readClocks(r),
    counters: readNames(r, () => r.value() as number) as Counters,
    ranges: readList(r, () => readRange(r, fences)),
    outbox: readList(r, () => readOutbox(r, fences)),
    publishers: readStrings(r),
    states: readList(r, () => readState(r)),
    unsafe: (flags & 2) !== 0 ? { since: readOffsets(r), reason: r.string() } : undefined,
    topics: (flags & 4) !== 0 ? readNames(r, () => r.string()) : {},
  };
}

function fenceOf({ fence }: { readonly fence: string }): string {
  return fence;
}

function writeList<T>(w: ValueWriter, list: readonly T[], write: (item: T) => void): void {
  w.varint(list.length);
  for (const item of list) write(item);
}

function readList<T>(r: ValueReader, read: () => T): T[] {
  const list: T[] = [];
  for (let left = r.varint(); left > 0; left--) list.push(read());
  return list;
}

/** Each string as the length of what it shares with the one before, and the rest. */
function writeStrings(w: ValueWriter, strings: readonly string[]): void {
  let before = "";
  writeList(w, strings, (text) => {
    let shared = 0;
    while (shared < text.length && text[shared] === before[shared]) shared++;
    w.varint(shared);
    w.string(text.slice(shared));
    before = text;
  });
}

function readStrings(r: ValueReader): string[] {
  let before = "";
  return readList(r, () => before = before.slice(0, r.varint()) + r.string());
}

function writeNames<T>(w: ValueWriter, record: Readonly<Record<string, T>>, write: (value: T) => void): void {
  const names = Object.keys(record);
  writeStrings(w, names);
  for (const name of names) write(record[name]);
}

function readNames<T>(r: ValueReader, read: () => T): Record<string, T> {
  return Object.fromEntries(readStrings(r).map((name) => [name, read()]));
}

/** Ascending partitions as runs, so that a topic that is read whole costs its numbers once. */
function writeRuns(w: ValueWriter, partitions: readonly number[]): void {
  const runs: [start: number, length: number][] = [];
  for (const partition of partitions) {
    const last = runs.at(-1);
    if (last !== undefined && last[0] + last[1] === partition) last[1]++;
    else runs.push([partition, 1]);
  }
  writeList(w, runs, ([start, length]) => {
    w.varint(start);
    w.varint(length);
  });
}

function readRuns(r: ValueReader): number[] {
  const partitions: number[] = [];
  for (let left = r.varint(); left > 0; left--) {
    const start = r.varint();
    const length = r.varint();
    for (let i = 0; i < length; i++) partitions.push(start + i);
  }
  return partitions;
}

function writeOffsets(w: ValueWriter, offsets: Offsets): void {
  writeNames(w, offsets, (byPartition) => {
    const partitions = Object.keys(byPartition).map(Number).sort((a, b) => a - b);
    writeRuns(w, partitions);
    for (const partition of partitions) w.varint(byPartition[partition]);
  });
}

function readOffsets(r: ValueReader): Offsets {
  return readNames(r, () => Object.fromEntries(readRuns(r).map((partition) => [partition, r.varint()])));
}

function writeClocks(w: ValueWriter, clocks: Clocks): void {
  writeNames(w, clocks, (clock) => {
    w.value(clock.watermark);
    const topics = Map.groupBy(clock.partitions, ([topic]) => topic);
    // Timestamps lie close to one another: their difference from the first is short.
    const base = clock.partitions[0]?.[2] ?? 0;
    const near = clock.partitions.every(([, , highest]) => Math.abs(highest - base) < 2 ** 51);
    w.value(near ? base : null);
    writeList(w, [...topics], ([topic, slots]) => {
      const sorted = [...slots].sort((a, b) => a[1] - b[1]);
      w.string(topic);
      writeRuns(w, sorted.map(([, partition]) => partition));
      for (const [, , highest] of sorted) {
        if (near) w.zigzag(highest - base);
        else w.value(highest);
      }
    });
  });
}

function readClocks(r: ValueReader): Clocks {
  return readNames(r, (): ClockSnapshot => {
    const watermark = r.value() as number;
    const base = r.value() as number | null;
    const partitions = readList(r, () => {
      const topic = r.string();
      return readRuns(r).map((partition) => {
        return [topic, partition, base === null ? r.value() as number : base + r.zigzag()] as const;
      });
    });
    return { partitions: partitions.flat(), watermark };
  });
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

function writeState(w: ValueWriter, state: StateEntry): void {
  w.varint(state.id);
  w.string(state.name);
  w.varint(state.version);
  w.byte(state.namespaced ? 1 : 0);
  w.varint(state.buckets);
  w.varint(state.bases);
  w.varint(state.baseBytes);
  w.uint32(state.checksum);
}

function readState(r: ValueReader): StateEntry {
  return {
    id: r.varint(),
    name: r.string(),
    version: r.varint(),
    namespaced: r.byte() === 1,
    buckets: r.varint(),
    bases: r.varint(),
    baseBytes: r.varint(),
    checksum: r.uint32(),
  };
}
