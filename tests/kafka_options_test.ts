import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { parseAddress, showAddress } from "../connectors/kafka/addresses.ts";
import { toKafkaJsOptions } from "../connectors/kafka/kafkajs_options.ts";
import { kafka, type KafkaClientOptions, type KafkaCompression } from "../connectors/kafka/mod.ts";

/** Options as a program without types may pass them. */
function connect(client: unknown): void {
  kafka({ brokers: ["localhost:9092"], client: client as KafkaClientOptions });
}

describe("The options of kafka()", () => {
  it("take names, IPv4 and IPv6 addresses", () => {
    for (
      const broker of ["localhost:9092", "kafka-1.example.org:9092", "10.0.0.1:1", "[::1]:9092", "[fe80::1%eth0]:65535"]
    ) {
      assertEquals(showAddress(parseAddress(broker)), broker);
    }
    assertEquals(parseAddress("[::1]:9092"), { host: "::1", port: 9092 });
    assertEquals(kafka({ brokers: ["[::1]:9092"] }).id, "kafka [::1]:9092");
  });

  it("refuse what is no address, with the form that is wanted", () => {
    for (
      const broker of [
        "",
        "localhost",
        "localhost:",
        ":9092",
        "localhost:0",
        "localhost:65536",
        "::1:9092",
        "[::1]",
        "a b:1",
        "http://a:1",
      ]
    ) {
      assertThrows(
        () => kafka({ brokers: [broker] }),
        TypeError,
        `Cannot use Kafka: a broker must be host:port or [IPv6]:port, current value is ${JSON.stringify(broker)}`,
      );
    }
    assertThrows(() => kafka({ brokers: [9092] as unknown as string[] }), TypeError, "current value is 9092");
    assertThrows(() => kafka({ brokers: "localhost:9092" as unknown as string[] }), TypeError, "at least one broker");
  });

  it("refuse a compression that there is not, and name those that there are", () => {
    const compressed = (compression: unknown) =>
      kafka({ brokers: ["localhost:9092"], compression: compression as KafkaCompression });
    for (const one of ["none", "gzip", "snappy", "lz4", "zstd", undefined]) compressed(one);
    const wanted = "Cannot use Kafka: compression must be one of none, gzip, snappy, lz4, zstd, current value is ";
    assertThrows(() => compressed("brotli"), TypeError, `${wanted}"brotli"`);
    assertThrows(() => compressed("constructor"), TypeError, `${wanted}"constructor"`);
    assertThrows(() => compressed(1), TypeError, `${wanted}of type number`);
  });

  it("refuse an option that there is not, and name those that there are", () => {
    assertThrows(
      () => connect({ retry: { retries: 3 } }),
      TypeError,
      "there is no option client.retry; there are ssl, sasl, clientId, connectionTimeout, authenticationTimeout, requestTimeout",
    );
    assertThrows(
      () => connect({ ssl: { rejectUnauthorised: false } }),
      TypeError,
      "no option client.ssl.rejectUnauthorised",
    );
    assertThrows(() => connect({ constructor: 1 }), TypeError, "there is no option client.constructor");
    const login = { mechanism: "plain", username: "ada", password: "secret", host: "x" };
    assertThrows(() => connect({ sasl: login }), TypeError, "no option client.sasl.host");
  });

  it("refuse values of a wrong type, and never show a password", () => {
    assertThrows(() => connect([]), TypeError, "client must be an object with ssl");
    assertThrows(() => connect({ ssl: "yes" }), TypeError, "client.ssl must be an object with ca");
    assertThrows(() => connect({ ssl: { ca: [1] } }), TypeError, "client.ssl.ca must be a text");
    assertThrows(
      () => connect({ clientId: "" }),
      TypeError,
      'client.clientId must be a text that is not empty, current value is ""',
    );
    assertThrows(
      () => connect({ sasl: { mechanism: "kerberos" } }),
      TypeError,
      "client.sasl.mechanism must be one of plain, scram-sha-256, scram-sha-512, oauthbearer",
    );
    assertThrows(
      () => connect({ sasl: { mechanism: "plain", username: "ada" } }),
      TypeError,
      "client.sasl.password must be a text that is not empty, current value is undefined",
    );
    assertThrows(
      () => connect({ sasl: { mechanism: "oauthbearer", token: "secret" } }),
      TypeError,
      "must be a function",
    );
    const told = assertThrows(() => connect({ sasl: "secret" }), TypeError);
    assertEquals(told.message.includes("secret"), false);
  });

  it("refuse times that are no whole number of milliseconds", () => {
    for (const time of [0, -1, 1.5, NaN, Infinity, "3000", 2 ** 31]) {
      assertThrows(
        () => connect({ requestTimeout: time }),
        RangeError,
        "client.requestTimeout must be a whole number of milliseconds from 1 to 2147483647",
      );
    }
  });

  it("are mapped to the client that lies below, with their defaults", () => {
    assertEquals(toKafkaJsOptions({}), {
      ssl: null,
      sasl: null,
      clientId: "tidemark",
      connectionTimeout: 3000,
      authenticationTimeout: 10_000,
      requestTimeout: 30_000,
    });
    const { ssl, sasl } = toKafkaJsOptions({
      ssl: true,
      sasl: { mechanism: "scram-sha-256", username: "ada", password: "secret" },
    });
    assertEquals([ssl, sasl], [{}, { mechanism: "scram-sha-256", username: "ada", password: "secret" }]);
  });

  it("ask for a token whenever the client below needs one", async () => {
    let asked = 0;
    const { sasl } = toKafkaJsOptions({
      sasl: { mechanism: "oauthbearer", token: () => Promise.resolve(`token ${++asked}`) },
    });
    const { oauthBearerProvider } = sasl as { oauthBearerProvider: () => Promise<{ value: string }> };
    assertEquals([await oauthBearerProvider(), await oauthBearerProvider()], [{ value: "token 1" }, {
      value: "token 2",
    }]);
  });
});
