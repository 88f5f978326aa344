/**
 * A broker with two addresses: a direct one, and one through a proxy, which the broker advertises to its clients there.
 */
import type { Broker } from "../broker.ts";
import { freePort } from "../broker/ports.ts";
import { ownCluster } from "./own_cluster.ts";
import { Proxy } from "./proxy.ts";

export interface ProxiedBroker extends AsyncDisposable {
  readonly broker: Broker;
  /** Opens the proxy. Only one at a time. */
  network(): Proxy;
  /** The direct addresses. */
  readonly direct: string[];
  /** The addresses through the proxy. */
  readonly brokers: string[];
}

/** Starts the broker. */
export async function proxiedBroker(): Promise<ProxiedBroker> {
  const [port, inner, outer, controller] = [freePort(), freePort(), freePort(), freePort()];
  const broker = await ownCluster({
    port,
    properties: {
      "controller.quorum.voters": `1@127.0.0.1:${controller}`,
      "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT",
      "listeners": `PLAINTEXT://127.0.0.1:${port},PROXIED://127.0.0.1:${inner},CONTROLLER://127.0.0.1:${controller}`,
      "advertised.listeners": `PLAINTEXT://127.0.0.1:${port},PROXIED://127.0.0.1:${outer}`,
    },
  });
  return {
    broker,
    network: () => new Proxy({ port: outer, target: inner }),
    direct: broker.brokers,
    brokers: [`127.0.0.1:${outer}`],
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}
