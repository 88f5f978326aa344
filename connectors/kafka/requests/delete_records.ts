/**
 * DeleteRecords: deletes the records of partitions below an offset each.
 *
 * @module
 */

import { brokerError } from "../errors.ts";
import { TOPIC_TIMEOUT } from "../limits.ts";
import type { Request } from "../transport.ts";
import { readByTopic, writeArray } from "./arrays.ts";

/** To be sent to the leader of the partitions. */
export function deleteRecords(topic: string, below: ReadonlyMap<number, number>): Request<void> {
  return {
    api: 21,
    name: "DeleteRecords",
    version: 1,
    write(body) {
      body.int32(1).string(topic);
      writeArray(body, [...below], ([partition, offset]) => body.int32(partition).int64(offset));
      body.int32(TOPIC_TIMEOUT);
    },
    read(answer) {
      answer.readThrottle();
      readByTopic(answer, () => {
        const partition = answer.int32();
        answer.int64();
        const error = answer.int16();
        if (error !== 0) throw brokerError(error, `a deletion of records of "${topic}" partition ${partition}`);
      });
    },
  };
}
