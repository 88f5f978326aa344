/** The shared real Kafka, as a subject of the contracts that the simulated one also passes. */
import { systemClock } from "../../base/clock.ts";
import { KafkaJsDriver } from "../../connectors/kafka/kafkajs_driver.ts";
import { toKafkaJsOptions } from "../../connectors/kafka/kafkajs_options.ts";
import { KafkaJsTransport } from "../../connectors/kafka/kafkajs_transport.ts";
import { NewConsumer } from "./new_consumer.ts";
import { brokers, createTopicWith, plainClient } from "./kafka.ts";
import type { KafkaSubject } from "./kafka_subject.ts";

/** The shared broker, by kafkajs. */
export function realKafka(): Promise<KafkaSubject> {
  return Promise.resolve({
    driver: new KafkaJsDriver(brokers, {}),
    clock: systemClock,
    now: Date.now,
    createTopicWith,
    deleteRecords: (topic, partition, before) =>
      administer(async (admin) => {
        await admin.fetchTopicOffsets(topic);
        await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] });
      }),
    setOffset: (group, topic, partition, offset) =>
      administer((admin) =>
        admin.setOffsets({ groupId: group, topic, partitions: [{ partition, offset: String(offset) }] })
      ),
    intrude: (group, topic) =>
      NewConsumer.join(new KafkaJsTransport(brokers, toKafkaJsOptions({ clientId: "intruder" })), {
        clock: systemClock,
        group,
        topic,
      }),
    members: (group) =>
      administer(async (admin) => {
        const { groups } = await admin.describeGroups([group]);
        return groups[0].members.map(({ memberId }) => memberId).sort();
      }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

async function administer<T>(
  ask: (admin: ReturnType<ReturnType<typeof plainClient>["admin"]>) => Promise<T>,
): Promise<T> {
  const admin = plainClient().admin();
  await admin.connect();
  try {
    return await ask(admin);
  } finally {
    await admin.disconnect();
  }
}
