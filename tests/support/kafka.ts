/** For tests of the Kafka connector on a real Kafka: a shared broker, and connections to it. */
import type { Kafka } from "kafkajs";
import type { Connection } from "../../connectors/connector.ts";
import { findBroker, sharedBroker } from "./broker.ts";
import { clientOf, connectTo, makeTopic } from "./kafka_clients.ts";

export { Member } from "./kafka_member.ts";
export { NO_STORE } from "./no_store.ts";

const found = await findBroker();

/** Whether there is no broker to test with. */
export const ignore = found.kind === "none";

/** Addresses of the broker that all tests share. */
export const brokers: string[] = ignore ? [] : (await sharedBroker()).brokers;

/** A connection to the shared broker, or to others. */
export function connect(addresses: string[] = brokers): Promise<Connection> {
  return connectTo(addresses);
}

/** A plain client, for what the connector does not do. */
export function plainClient(addresses: string[] = brokers): Kafka {
  return clientOf(addresses);
}

/** Creates a topic with a configuration. */
export function createTopicWith(
  topic: string,
  config: Record<string, string>,
  { partitions = 1 }: { partitions?: number } = {},
): Promise<void> {
  return makeTopic(brokers, topic, { partitions, config });
}

/**
 * Deletes a topic, and waits until the broker says that it is gone. Kafka answers before that, and takes records for the
 * topic until then.
 */
export async function deleteTopic(topic: string): Promise<void> {
  const admin = plainClient().admin();
  await admin.connect();
  try {
    await admin.deleteTopics({ topics: [topic] });
    while ((await admin.listTopics()).includes(topic));
  } finally {
    await admin.disconnect();
  }
}
