/**
 * AddOffsetsToTxn: tells the coordinator of which group a transaction will commit offsets.
 *
 * @module
 */

import type { ProducerIdentity } from "../driver.ts";
import { brokerError } from "../errors.ts";
import type { Request } from "../transport.ts";

/** Before `txnOffsetCommit`. */
export function addOffsetsToTxn(
  { transactionalId, producer, epoch }: ProducerIdentity,
  group: string,
): Request<void> {
  return {
    api: 25,
    name: "AddOffsetsToTxn",
    version: 1,
    write: (body) => void body.string(transactionalId).int64(producer).int16(epoch).string(group),
    read(answer) {
      answer.readThrottle();
      const error = answer.int16();
      if (error !== 0) throw brokerError(error, `the group "${group}" as a part of a transaction`);
    },
  };
}
