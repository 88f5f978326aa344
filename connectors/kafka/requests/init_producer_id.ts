/**
 * InitProducerId: a new life of a transactional id, which fences the former ones.
 *
 * @module
 */

import type { ProducerIdentity } from "../driver.ts";
import { brokerError } from "../errors.ts";
import type { Request } from "../transport.ts";

/** @param timeout How long a transaction may stay open, in milliseconds. */
export function initProducerId(transactionalId: string, timeout: number): Request<ProducerIdentity> {
  return {
    api: 22,
    name: "InitProducerId",
    version: 1,
    write: (body) => void body.string(transactionalId).int32(timeout),
    read(answer) {
      answer.readThrottle();
      const error = answer.int16();
      if (error !== 0) throw brokerError(error, `the initialising of the producer "${transactionalId}"`);
      return { transactionalId, producer: answer.int64(), epoch: answer.int16() };
    },
  };
}
