/**
 * Converts offsets between the form of the head (by topic and partition) and the form of readers (a list).
 *
 * @module
 */
import type { StartOffset } from "../connectors/connector.ts";
import type { Offsets } from "../state/mod.ts";

/** Converts from the form of the head to a list, in the order of topics and partitions. */
export function listOffsets(offsets: Offsets): StartOffset[] {
  return Object.entries(offsets).flatMap(([topic, partitions]) =>
    Object.entries(partitions).map(([partition, offset]) => ({ topic, partition: Number(partition), offset }))
  );
}

/** Converts a list to the form of the head. */
export function mapOffsets(starts: Iterable<StartOffset>): Offsets {
  // A topic may have any name, `__proto__` among them.
  const offsets: Record<string, Record<number, number>> = Object.create(null);
  for (const { topic, partition, offset } of starts) (offsets[topic] ??= {})[partition] = offset;
  return offsets;
}

/** The least offset of each partition: tasks that share a partition are each at an offset of their own. */
export function leastOffsets(starts: Iterable<StartOffset>): StartOffset[] {
  const least = new Map<string, StartOffset>();
  for (const start of starts) {
    const place = `${start.topic}/${start.partition}`;
    if (start.offset < (least.get(place)?.offset ?? Infinity)) least.set(place, start);
  }
  return [...least.values()];
}

/** Writes offsets as `topic/partition@offset`. */
export function showOffsets(starts: readonly StartOffset[], most = Infinity): string {
  const all = starts.map(({ topic, partition, offset }) => `${topic}/${partition}@${offset}`);
  return all.length > most ? `${all.slice(0, most).join(" ")} and ${all.length - most} more` : all.join(" ");
}
