import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { UnavailableError } from "../state/errors.ts";
import { findBroker, startBroker } from "./support/broker.ts";
import { deliver, prepared } from "./support/deliveries.ts";
import { connect, Member, NO_STORE } from "./support/kafka.ts";
import { publish, record, textOf } from "./support/recording_reader.ts";

const own = await findBroker({ own: true });

const suite = own.kind === "none" ? describe.ignore : describe;

suite("A reader whose broker is killed", () => {
  it("says what suffers, each once, and goes on where it was", async () => {
    await using broker = await startBroker({ partitions: 1 });
    const connection = await connect(broker.brokers);
    const place = { connection, store: NO_STORE };
    await connection.createTopic("input", 2);
    const member = await Member.join(connection, { group: "job", topics: ["input"] });
    await member.owns([0, 1]);
    await publish(place, [0, 1].map((partition) => record("input", { partition, text: `before ${partition}` })));
    await member.until("what came before", () => member.records.length === 2);
    const life = await (await prepared(connection, "job")).open("job-producer");

    await broker.kill();
    await member.until("both troubles", () => member.inTrouble.size === 2);
    for (const [, message] of member.troubles) {
      assertStringIncludes(message!, `no Kafka broker answers at ${broker.brokers[0]}`);
    }
    const error = await assertRejects(() => deliver(life, [record("input")]), UnavailableError);
    assertStringIncludes(error.message, 'Cannot publish results as "job-producer"');

    await broker.start();
    await member.until("the end of both", () => member.inTrouble.size === 0);
    await publish(place, [0, 1].map((partition) => record("input", { partition, text: `after ${partition}` })));
    await member.until("what came after", () => member.records.length >= 4);
    assertEquals(member.records.map(textOf).sort(), ["after 0", "after 1", "before 0", "before 1"]);
    assertEquals(member.failure, undefined);
    await connection.close();
  });

  it("can be stopped while the broker is away", async () => {
    await using broker = await startBroker({ partitions: 1 });
    const connection = await connect(broker.brokers);
    await connection.createTopic("input", 1);
    const member = await Member.join(connection, { group: "job", topics: ["input"] });
    await member.owns([0]);
    await broker.kill();
    await member.until("a trouble", () => member.inTrouble.size > 0);
    await member.reader.stop();
    await connection.close();
    assertEquals(member.troubles.filter(([, message]) => message === undefined), []);
  });
});
