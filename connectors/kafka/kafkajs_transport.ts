/**
 * The transport on connections of kafkajs.
 *
 * The named brokers are asked to describe the cluster one after the other: the next one as soon as the one before has
 * failed, or has not answered for a second. So a silent broker costs a second, not the whole request timeout.
 *
 * @module
 */

import { parseAddress, showAddress } from "./addresses.ts";
import { systemClock } from "../../base/clock.ts";
import { isDisconnected, KafkaError } from "./errors.ts";
import { BrokerConnections } from "./kafkajs_connection.ts";
import type { KafkaJsOptions } from "./kafkajs_options.ts";
import { NEXT_BROKER_AFTER } from "./limits.ts";
import { metadata } from "./requests/metadata.ts";
import type { Address, Cluster, Request, Transport } from "./transport.ts";

/** A request version that Apache Kafka supports since 2.5, but not before. */
const OFFSET_FETCH = { api: 9, version: 7 };

/** Connections to the brokers of one cluster. */
export class KafkaJsTransport implements Transport {
  readonly #named: readonly string[];
  readonly #options: KafkaJsOptions;
  readonly #answered: (address: string) => void;
  /** Connections by address. */
  readonly #open = new Map<string, BrokerConnections>();
  #found: Promise<{ readonly cluster: Cluster; readonly home: BrokerConnections }> | undefined;
  #home: BrokerConnections | undefined;
  /** Connections that are being closed. */
  readonly #ending = new Set<Promise<void>>();
  #closed = false;

  /**
   * @param named addresses of one or more brokers, the most promising one first
   * @param answered called with the address of the broker that has described the cluster, each time they are asked
   */
  constructor(named: readonly string[], options: KafkaJsOptions, answered: (address: string) => void = () => {}) {
    this.#named = named;
    this.#options = options;
    this.#answered = answered;
  }

  async brokers(): Promise<Cluster> {
    return (await this.#find()).cluster;
  }

  /** The address of the broker that described the cluster. */
  async home(): Promise<string> {
    return showAddress((await this.#find()).home.address);
  }

  async send<T>(node: string | undefined, request: Request<T>): Promise<T> {
    const { cluster, home } = await this.#find();
    if (node === undefined) return await this.#ask(home, request);
    const address = cluster.brokers.get(node) ?? await this.#learn(node);
    const broker = this.#to(address);
    try {
      await broker.ready();
    } catch (error) {
      throw this.#closed ? error : advertised(error, { node, address, home, named: this.#named });
    }
    return await this.#ask(broker, request);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const broker of this.#open.values()) this.#end(broker);
    while (this.#ending.size > 0) await Promise.all(this.#ending);
  }

  /** A connection whose request got no answer is not used again: it may stay silent forever. */
  async #ask<T>(broker: BrokerConnections, request: Request<T>): Promise<T> {
    try {
      return await broker.send(request);
    } catch (error) {
      if (isDisconnected(error)) this.#forget(broker);
      throw error;
    }
  }

  #forget(broker: BrokerConnections): void {
    const name = showAddress(broker.address);
    if (this.#open.get(name) === broker) this.#open.delete(name);
    if (this.#home === broker) this.#home = this.#found = undefined;
    this.#end(broker);
  }

  #end(broker: BrokerConnections): void {
    const ending = broker.end().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  #to(address: Address): BrokerConnections {
    const name = showAddress(address);
    let broker = this.#open.get(name);
    if (broker === undefined) this.#open.set(name, broker = new BrokerConnections(address, this.#options));
    // After the end, requests are refused by the connection.
    if (this.#closed) this.#end(broker);
    return broker;
  }

  #find(): Promise<{ readonly cluster: Cluster; readonly home: BrokerConnections }> {
    return this.#found ??= this.#askInTurn().catch((error) => {
      this.#found = undefined;
      throw error;
    });
  }

  /**
   * Asks the named brokers until one has described the cluster. Rejects when all have failed, with the reason of each.
   */
  #askInTurn(): Promise<{ readonly cluster: Cluster; readonly home: BrokerConnections }> {
    const { promise, resolve, reject } = Promise.withResolvers<
      { readonly cluster: Cluster; readonly home: BrokerConnections }
    >();
    const failures: { readonly name: string; readonly error: KafkaError }[] = [];
    const named = [...new Set(this.#named.map((text) => showAddress(parseAddress(text))))];
    const silentOnes = new Set<BrokerConnections>();
    let next = 0;
    let cancel = () => {};
    let done = false;
    const askNext = () => {
      cancel();
      if (done || next >= named.length) return;
      const name = named[next++];
      const isNew = !this.#open.has(name);
      const home = this.#to(parseAddress(name));
      if (isNew) silentOnes.add(home);
      if (next < named.length) cancel = systemClock.after(NEXT_BROKER_AFTER, askNext);
      this.#describe(home).then((cluster) => {
        if (done) return;
        done = true;
        cancel();
        // Closes the connections to brokers that have not answered yet. They were asked for the description only.
        for (const broker of silentOnes) if (broker !== home) this.#forget(broker);
        this.#home = home;
        this.#answered(name);
        resolve({ cluster, home });
      }, (error: KafkaError) => {
        this.#forget(home);
        failures.push({ name, error });
        if (done) return;
        const fatal = error.kind !== "connection";
        if (!fatal && failures.length < named.length) return askNext();
        done = true;
        cancel();
        reject(fatal ? error : silent(failures));
      });
    };
    askNext();
    return promise;
  }

  async #describe(broker: BrokerConnections): Promise<Cluster> {
    const spoken = await broker.ready();
    if ((spoken.get(OFFSET_FETCH.api)?.maxVersion ?? -1) < OFFSET_FETCH.version) {
      throw new KafkaError("the broker is older than Apache Kafka 2.5", { kind: "broker", code: 35 });
    }
    return await broker.send(metadata([]));
  }

  /** The address of a broker that was missing when the cluster was described. */
  async #learn(node: string): Promise<Address> {
    const { home } = await this.#find();
    const cluster = await this.#ask(home, metadata([]));
    this.#found = Promise.resolve({ cluster, home });
    const address = cluster.brokers.get(node);
    if (address !== undefined) return address;
    throw new KafkaError(`broker ${node} is not a member of the cluster at this moment`, {
      kind: "connection",
      answered: true,
    });
  }
}

/** Combines the failures of all named brokers into one. */
function silent(failures: readonly { readonly name: string; readonly error: KafkaError }[]): KafkaError {
  const [{ error }] = failures;
  if (failures.length === 1) return error;
  const all = failures.map(({ name, error: { message } }) => `${name}: ${message}`).join("; ");
  return new KafkaError(all, { kind: "connection" });
}

/** The error for a broker that was found through another one and cannot be reached at the address given there. */
function advertised(error: unknown, { node, address, home, named }: {
  readonly node: string;
  readonly address: Address;
  readonly home: BrokerConnections;
  readonly named: readonly string[];
}): unknown {
  const where = showAddress(address);
  if (!(error instanceof KafkaError) || error.kind !== "connection" || named.includes(where)) return error;
  return new KafkaError(
    `${showAddress(home.address)} answered and advertised its broker ${node} as ${where}, which does not answer ` +
      `(${error.message}); check that this broker runs, and set its advertised.listeners to an address that can be reached from here`,
    { kind: "connection", answered: true },
  );
}
