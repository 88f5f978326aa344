/** Ways to log in and TLS, on a broker with a listener for each. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { kafka, type KafkaClientOptions } from "../connectors/kafka/mod.ts";
import type { Connection } from "../connectors/connector.ts";
import { type Broker, findBroker, startBroker } from "./support/broker.ts";
import { freePort } from "./support/broker/ports.ts";
import { NO_STORE } from "./support/no_store.ts";
import { freshTopic } from "./support/recording_reader.ts";

const ignore = (await findBroker({ own: true })).kind !== "jars";
const PASSWORD = "only for tests";

interface Secured extends AsyncDisposable {
  readonly login: string;
  readonly tls: string;
  /** The broker's certificate, which nobody else has signed. */
  readonly certificate: string;
}

/** A broker with a listener for logins and one for TLS. */
async function securedBroker(): Promise<Secured> {
  const directory = await Deno.makeTempDir({ prefix: "tidemark-tls-" });
  const keystore = `${directory}/broker.p12`;
  const store = ["-keystore", keystore, "-storepass", PASSWORD, "-alias", "broker"];
  await keytool("-genkeypair", ...store, "-keyalg", "RSA", "-dname", "CN=broker", "-ext", "SAN=IP:127.0.0.1");
  const certificate = await keytool("-exportcert", "-rfc", ...store);
  const [port, login, tls, controller] = [freePort(), freePort(), freePort(), freePort()];
  const listeners = `PLAINTEXT://127.0.0.1:${port},LOGIN://127.0.0.1:${login},TLS://127.0.0.1:${tls}`;
  const plain = "org.apache.kafka.common.security.plain.PlainLoginModule";
  const bearer = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule";
  const unsecured = "org.apache.kafka.common.security.oauthbearer.internals.unsecured.OAuthBearerUnsecured";
  let broker: Broker;
  try {
    broker = await startBroker({
      port,
      properties: {
        "controller.quorum.voters": `1@127.0.0.1:${controller}`,
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,LOGIN:SASL_PLAINTEXT,TLS:SSL,CONTROLLER:PLAINTEXT",
        "listeners": `${listeners},CONTROLLER://127.0.0.1:${controller}`,
        "advertised.listeners": listeners,
        "listener.name.login.sasl.enabled.mechanisms": "PLAIN,OAUTHBEARER",
        "listener.name.login.plain.sasl.jaas.config": `${plain} required user_ada="${PASSWORD}";`,
        "listener.name.login.oauthbearer.sasl.jaas.config":
          `${bearer} required unsecuredLoginStringClaim_sub="broker";`,
        "listener.name.login.oauthbearer.sasl.server.callback.handler.class": `${unsecured}ValidatorCallbackHandler`,
        "listener.name.login.oauthbearer.sasl.login.callback.handler.class": `${unsecured}LoginCallbackHandler`,
        "listener.name.tls.ssl.keystore.location": keystore,
        "listener.name.tls.ssl.keystore.password": PASSWORD,
        "listener.name.tls.ssl.key.password": PASSWORD,
      },
    });
  } catch (error) {
    await Deno.remove(directory, { recursive: true });
    throw error;
  }
  return {
    login: `127.0.0.1:${login}`,
    tls: `127.0.0.1:${tls}`,
    certificate,
    async [Symbol.asyncDispose]() {
      await broker[Symbol.asyncDispose]();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

async function keytool(...args: string[]): Promise<string> {
  const { stdout, stderr, success } = await new Deno.Command("keytool", { args }).output();
  if (!success) throw new Error(`keytool failed: ${new TextDecoder().decode(stderr.length > 0 ? stderr : stdout)}`);
  return new TextDecoder().decode(stdout);
}

/** A token that nobody has signed, which the broker of the test takes. */
function token(user: string): string {
  const part = (value: object) =>
    btoa(JSON.stringify(value)).replaceAll("=", "").replaceAll("+", "-").replaceAll("/", "_");
  const now = Math.floor(Date.now() / 1000);
  return `${part({ alg: "none" })}.${part({ sub: user, iat: now, exp: now + 3600 })}.`;
}

describe("kafka() on a broker that wants to know who comes", { ignore }, () => {
  let broker: Secured;
  beforeAll(async () => {
    broker = await securedBroker();
  });
  afterAll(async () => {
    await broker[Symbol.asyncDispose]();
  });

  const open = (address: string, client: KafkaClientOptions): Promise<Connection> =>
    kafka({ brokers: [address], client }).open({ job: "test", store: NO_STORE, now: Date.now, log: () => {} });

  /** Requests go through on several connections. */
  async function assertWorks(address: string, client: KafkaClientOptions): Promise<void> {
    const connection = await open(address, client);
    const topic = freshTopic();
    await connection.createTopic(topic, 1);
    assertEquals(await connection.bounds(topic), [{ earliest: 0, latest: 0 }]);
    await connection.close();
  }

  it("logs in with user and password", async () => {
    await assertWorks(broker.login, { sasl: { mechanism: "plain", username: "ada", password: PASSWORD } });
  });

  it("logs in with a token, which it asks for", async () => {
    let asked = 0;
    await assertWorks(broker.login, {
      sasl: { mechanism: "oauthbearer", token: () => Promise.resolve(token(`user ${++asked}`)) },
    });
    assertEquals(asked > 0, true);
  });

  it("says that the login was refused, and what to check", async () => {
    const wrong = { mechanism: "plain", username: "ada", password: "wrong" } as const;
    const error = await assertRejects(() => open(broker.login, { sasl: wrong }), Error);
    assertStringIncludes(error.message, `Cannot connect to Kafka: Kafka at ${broker.login} refused the login (`);
    assertStringIncludes(error.message, "check client.sasl and client.ssl");
    assertEquals(error.message.includes("wrong"), false);
  });

  it("says that the broker does not know the way to log in", async () => {
    const scram = { mechanism: "scram-sha-256", username: "ada", password: PASSWORD } as const;
    const error = await assertRejects(() => open(broker.login, { sasl: scram }), Error);
    assertStringIncludes(error.message, "refused the login (");
  });

  it("names a login and TLS as what may be missing where a broker ends the connection", async () => {
    const error = await assertRejects(() => open(broker.login, {}), Error);
    assertStringIncludes(error.message, "whether it wants TLS or a login (client.ssl, client.sasl)");
  });

  it("speaks TLS with a broker whose certificate it was given", async () => {
    await assertWorks(broker.tls, { ssl: { ca: broker.certificate } });
    await assertWorks(broker.tls, { ssl: { rejectUnauthorized: false } });
  });

  it("refuses a broker whose certificate nobody has vouched for", async () => {
    const error = await assertRejects(() => open(broker.tls, { ssl: true }), Error);
    assertStringIncludes(error.message, `no Kafka broker answers at ${broker.tls}`);
    assertStringIncludes(error.message, "certificate");
  });
});
