/** A Kafka cluster of one or more nodes that run from jars. */
import type { Broker, BrokerOptions } from "./kinds.ts";
import { kafkaJars } from "./jars.ts";
import { ASK_AGAIN_AFTER, JVM_FOR_TESTS, KafkaNode } from "./node.ts";
import { freePort } from "./ports.ts";
import { commonProperties } from "./properties.ts";

/** Any id will do: no two clusters share a directory. */
const CLUSTER_ID = "TidemarkTestsTidemarkA";
/** The id of a controller that is not a broker. */
const CONTROLLER = 100;
/** The controller's log line when a broker's session has ended, and the flag that enables it. */
const FENCED = "Fencing broker ";
const SAYS_FENCED = "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.controller.ReplicationControlManager=info";

/** Starts a cluster from Kafka's jars; the jars are fetched first if they are not in the cache. */
export async function startCluster(options: BrokerOptions = {}): Promise<Broker> {
  const { nodes = 1, keepData = false } = options;
  const libraries = await kafkaJars();
  const directory = await Deno.makeTempDir({ prefix: "tidemark-kafka-" });
  const ports = Array.from({ length: nodes }, (_, index) => options.port ? options.port + index : freePort());
  const apart = options.controller === "apart";
  const controllers = apart
    ? [`${CONTROLLER}@127.0.0.1:${freePort()}`]
    : ports.map((_, index) => `${index + 1}@127.0.0.1:${freePort()}`);
  const make = (id: number, port: number, properties: Record<string, string>, ...flags: string[]) => {
    const own = `${directory}/node-${id}`;
    return new KafkaNode({
      ...{ id, port, directory: own, libraries, jvm: [...options.jvm ?? JVM_FOR_TESTS, ...flags] },
      properties: {
        ...commonProperties(nodes, options.partitions ?? 1),
        "node.id": String(id),
        "controller.quorum.voters": controllers.join(","),
        ...properties,
        "log.dirs": `${own}/data`,
        ...options.properties,
      },
    });
  };
  const cluster = new Cluster(directory, keepData, {
    nodes: ports.map((port, index) =>
      make(index + 1, port, brokerProperties(port, apart ? undefined : controllers[index]))
    ),
    controller: apart ? make(CONTROLLER, NaN, controllerProperties(controllers[0]), SAYS_FENCED) : undefined,
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

/** @param controller the node's controller id, if it is also a controller */
function brokerProperties(port: number, controller: string | undefined): Record<string, string> {
  const listener = `PLAINTEXT://127.0.0.1:${port}`;
  return {
    ...(controller === undefined && { "process.roles": "broker" }),
    "listeners": controller === undefined ? listener : `${listener},CONTROLLER://${controller.split("@")[1]}`,
    "advertised.listeners": listener,
  };
}

function controllerProperties(controller: string): Record<string, string> {
  return { "process.roles": "controller", "listeners": `CONTROLLER://${controller.split("@")[1]}` };
}

class Cluster implements Broker {
  readonly kind = "jars";
  readonly brokers: string[];
  readonly #directory: string;
  readonly #keepData: boolean;
  readonly #nodes: KafkaNode[];
  readonly #controller: KafkaNode | undefined;
  /** How many sessions of brokers its controller had seen end before the last kill. */
  #fenced = NaN;
  readonly #atTheEnd = () => this.#all.forEach((node) => node.endAtOnce());

  constructor(directory: string, keepData: boolean, { nodes, controller }: {
    readonly nodes: KafkaNode[];
    readonly controller: KafkaNode | undefined;
  }) {
    this.#directory = directory;
    this.#keepData = keepData;
    this.#nodes = nodes;
    this.#controller = controller;
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
    await Promise.all(this.#all.map((node) => node.format(CLUSTER_ID)));
  }

  async start(node?: number): Promise<void> {
    const started = this.#pick(node);
    if (this.#controller?.pid === undefined) this.#controller?.spawn();
    await this.#sessionsEnd();
    for (const one of started) one.spawn();
    // A single node joins the running ones; a whole cluster must be complete.
    const expected = this.#nodes.filter((one) => one.pid !== undefined).length;
    await Promise.all(started.map((one) => one.answers(expected)));
  }

  async stop(node?: number): Promise<void> {
    await Promise.all(this.#pick(node).map((one) => one.end("SIGTERM")));
  }

  async kill(node?: number): Promise<void> {
    if (this.#controller !== undefined) this.#fenced = await this.#controller.wrote(FENCED);
    await Promise.all(this.#pick(node).map((one) => one.end("SIGKILL")));
  }

  /**
   * Waits until the controller knows that a killed broker was gone. Otherwise the broker would take itself for a
   * leader.
   */
  async #sessionsEnd(): Promise<void> {
    if (Number.isNaN(this.#fenced)) return;
    while (await this.#controller!.wrote(FENCED) === this.#fenced) {
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_AFTER));
    }
    this.#fenced = NaN;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    globalThis.removeEventListener("unload", this.#atTheEnd);
    // Data that is kept needs an orderly stop; data that is deleted does not.
    await (this.#keepData ? this.stop() : this.kill());
    await this.#controller?.end(this.#keepData ? "SIGTERM" : "SIGKILL");
    if (!this.#keepData) await Deno.remove(this.#directory, { recursive: true });
  }

  get #all(): KafkaNode[] {
    return this.#controller === undefined ? this.#nodes : [...this.#nodes, this.#controller];
  }

  #pick(node: number | undefined): KafkaNode[] {
    if (node === undefined) return this.#nodes;
    if (!this.#nodes[node]) throw new RangeError(`Cannot pick node ${node}: the cluster has ${this.#nodes.length}`);
    return [this.#nodes[node]];
  }
}
