/**
 * Apache Kafka as a connector: sources and exactly-once sinks. Loads a Kafka client, so it needs `--allow-env`.
 *
 * @module
 */

export { kafka, type KafkaConnector, type KafkaOptions, type KafkaTopicOptions } from "./kafka.ts";
export type { KafkaClientOptions, KafkaPasswordLogin, KafkaTls, KafkaTokenLogin } from "./options.ts";
