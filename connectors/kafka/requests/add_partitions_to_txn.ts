/**
 * AddPartitionsToTxn: tells the coordinator which partitions a transaction will write to.
 *
 * @module
 */

import type { ProducerIdentity } from "../driver.ts";
import { brokerError, CODE } from "../errors.ts";
import type { Request } from "../transport.ts";
import { readByTopic, writeArray } from "./arrays.ts";

/** Adds all partitions or none. */
export function addPartitionsToTxn(
  { transactionalId, producer, epoch }: ProducerIdentity,
  topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
): Request<void> {
  return {
    api: 24,
    name: "AddPartitionsToTxn",
    version: 1,
    write(body) {
      body.string(transactionalId).int64(producer).int16(epoch);
      writeArray(body, topics, ({ topic, partitions }) => {
        body.string(topic);
        writeArray(body, partitions, (partition) => body.int32(partition));
      });
    },
    read(answer) {
      answer.readThrottle();
      const refused: { readonly topic: string; readonly partition: number; readonly error: number }[] = [];
      readByTopic(answer, (topic) => {
        const partition = answer.int32();
        const error = answer.int16();
        if (error !== 0) refused.push({ topic, partition, error });
      });
      // When one is refused, none is added. The code of the others only says that they were not tried.
      const found = refused.find(({ error }) => error !== CODE.operationNotAttempted) ?? refused[0];
      if (found === undefined) return;
      throw brokerError(found.error, `"${found.topic}" partition ${found.partition} as a part of a transaction`);
    },
  };
}
