/** For tests of the Kafka connector on a real Kafka: a shared broker, and connections to it. */
import type { Kafka } from "kafkajs";
import type { Connection } from "../../connectors/connector.ts";
import { findBroker, sharedBroker } from "./broker.ts";
import { clientOf, connectTo } from "./kafka_clients.ts";

export { Member, NO_STORE } from "./kafka_member.ts";

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
export async function createTopicWith(
  topic: string,
  config: Record<string, string>,
  { partitions = 1 }: { partitions?: number } = {},
): Promise<void> {
  const admin = plainClient().admin();
  await admin.connect();
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  try {
    // Waiting by kafkajs fails when a topic is not known everywhere after 100 ms.
    await admin.createTopics({ topics: [{ topic, numPartitions: partitions, configEntries }], waitForLeaders: false });
  } finally {
    await admin.disconnect();
  }
  const connection = await connect();
  await connection.createTopic(topic, partitions);
  await connection.close();
}
