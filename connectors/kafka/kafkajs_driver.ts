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
  /** The named brokers, the one that answered last first: whoever connects next need not wait for a silent one again. */
  #brokers: readonly string[];
  readonly #options: KafkaClientOptions;

  constructor(brokers: readonly string[], options: KafkaClientOptions) {
    this.name = brokers.join(",");
    this.#brokers = [...brokers];
    this.#options = options;
  }

  line(): Line {
    return new TransportLine(() => {
      const transport = new KafkaJsTransport(this.#brokers, toKafkaJsOptions(this.#options));
      transport.home().then((home) => this.#prefer(home), () => {});
      return transport;
    });
  }

  #prefer(home: string): void {
    if (this.#brokers[0] === home || !this.#brokers.includes(home)) return;
    this.#brokers = [home, ...this.#brokers.filter((broker) => broker !== home)];
  }
}
