/**
 * Fetch: reads partitions from their leader as a `read_committed` reader, outside of a fetch session.
 *
 * @module
 */

import type { FetchedPartition, FetchLimits, FetchPartition } from "../driver.ts";
import { brokerError } from "../errors.ts";
import type { Answer, Request } from "../transport.ts";
import { readArray, readByTopic, writeByTopic } from "./arrays.ts";

/** Kafka's number of this request. Fetches use a separate connection. */
export const FETCH = 1;
const NO_EPOCH = -1;
const READ_COMMITTED = 1;

/** One fetch from one broker. */
export function fetch(
  partitions: readonly FetchPartition[],
  limits: FetchLimits,
): Request<readonly FetchedPartition[]> {
  return {
    api: FETCH,
    name: "Fetch",
    version: 11,
    write(body) {
      // As a client, not a replica; at least one byte; no session.
      body.int32(-1).int32(limits.wait).int32(1).int32(limits.bytes).int8(READ_COMMITTED).int32(0).int32(-1);
      writeByTopic(body, partitions, ({ partition, offset }) => {
        body.int32(partition).int32(NO_EPOCH).int64(offset).int64(-1).int32(limits.partitionBytes);
      });
      // No topics to forget, and no rack.
      body.int32(0).string("");
    },
    read(answer) {
      answer.readThrottle();
      const error = answer.int16();
      if (error !== 0) throw brokerError(error, "a fetch");
      answer.int32();
      const fetched: FetchedPartition[] = [];
      readByTopic(answer, (topic) => fetched.push(readPartition(answer, topic)));
      return fetched;
    },
  };
}

function readPartition(answer: Answer, topic: string): FetchedPartition {
  const partition = answer.int32();
  const error = answer.int16();
  const latest = answer.int64();
  const end = answer.int64();
  answer.int64();
  const aborted = readArray(answer, () => ({ producer: answer.int64(), firstOffset: answer.int64() }));
  answer.int32();
  const batches = answer.take(Math.max(0, answer.int32()));
  return { topic, partition, error, end, latest, aborted, batches };
}
