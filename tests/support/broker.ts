/**
 * A real Apache Kafka for tests.
 *
 * It comes from the first of these that is there: the brokers that `KAFKA_BROKERS` names; Testcontainers, with a Docker
 * engine and an image; Kafka's own jars, with Java 17 and Maven. A test that stops or kills a broker starts its own
 * with {@linkcode startBroker}. All others use {@linkcode sharedBroker}, with topics of their own.
 */
import { startCluster } from "./broker/cluster.ts";
import { containersAtHand, loadTestcontainers, startContainer } from "./broker/container.ts";
import { jarsAtHand } from "./broker/jars.ts";
import type { Broker, BrokerFinding, BrokerOptions, SharedBroker } from "./broker/kinds.ts";
import { askForSharedBroker } from "./broker/shared.ts";

export type { Broker, BrokerFinding, BrokerOptions, SharedBroker } from "./broker/kinds.ts";
export { JVM_FOR_TESTS } from "./broker/node.ts";

/** Finds where a broker would come from; with `own`, one that a test may stop and kill. */
export async function findBroker({ own = false }: { own?: boolean } = {}): Promise<BrokerFinding> {
  const named = Deno.env.get("KAFKA_BROKERS");
  if (named && !own) return { kind: "env", reason: `KAFKA_BROKERS names ${named}` };
  const containers = await containersAtHand();
  if (containers.ok) {
    if (own) await loadTestcontainers();
    return { kind: "container", reason: containers.reason };
  }
  const jars = await jarsAtHand();
  if (jars.ok) return { kind: "jars", reason: jars.reason };
  const unnamed = own ? "" : "KAFKA_BROKERS is not set, ";
  return { kind: "none", reason: `No Kafka broker: ${unnamed}${containers.reason}, and ${jars.reason}` };
}

/** Starts a separate broker and waits until it answers. */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const { kind, reason } = await findBroker({ own: true });
  if (kind === "container" && (options.nodes ?? 1) === 1) return await startContainer(options);
  if (kind === "container") {
    const jars = await jarsAtHand();
    if (!jars.ok) {
      throw new Error(`Cannot start ${options.nodes} Kafka nodes: that needs Kafka's jars, and ${jars.reason}`);
    }
  }
  if (kind === "none") throw new Error(reason);
  return await startCluster(options);
}

let ownShared: Promise<SharedBroker> | undefined;

/**
 * The broker that all tests share. The first request starts it.
 *
 * Under `deno task test` the broker outlives the file that requested it. Under a bare `deno test` each file starts one
 * that ends with the file. There, call this outside of a test (in `beforeAll` or at the top), or the sanitizers report
 * a process that is left over.
 */
export async function sharedBroker(): Promise<SharedBroker> {
  return await askForSharedBroker() ?? await (ownShared ??= startSharedBroker());
}

/** Starts the broker for {@linkcode sharedBroker}: uses the named brokers, or starts one, which is never killed. */
export async function startSharedBroker(): Promise<SharedBroker & Partial<Broker>> {
  const named = Deno.env.get("KAFKA_BROKERS");
  if (named) return { kind: "env", brokers: named.split(",") };
  return await startBroker({ properties: { "broker.session.timeout.ms": "60000" } });
}
