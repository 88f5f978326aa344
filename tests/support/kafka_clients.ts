/** Clients of any broker: this file knows none, and starts none. */
import { Kafka, logLevel, type RetryOptions } from "kafkajs";
import type { Connection } from "../../connectors/connector.ts";
import { kafka } from "../../connectors/kafka/mod.ts";
import { NO_STORE } from "./kafka_member.ts";

/** A connection of ours. */
export function connectTo(brokers: readonly string[]): Promise<Connection> {
  return kafka({ brokers: [...brokers] }).open({ job: "test", store: NO_STORE, now: Date.now, log: () => {} });
}

/** A plain client, to do what the connector does not. */
export function clientOf(brokers: readonly string[], retry?: RetryOptions): Kafka {
  return new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, retry });
}
