/**
 * TxnOffsetCommit: offsets of a group that a transaction makes visible.
 *
 * @module
 */

import type { NotedOffset, ProducerIdentity } from "../driver.ts";
import { brokerError } from "../errors.ts";
import type { Request } from "../transport.ts";
import { readByTopic, writeByTopic } from "./arrays.ts";

/** To be sent to the coordinator of the group. */
export function txnOffsetCommit(
  { transactionalId, producer, epoch }: ProducerIdentity,
  group: string,
  offsets: readonly NotedOffset[],
): Request<void> {
  return {
    api: 28,
    name: "TxnOffsetCommit",
    version: 1,
    write(body) {
      body.string(transactionalId).string(group).int64(producer).int16(epoch);
      writeByTopic(
        body,
        offsets,
        ({ partition, offset, note = "" }) => body.int32(partition).int64(offset).string(note),
      );
    },
    read(answer) {
      answer.readThrottle();
      readByTopic(answer, (topic) => {
        const partition = answer.int32();
        const error = answer.int16();
        if (error === 0) return;
        throw brokerError(error, `the offset of "${topic}" partition ${partition} of the group "${group}"`);
      });
    },
  };
}
