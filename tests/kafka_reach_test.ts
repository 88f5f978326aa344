/** Which brokers are found, and what is said of those that are not. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { kafka, type KafkaClientOptions } from "../connectors/kafka/mod.ts";
import { KafkaError } from "../connectors/kafka/errors.ts";
import { toKafkaJsOptions } from "../connectors/kafka/kafkajs_options.ts";
import { KafkaJsTransport } from "../connectors/kafka/kafkajs_transport.ts";
import { metadata } from "../connectors/kafka/requests/metadata.ts";
import type { Connection } from "../connectors/connector.ts";
import { UnavailableError } from "../state/errors.ts";
import { findBroker, startBroker } from "./support/broker.ts";
import { freePort } from "./support/broker/ports.ts";
import { Proxy } from "./support/faults/proxy.ts";
import { blackHole, closedPort, SilentServer } from "./support/faults/silent.ts";
import { afterCommit } from "./support/deliveries.ts";
import { brokers, ignore, NO_STORE } from "./support/kafka.ts";
import { freshTopic } from "./support/recording_reader.ts";

const own = (await findBroker({ own: true })).kind === "jars";

function open(addresses: readonly string[], client?: KafkaClientOptions): Promise<Connection> {
  return kafka({ brokers: addresses, client }).open({ job: "test", store: NO_STORE, now: Date.now, log: () => {} });
}

/** That a topic can be made shows that the cluster was found. */
async function assertFound(addresses: readonly string[], client?: KafkaClientOptions): Promise<void> {
  const connection = await open(addresses, client);
  await connection.createTopic(freshTopic(), 1);
  await connection.close();
}

const real = ignore ? describe.ignore : describe;

real("kafka() with several brokers", () => {
  // With these limits an address that is waited for fails the test: nothing but the next broker can end the wait.
  const patient = { connectionTimeout: 600_000, authenticationTimeout: 600_000, requestTimeout: 600_000 };

  it("finds the cluster where the first takes connections and never answers", async () => {
    await using silent = new SilentServer();
    await assertFound([silent.address, ...brokers], patient);
  });

  it("finds the cluster where packets to the first are dropped", async () => {
    using hole = await blackHole();
    await assertFound([hole.address, ...brokers], patient);
  });

  it("finds the cluster where the first refuses connections, also when it is named twice", async () => {
    const away = closedPort();
    await assertFound([away, away, ...brokers], patient);
  });

  it("leaves a broker that stands still, and goes on with the next one", async () => {
    const [host, target] = brokers[0].split(":");
    assertEquals(host, "127.0.0.1");
    const port = freePort();
    await using proxy = new Proxy({ port, target: Number(target) });
    const options = toKafkaJsOptions({ requestTimeout: 300, authenticationTimeout: 600_000 });
    const transport = new KafkaJsTransport([`127.0.0.1:${port}`, ...brokers], options);
    assertEquals(await transport.home(), `127.0.0.1:${port}`);
    proxy.silence();
    const error = await assertRejects(() => transport.send(undefined, metadata([])), KafkaError);
    assertEquals(error.kind, "connection");
    assertEquals((await transport.send(undefined, metadata([]))).brokers.size, 1);
    assertEquals(await transport.home(), brokers[0]);
    await transport.close();
  });

  it("asks the broker that answered last first, so a silent one is waited for once", async () => {
    await using silent = new SilentServer();
    const connection = await open([silent.address, ...brokers], patient);
    const topic = freshTopic();
    await connection.createTopic(topic, 1);
    for (let life = 0; life < 5; life++) {
      await (await afterCommit(connection).open(`${topic}-${life}`)).close();
    }
    assertEquals(silent.taken, 1);
    await connection.close();
  });
});

describe("kafka() where no broker answers", () => {
  it("names each address with its own reason", async () => {
    await using silent = new SilentServer();
    const away = closedPort();
    const error = await assertRejects(
      () => open([away, silent.address], { authenticationTimeout: 200 }),
      UnavailableError,
    );
    assertStringIncludes(error.message, `no Kafka broker answers at ${away},${silent.address}`);
    assertStringIncludes(error.message, `${away}: connect ECONNREFUSED`);
    assertStringIncludes(
      error.message,
      `${silent.address}: it takes connections, but did not answer within 200 ms`,
    );
  });
});

const onOwn = own ? describe : describe.ignore;

onOwn("kafka() where a broker advertises an address that leads nowhere", () => {
  it("names the address, who advertised it, and what to set", async () => {
    const port = freePort();
    const nowhere = closedPort();
    await using broker = await startBroker({
      port,
      properties: { "advertised.listeners": `PLAINTEXT://${nowhere}` },
    });
    const connection = await open(broker.brokers);
    const error = await assertRejects(() => connection.createTopic("orders", 1), UnavailableError);
    assertEquals(
      error.message.replace(/ \(connect ECONNREFUSED[^)]*\)/, ""),
      `Cannot create the topic "orders": ${
        broker.brokers[0]
      } answered and advertised its broker 1 as ${nowhere}, which does ` +
        `not answer; check that this broker runs, and set its advertised.listeners to an address that can be reached from here`,
    );
    await connection.close();
  });
});

onOwn("kafka() on a broker that listens on IPv6", () => {
  it("connects to it and reads and writes there", async () => {
    const [port, controller] = [freePort(), freePort()];
    await using broker = await startBroker({
      port,
      properties: {
        "controller.quorum.voters": `1@127.0.0.1:${controller}`,
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SIX:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "listeners": `PLAINTEXT://127.0.0.1:${port},SIX://[::1]:${port},CONTROLLER://127.0.0.1:${controller}`,
        "advertised.listeners": `PLAINTEXT://127.0.0.1:${port},SIX://[::1]:${port}`,
      },
    });
    assertEquals(broker.brokers.length, 1);
    await assertFound([`[::1]:${port}`]);
  });
});
