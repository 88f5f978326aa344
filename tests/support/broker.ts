/**
 * A real Apache Kafka for tests.
 *
 * It is looked for in this order: the brokers that `KAFKA_BROKERS` names; Testcontainers, where a Docker engine and an
 * image are at hand; Kafka's own jars, where Java 17 and Maven are. A test that has to stop or kill a broker starts one of
 * its own with {@linkcode startBroker}; all others use {@linkcode sharedBroker}, with topics of their own.
 */
import { startCluster } from "./broker/cluster.ts";
import { containersAtHand, loadTestcontainers, startContainer } from "./broker/container.ts";
import { jarsAtHand } from "./broker/jars.ts";
import type { Broker, BrokerFinding, BrokerOptions, SharedBroker } from "./broker/kinds.ts";
import { askForSharedBroker } from "./broker/shared.ts";

export type { Broker, BrokerFinding, BrokerOptions, SharedBroker } from "./broker/kinds.ts";
export { JVM_FOR_TESTS } from "./broker/node.ts";

/** Says where a broker would come from; with `own`, one that a test may stop and kill. */
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

/** Starts a broker of one's own and waits until it answers. */
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
 * The one broker that all tests share, started when the first of them asks.
 *
 * Under `deno task test` the broker outlives the file that asked. Under a bare `deno test` each file starts one, which ends
 * with it; call this outside of a test there (in `beforeAll` or at the top), or the sanitizers will see a process left over.
 */
export async function sharedBroker(): Promise<SharedBroker> {
  return await askForSharedBroker() ?? await (ownShared ??= startSharedBroker());
}

/** What {@linkcode sharedBroker} starts: the brokers that are named, or one of our own. */
export async function startSharedBroker(): Promise<SharedBroker & Partial<Broker>> {
  const named = Deno.env.get("KAFKA_BROKERS");
  return named ? { kind: "env", brokers: named.split(",") } : await startBroker();
}
