/**
 * The driver port on kafkajs 2.2.4.
 *
 * @module
 */

import type { Driver, Line } from "./driver.ts";
import { toKafkaJsOptions } from "./kafkajs_options.ts";
import { KafkaJsTransport } from "./kafkajs_transport.ts";
import { TransportLine } from "./line.ts";
import type { KafkaClientOptions } from "./options.ts";

/** The kafkajs client, for one cluster. */
export class KafkaJsDriver implements Driver {
  readonly name: string;
  /**
   * The named brokers. The one that answered last is first, so that the next connection need not wait for a silent one.
   */
  #brokers: readonly string[];
  readonly #options: KafkaClientOptions;

  constructor(brokers: readonly string[], options: KafkaClientOptions) {
    this.name = brokers.join(",");
    this.#brokers = [...brokers];
    this.#options = options;
  }

  line(): Line {
    const options = toKafkaJsOptions(this.#options);
    return new TransportLine(() => new KafkaJsTransport(this.#brokers, options, (address) => this.#prefer(address)));
  }

  #prefer(address: string): void {
    if (this.#brokers[0] === address || !this.#brokers.includes(address)) return;
    this.#brokers = [address, ...this.#brokers.filter((broker) => broker !== address)];
  }
}
