/**
 * Produce: writes record batches, acknowledged by all in-sync replicas.
 *
 * @module
 */

import type { Produced, ProduceFailure, ProducePartition, ProducerIdentity } from "../driver.ts";
import { PRODUCE_TIMEOUT } from "../limits.ts";
import type { Request } from "../transport.ts";
import { readArray, readByTopic, writeByTopic } from "./arrays.ts";

const ALL_IN_SYNC = -1;

/** A broker older than Apache Kafka 2.4 does not name the records that caused a refusal. */
export function produce(
  { transactionalId }: ProducerIdentity,
  partitions: readonly ProducePartition[],
): Request<Produced> {
  return {
    api: 0,
    name: "Produce",
    version: 8,
    size: partitions.reduce((sum, { batch, topic }) => sum + batch.length + topic.length * 3 + 16, 128),
    write(body) {
      body.string(transactionalId).int16(ALL_IN_SYNC).int32(PRODUCE_TIMEOUT);
      writeByTopic(body, partitions, ({ partition, batch }) => body.int32(partition).block(batch));
    },
    read(answer) {
      const failures: ProduceFailure[] = [];
      readByTopic(answer, (topic) => {
        const partition = answer.int32();
        const error = answer.int16();
        // The offset, the append time, and the start of the log.
        answer.take(24);
        const records = readArray(answer, () => ({ index: answer.int32(), said: answer.string() || undefined }));
        const said = answer.string() || undefined;
        if (error !== 0) failures.push({ topic, partition, error, records, said });
      });
      answer.readThrottle();
      return { failures, throttle: answer.throttle };
    },
  };
}
