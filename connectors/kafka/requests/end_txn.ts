/**
 * EndTxn: commits or aborts a transaction.
 *
 * @module
 */

import type { ProducerIdentity } from "../driver.ts";
import { brokerError } from "../errors.ts";
import type { Request } from "../transport.ts";

/** May be asked for again, but not for the opposite. */
export function endTxn({ transactionalId, producer, epoch }: ProducerIdentity, commit: boolean): Request<void> {
  return {
    api: 26,
    name: "EndTxn",
    version: 1,
    write: (body) => void body.string(transactionalId).int64(producer).int16(epoch).int8(commit ? 1 : 0),
    read(answer) {
      answer.readThrottle();
      const error = answer.int16();
      if (error !== 0) throw brokerError(error, `the end of a transaction of "${transactionalId}"`);
    },
  };
}
