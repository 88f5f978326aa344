/**
 * The last records of a topic.
 *
 * @module
 */
import type { InputRecord } from "../connectors/connector.ts";
import type { Topics } from "./topics.ts";

/** Which records to read. */
export interface LastWanted {
  /** How many of each partition. */
  readonly count: number;
  /** Only these partitions, with their ends. */
  readonly ends: ReadonlyMap<number, number>;
  readonly signal: AbortSignal;
}

/**
 * The last records of each partition, by their own timestamps. The offsets between two records may be more than one
 * apart: transactions, compaction and deleted records leave gaps. So what is too little is read again from further back.
 */
export async function lastRecords(
  topics: Topics,
  topic: string,
  { count, ends, signal }: LastWanted,
): Promise<readonly InputRecord[]> {
  const bounds = await topics.bounds(topic);
  const all: InputRecord[] = [];
  for (const [partition, end] of count === 0 ? [] : ends) {
    const { earliest } = bounds[partition];
    for (let back = count;; back *= 4) {
      const from = Math.max(earliest, end - back);
      const found: InputRecord[] = [];
      const reading = { starts: new Map([[partition, from]]), ends: new Map([[partition, end]]), signal };
      await topics.read(topic, reading, (record) => void found.push(record));
      if (found.length < count && from > earliest && !signal.aborted) continue;
      all.push(...found.slice(-count));
      break;
    }
  }
  return all.sort((one, other) => one.timestamp - other.timestamp);
}
