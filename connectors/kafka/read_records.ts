/**
 * Reads some records of one partition, once, from any offset on.
 *
 * @module
 */
import type { RecordsRead } from "../connector.ts";
import type { FetchPartition, Line } from "./driver.ts";
import { brokerError, CODE } from "./errors.ts";
import { FETCH_PARTITION_BYTES, FETCH_WAIT } from "./limits.ts";
import { decodePartition } from "./record_batch_decode.ts";

const EARLIEST = -2;
const LATEST = -1;

/** At most `most` records from an offset on, or from the first one that is kept. */
export async function readRecords(
  line: Line,
  { topic, partition, offset }: FetchPartition,
  most: number,
): Promise<RecordsRead> {
  const places = await line.places(topic);
  const place = places?.find((one) => one.partition === partition);
  if (place === undefined) throw new Error(missing(topic, partition, places?.length));
  const { leader } = place;
  const doing = `a fetch of "${topic}" partition ${partition}`;
  if (leader === undefined) throw brokerError(CODE.leaderNotAvailable, doing);
  const [earliest] = await line.listOffsets(topic, [place], EARLIEST);
  const [end] = await line.listOffsets(topic, [place], LATEST);
  let position = Math.max(offset, earliest);
  let bytes = FETCH_PARTITION_BYTES;
  while (position < end) {
    const limits = { wait: FETCH_WAIT, partitionBytes: bytes, bytes };
    const [fetched] = await line.fetch(leader, [{ topic, partition, offset: position }], limits);
    if (fetched.error !== 0) throw brokerError(fetched.error, doing);
    const { records, position: after, needs } = decodePartition(fetched, position, bytes);
    if (records.length > 0) {
      const taken = [...records].slice(0, most);
      return { records: taken, next: records.at(taken.length)?.offset ?? after };
    }
    // The broker has not said anything about an offset that it has: it is asked again later.
    if (after === position && needs === undefined) throw brokerError(CODE.leaderNotAvailable, doing);
    bytes = Math.max(bytes, needs ?? 0);
    position = after;
  }
  return { records: [], next: position };
}

function missing(topic: string, partition: number, partitions: number | undefined): string {
  if (partitions === undefined) return `There is no topic "${topic}" in Kafka: check its name, or create it`;
  return `There is no partition ${partition} of the topic "${topic}": it has ${partitions} partitions`;
}
