/** Brokers of a test's own, to be killed, stopped and starved: from jars, since a container is no process of ours. */
import type { Broker, BrokerOptions } from "../broker.ts";
import { startCluster } from "../broker/cluster.ts";
import { jarsAtHand } from "../broker/jars.ts";

const jars = await jarsAtHand();

/** Whether no broker can be started here. */
export const ignore = !jars.ok;

/** Java options for nodes of which several run at once. */
export const SMALL_JVM: readonly string[] = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

/** Starts a cluster that belongs to the test alone. */
export async function ownCluster(options: BrokerOptions = {}): Promise<Broker> {
  return await startCluster({ jvm: SMALL_JVM, ...options });
}

/** Stops a node's process where it stands, or lets it go on. Its connections stay open meanwhile, and nobody answers. */
export function signalNode(broker: Broker, node: number, signal: "SIGSTOP" | "SIGCONT"): void {
  Deno.kill(broker.pids[node]!, signal);
}
