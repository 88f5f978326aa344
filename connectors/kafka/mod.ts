/**
 * Apache Kafka as a connector: sources and exactly-once sinks. It loads a Kafka client, which needs `--allow-env`.
 *
 * @module
 */

export type { KafkaCompression } from "./codecs.ts";
export { kafka, type KafkaConnector, type KafkaOptions, type KafkaTopicOptions } from "./kafka.ts";
export type { KafkaClientOptions, KafkaPasswordLogin, KafkaTls, KafkaTokenLogin } from "./options.ts";
