/**
 * InitProducerId: begins a new life of a transactional id, which fences the earlier ones.
 *
 * @module
 */

import type { ProducerIdentity } from "../driver.ts";
import type { Request } from "../transport.ts";
import { readVerdict } from "./verdict.ts";

/** @param timeout how long a transaction may stay open, in milliseconds */
export function initProducerId(transactionalId: string, timeout: number): Request<ProducerIdentity> {
  return {
    api: 22,
    name: "InitProducerId",
    version: 1,
    write: (body) => void body.string(transactionalId).int32(timeout),
    read(answer) {
      readVerdict(answer, `the initialising of the producer "${transactionalId}"`);
      return { transactionalId, producer: answer.int64(), epoch: answer.int16() };
    },
  };
}
