/**
 * EndTxn: commits or aborts a transaction.
 *
 * @module
 */

import type { ProducerIdentity } from "../driver.ts";
import type { Request } from "../transport.ts";
import { readVerdict } from "./verdict.ts";

/** The same end may be requested again, but not the opposite one. */
export function endTxn({ transactionalId, producer, epoch }: ProducerIdentity, commit: boolean): Request<void> {
  return {
    api: 26,
    name: "EndTxn",
    version: 1,
    write: (body) => void body.string(transactionalId).int64(producer).int16(epoch).int8(commit ? 1 : 0),
    read: (answer) => readVerdict(answer, `the end of a transaction of "${transactionalId}"`),
  };
}
