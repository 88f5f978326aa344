/** A Kafka cluster of one or more nodes that run from jars. */
import type { Broker, BrokerOptions } from "../broker.ts";
import { kafkaJars } from "./jars.ts";
import { JVM_FOR_TESTS, KafkaNode } from "./node.ts";
import { freePort } from "./ports.ts";
import { commonProperties } from "./properties.ts";

/** Any id does: no two clusters share a directory. */
const CLUSTER_ID = "TidemarkTestsTidemarkA";

/** Starts a cluster from Kafka's jars; the jars are fetched first if they are not in the cache. */
export async function startCluster(options: BrokerOptions = {}): Promise<Broker> {
  const { nodes = 1, keepData = false } = options;
  const libraries = await kafkaJars();
  const directory = await Deno.makeTempDir({ prefix: "tidemark-kafka-" });
  const ports = Array.from({ length: nodes }, (_, index) => options.port ? options.port + index : freePort());
  const controllers = ports.map((_, index) => `${index + 1}@127.0.0.1:${freePort()}`);
  const cluster = new Cluster(directory, keepData, {
    nodes: ports.map((port, index) =>
      new KafkaNode({
        id: index + 1,
        port,
        directory: `${directory}/node-${index + 1}`,
        libraries,
        jvm: options.jvm ?? JVM_FOR_TESTS,
        properties: {
          ...nodeProperties(index + 1, port, controllers, options.partitions ?? 1),
          "log.dirs": `${directory}/node-${index + 1}/data`,
          ...options.properties,
        },
      })
    ),
  });
  try {
    await cluster.format();
    await cluster.start();
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

function nodeProperties(id: number, port: number, controllers: string[], partitions: number): Record<string, string> {
  const controller = controllers[id - 1].split("@")[1];
  return {
    ...commonProperties(controllers.length, partitions),
    "node.id": String(id),
    "controller.quorum.voters": controllers.join(","),
    "listeners": `PLAINTEXT://127.0.0.1:${port},CONTROLLER://${controller}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
  };
}

class Cluster implements Broker {
  readonly kind = "jars";
  readonly brokers: string[];
  readonly #directory: string;
  readonly #keepData: boolean;
  readonly #nodes: KafkaNode[];
  readonly #atTheEnd = () => this.#nodes.forEach((node) => node.endAtOnce());

  constructor(directory: string, keepData: boolean, { nodes }: { nodes: KafkaNode[] }) {
    this.#directory = directory;
    this.#keepData = keepData;
    this.#nodes = nodes;
    this.brokers = nodes.map((node) => node.address);
    globalThis.addEventListener("unload", this.#atTheEnd);
  }

  get pid(): number | undefined {
    return this.#nodes[0].pid;
  }

  get pids(): (number | undefined)[] {
    return this.#nodes.map((node) => node.pid);
  }

  get directory(): string {
    return this.#directory;
  }

  async format(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.format(CLUSTER_ID)));
  }

  async start(node?: number): Promise<void> {
    const started = this.#pick(node);
    for (const one of started) one.spawn();
    // A node that is started alone joins those that are running; a whole cluster must be complete.
    const expected = this.#nodes.filter((one) => one.pid !== undefined).length;
    await Promise.all(started.map((one) => one.answers(expected)));
  }

  async stop(node?: number): Promise<void> {
    await Promise.all(this.#pick(node).map((one) => one.end("SIGTERM")));
  }

  async kill(node?: number): Promise<void> {
    await Promise.all(this.#pick(node).map((one) => one.end("SIGKILL")));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    globalThis.removeEventListener("unload", this.#atTheEnd);
    // Data that is kept deserves an orderly end; data that is thrown away does not need one.
    await (this.#keepData ? this.stop() : this.kill());
    if (!this.#keepData) await Deno.remove(this.#directory, { recursive: true });
  }

  #pick(node: number | undefined): KafkaNode[] {
    if (node === undefined) return this.#nodes;
    if (!this.#nodes[node]) throw new RangeError(`Cannot pick node ${node}: the cluster has ${this.#nodes.length}`);
    return [this.#nodes[node]];
  }
}
