/**
 * Produce: writes record batches, acknowledged by all replicas that are in sync.
 *
 * @module
 */

import type { ProduceFailure, ProducePartition, ProducerIdentity } from "../driver.ts";
import { PRODUCE_TIMEOUT } from "../limits.ts";
import type { Request } from "../transport.ts";
import { readByTopic, writeByTopic } from "./arrays.ts";

const ALL_IN_SYNC = -1;

/** Resolves with the partitions that were refused. */
export function produce(
  { transactionalId }: ProducerIdentity,
  partitions: readonly ProducePartition[],
): Request<readonly ProduceFailure[]> {
  return {
    api: 0,
    name: "Produce",
    version: 7,
    write(body) {
      body.string(transactionalId).int16(ALL_IN_SYNC).int32(PRODUCE_TIMEOUT);
      writeByTopic(body, partitions, ({ partition, batch }) => body.int32(partition).block(batch));
    },
    read(answer) {
      const failures: ProduceFailure[] = [];
      readByTopic(answer, (topic) => {
        const partition = answer.int32();
        const error = answer.int16();
        if (error !== 0) failures.push({ topic, partition, error });
        // Offset, time of append, and where the log begins.
        answer.take(24);
      });
      answer.readThrottle();
      return failures;
    },
  };
}
