/**
 * Arrays of Kafka's protocol, in the plain and in the compact format.
 *
 * @module
 */

import type { ByteReader, ByteWriter } from "../wire.ts";

/** Reads an array. `null` reads as empty. */
export function readArray<T>(reader: ByteReader, read: () => T): T[] {
  const items: T[] = [];
  for (let left = reader.int32(); left > 0; left--) items.push(read());
  return items;
}

/** Reads an array of a flexible version: its length + 1 as a varint. */
export function readCompactArray<T>(reader: ByteReader, read: () => T): T[] {
  const items: T[] = [];
  for (let left = reader.unsignedVarint() - 1; left > 0; left--) items.push(read());
  return items;
}

/** Writes an array. */
export function writeArray<T>(writer: ByteWriter, items: readonly T[], write: (item: T) => void): void {
  writer.int32(items.length);
  for (const item of items) write(item);
}

/** Writes partitions grouped by topic: for each topic its name, and an array of what `write` writes. */
export function writeByTopic<T extends { readonly topic: string }>(
  writer: ByteWriter,
  items: readonly T[],
  write: (item: T) => void,
): void {
  const byTopic = Map.groupBy(items, ({ topic }) => topic);
  writer.int32(byTopic.size);
  for (const [topic, ofTopic] of byTopic) {
    writer.string(topic);
    writeArray(writer, ofTopic, write);
  }
}

/** Reads partitions grouped by topic. */
export function readByTopic(reader: ByteReader, read: (topic: string) => void): void {
  readArray(reader, () => {
    const topic = reader.string();
    readArray(reader, () => read(topic));
  });
}
