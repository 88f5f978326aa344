/** How a reader behaves when an open transaction of another program is in its input, on a real or simulated Kafka. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Member } from "./kafka_member.ts";
import { NO_STORE } from "./no_store.ts";
import { contract, type KafkaBench } from "./kafka_subject.ts";
import { freshTopic, publish, record, textOf } from "./recording_reader.ts";
import { leaveOpen } from "../kafka_publish_contract.ts";

/** A topic whose record 1 is in an open transaction, with this many committed records after it. */
async function heldBack(bench: KafkaBench, behind: number) {
  const { connection } = bench;
  const topic = freshTopic();
  await connection.createTopic(topic, 1);
  await publish({ connection, store: NO_STORE }, [record(topic, { text: "before" })]);
  const open = await leaveOpen(bench, { topic, id: `${topic}-upstream` }, "held");
  const texts = Array.from({ length: behind }, (_, index) => `behind ${index}`);
  await publish({ connection, store: NO_STORE }, texts.map((text) => record(topic, { text })));
  return { topic, open, texts };
}

/** Registers the contract's tests for one Kafka. */
export const heldBackContract = contract((name, on, ignore) => {
  describe(`${name}, input that is held back`, { ignore }, () => {
    it(
      "the end of a topic is behind what an open transaction holds back, and who holds it is known",
      on(async (bench) => {
        const { topic } = await heldBack(bench, 10);
        // 0 before, 1 its control record, 2 held, 3 to 12 behind it, 13 their control record.
        assertEquals(await bench.connection.bounds(topic), [{ earliest: 0, latest: 14 }]);
        assertEquals(await bench.connection.offsets(topic, "latest"), [2]);
        const line = await bench.line();
        const [place] = (await line.places(topic))!;
        const [open, ...others] = await line.openTransactions(topic, place);
        assertEquals([open.transactionalId, open.firstOffset, others], [`${topic}-upstream`, 2, []]);
        assert(Math.abs(open.since! - bench.now()) < 60_000, `it began at ${open.since}`);
        const [fetched] = await line.fetch(place.leader!, [{ topic, partition: 0, offset: 2 }], {
          ...{ wait: 0, partitionBytes: 1_000_000, bytes: 1_000_000 },
        });
        assertEquals([fetched.end, fetched.latest, fetched.batches.length], [2, 14, 0]);
      }),
    );

    it(
      "a reader that is held back says by whom, and reads on when the transaction ends",
      on(async (bench) => {
        const { topic, open, texts } = await heldBack(bench, 3);
        const member = await Member.join(bench.connection, { group: freshTopic(), topics: [topic] });
        await member.until("the trouble", () => member.inTrouble.has("transactions"));
        const message = member.inTrouble.get("transactions")!;
        assertStringIncludes(
          message,
          `the input ${topic}/0 is held back at offset 2 by an open transaction of "${topic}-upstream"`,
        );
        assertStringIncludes(message, "the 5 offsets from there on can be read when it ends");
        assertEquals(member.records.map(textOf), ["before"]);
        const last = member.batches.at(-1)!;
        assertEquals([last.position, last.end, last.latest], [2, 2, 7]);
        await open.commit();
        await member.until("what was held back", () => member.records.length === 5);
        await member.until("the end of the trouble", () => member.inTrouble.size === 0);
        assertEquals(member.records.map(textOf), ["before", "held", ...texts]);
        await member.reader.stop();
      }),
    );
  });
});
