/**
 * Kafka in a container, by Testcontainers, when a Docker engine and an image are there.
 *
 * The library is loaded only then, because it has a hundred dependencies.
 */
import type { Broker, BrokerOptions } from "./kinds.ts";
import { guardContainer } from "./container_guard.ts";
import { docker, dockerDoes, kafkaImage, logsOf } from "./docker.ts";
import { JVM_FOR_TESTS } from "./node.ts";
import { freePort } from "./ports.ts";
import { commonProperties } from "./properties.ts";
import { askCluster } from "./wire.ts";

/**
 * By its name in the import map, which no checker follows when it stands in a variable. There it is a module of one line: a package
 * named by itself would be downloaded by each `deno task`, and its types of Node would replace Deno's.
 */
const TESTCONTAINERS: string = "testcontainers";
/** A port inside of the container, below all published ports. */
const CONTROLLER_PORT = 9093;
/** Any id will do: no two containers share their data. */
const CLUSTER_ID = "TidemarkTestsTidemarkA";
/** How long a container may take to start, and then to answer, in milliseconds. Five that start at once on two cores take 50 s. */
const START_LIMIT = 180_000;
/** The pause between two requests to a container that is starting, in milliseconds. */
const ASK_AGAIN_AFTER = 50;

/** The part of Testcontainers that is used here. */
interface ContainerPlan {
  withName(name: string): this;
  withEnvironment(variables: Record<string, string>): this;
  withExposedPorts(port: { container: number; host: number }): this;
  withWaitStrategy(strategy: unknown): this;
  withStartupTimeout(ms: number): this;
  start(): Promise<{ getId(): string }>;
}
interface Testcontainers {
  GenericContainer: new (image: string) => ContainerPlan;
  Wait: { forLogMessage(pattern: RegExp): unknown };
}

/** A broker that can be frozen as well. */
export interface ContainerBroker extends Broker {
  readonly image: string;
  /** Freezes every process of the container: connections stay open, and no request is answered. */
  pause(): Promise<void>;
  unpause(): Promise<void>;
  /** Whether the engine calls it `running`, `paused` or `exited`. */
  status(): Promise<string>;
}

/** Whether an engine answers and has the image. Never fetches an image. */
export async function containersAtHand(): Promise<{ ok: boolean; reason: string }> {
  const image = kafkaImage();
  if (!(await dockerDoes("version", "--format", "{{.Server.Version}}"))) {
    return { ok: false, reason: "no Docker engine answers" };
  }
  if (!(await dockerDoes("image", "inspect", image))) {
    return { ok: false, reason: `the Docker engine does not have the image ${image}` };
  }
  return { ok: true, reason: `the image ${image} by Testcontainers` };
}

/**
 * Loads the library. To be called before any test runs: the library listens to the signals of the process from then on,
 * and the sanitizer would blame the test that loaded it.
 */
export async function loadTestcontainers(): Promise<Testcontainers> {
  // Ryuk, the library's own cleaner, needs another image. Our guard removes the container instead.
  Deno.env.set("TESTCONTAINERS_RYUK_DISABLED", "true");
  return await import(TESTCONTAINERS);
}

/** Starts one Kafka node in a container. */
export async function startContainer(options: BrokerOptions): Promise<ContainerBroker> {
  const { GenericContainer, Wait } = await loadTestcontainers();
  const image = kafkaImage();
  const port = options.port ?? freePort();
  const name = `tidemark-kafka-${crypto.randomUUID()}`;
  const guard = guardContainer(name);
  try {
    await new GenericContainer(image)
      .withName(name)
      .withEnvironment(environment(port, options))
      .withExposedPorts({ container: port, host: port })
      .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
      .withStartupTimeout(START_LIMIT)
      .start();
    const broker = new KafkaContainer({ name, image, port, guard, keepData: options.keepData ?? false });
    await broker.answers();
    return broker;
  } catch (error) {
    await guard.remove();
    throw error;
  }
}

interface ContainerParts {
  readonly name: string;
  readonly image: string;
  readonly port: number;
  readonly guard: ReturnType<typeof guardContainer>;
  readonly keepData: boolean;
}

class KafkaContainer implements ContainerBroker {
  readonly kind = "container";
  readonly image: string;
  readonly brokers: string[];
  readonly #parts: ContainerParts;
  #pid: number | undefined;

  constructor(parts: ContainerParts) {
    this.#parts = parts;
    this.image = parts.image;
    this.brokers = [`127.0.0.1:${parts.port}`];
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  get pids(): (number | undefined)[] {
    return [this.#pid];
  }

  get directory(): string {
    return `docker:${this.#parts.name}`;
  }

  async start(): Promise<void> {
    await docker("start", this.#parts.name);
    await this.answers();
  }

  async stop(): Promise<void> {
    this.#pid = undefined;
    await docker("stop", this.#parts.name);
  }

  async kill(): Promise<void> {
    this.#pid = undefined;
    await docker("kill", "--signal", "KILL", this.#parts.name);
    // The engine sends the signal, and does not wait until the process has ended.
    await docker("wait", this.#parts.name);
  }

  async pause(): Promise<void> {
    await docker("pause", this.#parts.name);
  }

  async unpause(): Promise<void> {
    await docker("unpause", this.#parts.name);
  }

  status(): Promise<string> {
    return docker("inspect", "--format", "{{.State.Status}}", this.#parts.name);
  }

  /** Waits until the broker is a member of its cluster; throws as soon as the container has ended. */
  async answers(): Promise<void> {
    const [address] = this.brokers;
    const deadline = Date.now() + START_LIMIT;
    for (;;) {
      const missing = await controllerMissing(address);
      if (missing === undefined) break;
      if (Date.now() > deadline || await this.status() !== "running") {
        const state = await docker("inspect", "--format", "{{json .State}}", this.#parts.name);
        const last = await logsOf(this.#parts.name, 15);
        throw new Error(`Cannot use the Kafka container: ${address} does not answer: ${missing}; ${state}\n${last}`);
      }
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_AFTER));
    }
    this.#pid = Number(await docker("inspect", "--format", "{{.State.Pid}}", this.#parts.name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#parts.keepData) {
      await this.#parts.guard.dismiss();
      await docker("stop", this.#parts.name);
    } else {
      await this.#parts.guard.remove();
    }
  }
}

/** The environment variables from which the image's start script makes Kafka's properties. */
function environment(port: number, options: BrokerOptions): Record<string, string> {
  const properties: Record<string, string> = {
    ...commonProperties(1, options.partitions ?? 1),
    "node.id": "1",
    "controller.quorum.voters": `1@127.0.0.1:${CONTROLLER_PORT}`,
    // The same port inside: a broker connects to its advertised address to check and end transactions.
    "listeners": `PLAINTEXT://0.0.0.0:${port},CONTROLLER://127.0.0.1:${CONTROLLER_PORT}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    ...options.properties,
  };
  const named = Object.entries(properties).map(([name, value]) => [
    `KAFKA_${name.replaceAll(".", "_").toUpperCase()}`,
    value,
  ]);
  const jvm = options.jvm ?? JVM_FOR_TESTS;
  const heap = jvm.filter((option) => option.startsWith("-Xm"));
  const others = jvm.filter((option) => !option.startsWith("-Xm"));
  return {
    ...Object.fromEntries(named),
    CLUSTER_ID,
    // Kafka's own scripts have defaults for both, which would contradict the given options.
    KAFKA_HEAP_OPTS: heap.join(" "),
    KAFKA_JVM_PERFORMANCE_OPTS: others.join(" "),
  };
}

/** Why a broker cannot be used yet; `undefined` when it is a member of its cluster. */
async function controllerMissing(address: string): Promise<string | undefined> {
  return await askCluster(address).then(
    ({ controller }) => controller >= 0 ? undefined : "its cluster has no controller",
    (error) => error instanceof Error ? error.message : String(error),
  );
}
