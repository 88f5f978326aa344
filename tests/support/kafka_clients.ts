/** Clients for any broker. This file neither finds nor starts one. */
import { Kafka, logLevel, type RetryOptions } from "kafkajs";
import KafkaJsQueue from "kafkajs/src/network/requestQueue/index.js";
import type { Connection } from "../../connectors/connector.ts";
import { kafka } from "../../connectors/kafka/mod.ts";
import { checkWhenDue } from "../../connectors/kafka/kafkajs_queue.ts";
import { NO_STORE } from "./no_store.ts";

// The plain clients of tests have queues that nobody else can reach. The connector corrects each of its own by itself.
checkWhenDue(KafkaJsQueue.prototype);

/** A connection of the connector. */
export function connectTo(brokers: readonly string[]): Promise<Connection> {
  return kafka({ brokers: [...brokers] }).open({ job: "test", store: NO_STORE, now: Date.now, log: () => {} });
}

/** A plain client, for what the connector does not do. */
export function clientOf(brokers: readonly string[], retry?: RetryOptions): Kafka {
  return new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, retry });
}

/** Creates a topic with a configuration, and waits until it can be used. */
export async function makeTopic(
  brokers: readonly string[],
  topic: string,
  { partitions = 1, config = {} }: { partitions?: number; config?: Record<string, string> } = {},
): Promise<void> {
  const admin = clientOf(brokers).admin();
  await admin.connect();
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  try {
    // Waiting by kafkajs fails when a topic is not known everywhere after 100 ms.
    await admin.createTopics({ topics: [{ topic, numPartitions: partitions, configEntries }], waitForLeaders: false });
  } finally {
    await admin.disconnect();
  }
  const connection = await connectTo(brokers);
  await connection.createTopic(topic, partitions);
  await connection.close();
}
