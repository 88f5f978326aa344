/**
 * Kafka in a container, by Testcontainers, where a Docker engine and an image are at hand.
 *
 * The library is loaded only then, and by a name that no checker follows: it brings a hundred packages with it.
 */
import type { Broker, BrokerOptions } from "../broker.ts";
import { freePort } from "./ports.ts";
import { commonProperties } from "./properties.ts";
import { askCluster } from "./wire.ts";

const TESTCONTAINERS = "npm:testcontainers@^12";
const CLIENT_PORT = 9092;
/** How long a container may take to answer, in milliseconds. */
const START_LIMIT = 90_000;
/** Pause between two questions to a container that is starting, in milliseconds. */
const ASK_AGAIN_AFTER = 100;

/** The little of Testcontainers that is used here. */
interface ContainerPlan {
  withEnvironment(variables: Record<string, string>): this;
  withExposedPorts(port: { container: number; host: number }): this;
  withWaitStrategy(strategy: unknown): this;
  start(): Promise<{ getId(): string; stop(): Promise<unknown> }>;
}
interface Testcontainers {
  GenericContainer: new (image: string) => ContainerPlan;
  Wait: { forLogMessage(pattern: RegExp): unknown };
}

/** The image to run. */
export function kafkaImage(): string {
  return Deno.env.get("TIDEMARK_KAFKA_IMAGE") ?? "apache/kafka:4.3.1";
}

/** Whether an engine answers and has the image; an image is never fetched. */
export async function containersAtHand(): Promise<{ ok: boolean; reason: string }> {
  const image = kafkaImage();
  try {
    await docker("version", "--format", "{{.Server.Version}}");
  } catch {
    return { ok: false, reason: "no Docker engine answers" };
  }
  try {
    await docker("image", "inspect", image);
    await loadTestcontainers();
    return { ok: true, reason: `the image ${image} by Testcontainers` };
  } catch {
    return {
      ok: false,
      reason: `the Docker engine does not have the image ${image}, or Testcontainers cannot be loaded`,
    };
  }
}

/**
 * Loads the library when the search finds an engine, so before any test runs: it listens to the signals of the process from
 * then on, which the sanitizer would hold against the test that happened to load it.
 */
async function loadTestcontainers(): Promise<Testcontainers> {
  // Ryuk, the library's own cleaner, is one more image; the container is ended by its owner instead.
  Deno.env.set("TESTCONTAINERS_RYUK_DISABLED", "true");
  return await import(TESTCONTAINERS);
}

/** Starts one Kafka node in a container. */
export async function startContainer(options: BrokerOptions): Promise<Broker> {
  const port = options.port ?? freePort();
  const { GenericContainer, Wait } = await loadTestcontainers();
  const container = await new GenericContainer(kafkaImage())
    .withEnvironment(environment(port, options))
    .withExposedPorts({ container: CLIENT_PORT, host: port })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .start();
  const id = container.getId();
  const address = `127.0.0.1:${port}`;
  const running = async () => {
    await answers(address);
    return Number(await docker("inspect", "--format", "{{.State.Pid}}", id));
  };
  let pid: number | undefined = await running();
  return {
    kind: "container",
    brokers: [address],
    get pid() {
      return pid;
    },
    get pids() {
      return [pid];
    },
    directory: `docker:${id}`,
    async start() {
      await docker("start", id);
      pid = await running();
    },
    async stop() {
      pid = undefined;
      await docker("stop", id);
    },
    async kill() {
      pid = undefined;
      await docker("kill", "--signal", "KILL", id);
    },
    async [Symbol.asyncDispose]() {
      if (options.keepData) await docker("stop", id);
      else await docker("rm", "--force", "--volumes", id);
    },
  };
}

function environment(port: number, options: BrokerOptions): Record<string, string> {
  const properties: Record<string, string> = {
    ...commonProperties(1, options.partitions ?? 1),
    "node.id": "1",
    "controller.quorum.voters": "1@127.0.0.1:9093",
    "listeners": `PLAINTEXT://0.0.0.0:${CLIENT_PORT},CONTROLLER://127.0.0.1:9093`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    ...options.properties,
  };
  const named = Object.entries(properties).map(([name, value]) => [
    `KAFKA_${name.replaceAll(".", "_").toUpperCase()}`,
    value,
  ]);
  return { ...Object.fromEntries(named), ...(options.jvm ? { KAFKA_OPTS: options.jvm.join(" ") } : {}) };
}

async function answers(address: string): Promise<void> {
  const deadline = Date.now() + START_LIMIT;
  while (true) {
    try {
      if ((await askCluster(address)).controller >= 0) return;
    } catch (error) {
      if (Date.now() > deadline) {
        throw new Error(`Cannot use the Kafka container: ${address} does not answer`, { cause: error });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_AFTER));
  }
}

async function docker(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("docker", { args, stdin: "null" }).output();
  if (code !== 0) throw new Error(`Cannot run docker ${args[0]}: ${new TextDecoder().decode(stderr).trim()}`);
  return new TextDecoder().decode(stdout).trim();
}
