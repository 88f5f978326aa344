/**
 * The encoding of lists, names and offsets in a head.
 *
 * @module
 */
import { dictionary, type Offsets } from "./head.ts";
import type { ValueReader } from "./value_reader.ts";
import { sameNames, type ValueWriter } from "./value_writer.ts";

export function writeList<T>(w: ValueWriter, list: readonly T[], write: (item: T) => void): void {
  w.varint(list.length);
  for (const item of list) write(item);
}

export function readList<T>(r: ValueReader, read: () => T): T[] {
  const list: T[] = [];
  for (let left = r.varint(); left > 0; left--) list.push(read());
  return list;
}

/** Writes each string as the length of the prefix that it shares with the previous one, and the rest. */
export function writeStrings(w: ValueWriter, strings: readonly string[]): void {
  let before = "";
  writeList(w, strings, (text) => {
    let shared = 0;
    while (shared < text.length && text[shared] === before[shared]) shared++;
    w.varint(shared);
    w.string(text.slice(shared));
    before = text;
  });
}

export function readStrings(r: ValueReader): string[] {
  let before = "";
  return readList(r, () => before = before.slice(0, r.varint()) + r.string());
}

/** Names that were written before, as bytes. A task's names hardly ever change, and are written with each head. */
const written: { readonly names: readonly string[]; readonly bytes: Uint8Array }[] = [];
/** How many lists of names are remembered. */
const WRITTEN = 64;

export function writeNames<T>(w: ValueWriter, record: Readonly<Record<string, T>>, write: (value: T) => void): void {
  const names = Object.keys(record);
  const known = written.find((one) => sameNames(one.names, names));
  if (known !== undefined) w.raw(known.bytes);
  else {
    const from = w.length;
    writeStrings(w, names);
    if (written.length >= WRITTEN) written.length = 0;
    written.push({ names, bytes: w.take(from) });
  }
  for (const name of names) write(record[name]);
}

export function readNames<T>(r: ValueReader, read: () => T): Record<string, T> {
  return dictionary(readStrings(r).map((name) => [name, read()] as const));
}

/** Writes ascending partitions as runs, so that consecutive partitions take only a few bytes. */
export function writeRuns(w: ValueWriter, partitions: readonly number[]): void {
  let runs = 0;
  for (let at = 0; at < partitions.length; at = endOfRun(partitions, at)) runs++;
  w.varint(runs);
  for (let at = 0, end = 0; at < partitions.length; at = end) {
    end = endOfRun(partitions, at);
    w.varint(partitions[at]);
    w.varint(end - at);
  }
}

/** Where the run ends that begins at an index. */
function endOfRun(partitions: readonly number[], at: number): number {
  let end = at + 1;
  while (end < partitions.length && partitions[end] === partitions[end - 1] + 1) end++;
  return end;
}

export function readRuns(r: ValueReader): number[] {
  const partitions: number[] = [];
  for (let left = r.varint(); left > 0; left--) {
    const start = r.varint();
    const length = r.varint();
    for (let i = 0; i < length; i++) partitions.push(start + i);
  }
  return partitions;
}

export function writeOffsets(w: ValueWriter, offsets: Offsets): void {
  writeNames(w, offsets, (byPartition) => writePartitions(w, byPartition));
}

export function writePartitions(w: ValueWriter, offsets: Offsets[string]): void {
  const partitions = Object.keys(offsets).map(Number).sort((a, b) => a - b);
  writeRuns(w, partitions);
  for (const partition of partitions) w.varint(offsets[partition]);
}

export function readOffsets(r: ValueReader): Offsets {
  return readNames(r, () => readPartitions(r));
}

export function readPartitions(r: ValueReader): Offsets[string] {
  return Object.fromEntries(readRuns(r).map((partition) => [partition, r.varint()]));
}
