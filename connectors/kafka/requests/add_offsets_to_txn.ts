/**
 * AddOffsetsToTxn: tells the coordinator for which group a transaction will commit offsets.
 *
 * @module
 */

import type { ProducerIdentity } from "../driver.ts";
import type { Request } from "../transport.ts";
import { readVerdict } from "./verdict.ts";

/** To be sent before `txnOffsetCommit`. */
export function addOffsetsToTxn(
  { transactionalId, producer, epoch }: ProducerIdentity,
  group: string,
): Request<void> {
  return {
    api: 25,
    name: "AddOffsetsToTxn",
    version: 1,
    write: (body) => void body.string(transactionalId).int64(producer).int16(epoch).string(group),
    read: (answer) => readVerdict(answer, `the group "${group}" as a part of a transaction`),
  };
}
