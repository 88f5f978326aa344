/** Brokers for one test, to be killed, stopped and starved. They run from jars: a container is not our own process. */
import type { Broker, BrokerOptions } from "../broker.ts";
import { startCluster } from "../broker/cluster.ts";
import { jarsAtHand } from "../broker/jars.ts";

const jars = await jarsAtHand();

/** Whether no broker can be started here. */
export const ignore = !jars.ok;

/** Java options for several nodes at the same time. */
export const SMALL_JVM: readonly string[] = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

/** Starts a cluster that belongs to the test alone. */
export async function ownCluster(options: BrokerOptions = {}): Promise<Broker> {
  return await startCluster({ jvm: SMALL_JVM, ...options });
}

/**
 * Stops a node's process in place, or continues it. Its connections stay open, and no request is answered meanwhile.
 */
export function signalNode(broker: Broker, node: number, signal: "SIGSTOP" | "SIGCONT"): void {
  Deno.kill(broker.pids[node]!, signal);
}
