/**
 * DescribeProducers: the producers with an open transaction in a partition, by id. For the partition's leader; Apache
 * Kafka 2.8 and later.
 *
 * @module
 */

import type { OpenTransaction } from "../driver.ts";
import { brokerError } from "../errors.ts";
import type { Answer, Request } from "../transport.ts";
import { readCompactArray } from "./arrays.ts";

/** The transactions that are open in a partition. */
export function describeProducers(
  topic: string,
  partition: number,
): Request<readonly Pick<OpenTransaction, "producer" | "firstOffset">[]> {
  return {
    api: 61,
    name: "DescribeProducers",
    version: 0,
    flexible: true,
    write(body) {
      body.unsignedVarint(2).compactString(topic).unsignedVarint(2).int32(partition);
      body.unsignedVarint(0).unsignedVarint(0);
    },
    read(answer) {
      answer.readThrottle();
      const producers = readCompactArray(answer, () => {
        answer.compactString();
        const ofTopic = readCompactArray(answer, () => readPartition(answer, topic));
        answer.skipTags();
        return ofTopic.flat();
      });
      return producers.flat().filter(({ firstOffset }) => firstOffset >= 0);
    },
  };
}

function readPartition(answer: Answer, topic: string): { producer: number; firstOffset: number }[] {
  answer.int32();
  const error = answer.int16();
  const said = answer.compactString();
  if (error !== 0) throw brokerError(error, `a question for the producers of "${topic}"`, said);
  const producers = readCompactArray(answer, () => {
    const producer = answer.int64();
    // The producer's epoch, its last sequence number and time, and its coordinator's epoch.
    answer.skip(4 + 4 + 8 + 4);
    const firstOffset = answer.int64();
    answer.skipTags();
    return { producer, firstOffset };
  });
  answer.skipTags();
  return producers;
}
