/**
 * Opens the topics of a cluster for a person who looks at them, by the kafkajs client.
 *
 * @module
 */
import { parseAddress } from "./addresses.ts";
import { KafkaJsDriver } from "./kafkajs_driver.ts";
import { toKafkaJsOptions } from "./kafkajs_options.ts";
import { KafkaJsTransport } from "./kafkajs_transport.ts";
import { checkClientOptions, type KafkaClientOptions } from "./options.ts";
import { KafkaTopics } from "./topics.ts";

/**
 * Opens a cluster. It connects with the first question.
 *
 * @throws {TypeError} when no broker is named, an address has no port, or an option is of a wrong type
 */
export function openTopics(brokers: readonly string[], client: KafkaClientOptions = {}): KafkaTopics {
  if (brokers.length === 0) {
    throw new TypeError("Cannot use Kafka: --brokers must name a broker, such as localhost:9092");
  }
  for (const broker of brokers) parseAddress(broker);
  checkClientOptions(client);
  const driver = new KafkaJsDriver(brokers, client);
  return new KafkaTopics(driver, new KafkaJsTransport(brokers, toKafkaJsOptions(client)));
}
