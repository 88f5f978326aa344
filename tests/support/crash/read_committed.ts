/** Reads topics to their end as a `read_committed` consumer, with plain kafkajs on connections of its own. */
import type { Kafka, KafkaMessage } from "kafkajs";

/** The value of the record that is written behind everything else. */
export const LAST = "the last record";

/** What is read, and how long it may take. */
export interface ReadOptions {
  readonly topics: readonly string[];
  /** How many partitions each of them has. */
  readonly partitions: number;
  /** In milliseconds. @default 60000 */
  readonly patience?: number;
}

/**
 * Writes one more record to each partition and reads to there: a consumer that comes to it has passed everything before it, and
 * knows of every transaction whether it was committed.
 */
export async function readCommitted(
  kafka: Kafka,
  { topics, partitions, patience = 60_000 }: ReadOptions,
  each: (topic: string, message: KafkaMessage) => void,
): Promise<void> {
  await writeLast(kafka, topics, partitions);
  const left = new Set(topics.flatMap((topic) => Array.from({ length: partitions }, (_, at) => `${topic}/${at}`)));
  const complete = Promise.withResolvers<void>();
  const deadline = setTimeout(
    () => complete.reject(new Error(`After ${patience} ms readers are still held back in ${[...left].join(", ")}`)),
    patience,
  );
  const consumer = kafka.consumer({
    groupId: `reads-${crypto.randomUUID()}`,
    readUncommitted: false,
    maxWaitTimeInMs: 20,
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: ({ batch }) => {
        for (const message of batch.messages) {
          if (message.value?.toString() === LAST) left.delete(`${batch.topic}/${batch.partition}`);
          else each(batch.topic, message);
        }
        if (left.size === 0) complete.resolve();
        return Promise.resolve();
      },
    });
    await complete.promise;
  } finally {
    clearTimeout(deadline);
    await consumer.disconnect();
  }
}

/** Writes it to each partition. */
export async function writeLast(kafka: Kafka, topics: readonly string[], partitions: number): Promise<void> {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const messages = Array.from({ length: partitions }, (_, partition) => ({ partition, value: LAST }));
  await producer.sendBatch({ acks: -1, topicMessages: topics.map((topic) => ({ topic, messages })) });
  await producer.disconnect();
}
