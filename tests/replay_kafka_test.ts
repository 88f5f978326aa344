/** Dead letters on a real Kafka are sent again: once, and it is said what happens if the process dies in between. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { map } from "rxjs";
import { bytes, deadLetter, ReplayError, run } from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import { first } from "./support/jobs.ts";
import { brokers, createTopicWith, ignore, plainClient } from "./support/kafka.ts";
import { freshTopic } from "./support/recording_reader.ts";

const utf8 = (bytes: Uint8Array | null | undefined) => bytes && new TextDecoder().decode(bytes);

Deno.test({
  name:
    "a dead letter on Kafka is sent again with its bytes, key and headers, once, and all with its reason in one step",
  ignore,
  async fn() {
    const [input, output, dead] = [freshTopic(), freshTopic(), freshTopic()];
    for (const topic of [input, output, dead]) await createTopicWith(topic, {}, { partitions: 2 });
    const broker = kafka({ brokers });
    using kv = await Deno.openKv(":memory:");
    let cured = false;
    const pipeline = broker.source<number>(input, { tombstones: "refuse" }).pipe(
      map((value) => {
        if (value < 0 && !cured) throw new RangeError("below zero");
        return value * 10;
      }),
      broker.sink(output),
    );
    const options = { name: input, state: kv, onError: deadLetter(broker.sink(dead)), log: () => {} };
    await using job = await run(pipeline, options);
    const producer = plainClient().producer();
    await producer.connect();
    const messages = [-1, -2, -3].map((n) => ({ value: String(n), key: "k", partition: 1, headers: { trace: "t" } }));
    await producer.send({ topic: input, messages });
    await producer.disconnect();
    await first(broker.source(dead, { codec: bytes() }), 3, job);

    const { letters, complete } = await job.records.letters(dead);
    assertEquals([letters.length, complete, letters.map(({ source }) => source).sort()], [
      ...[3, true],
      [0, 1, 2].map((offset) => `${input}/1@${offset}`),
    ]);
    const letter = letters.find(({ source }) => source === `${input}/1@0`)!;
    cured = true;
    const sent = await job.records.replay(letter);
    assertEquals([sent.to, sent.once], [`${input}/1`, "unless the process dies in between"]);
    assertStringIncludes(sent.sentence, "unless the process has died between the record and its mark");
    await assertRejects(() => job.records.replay(letter), ReplayError, "it was sent again");
    assertEquals(await first(broker.source<number>(output), 1, job), [-10]);

    const all = { topic: dead, reason: letter.reason };
    const step = await job.records.replayAll(all);
    assertEquals([step.replayed, step.skipped, step.next, step.diedAgain], [2, 1, undefined, undefined]);
    const values = await first(broker.source<number>(output), 3, job);
    assertEquals(values.sort((a, b) => Number(b) - Number(a)), [-10, -20, -30]);
    const again = (await job.records.read({ topic: input, partition: 1, offset: 3 }))!;
    assertEquals([utf8(again.value), utf8(again.key)], ["-1", "k"]);
    assertEquals(again.headers.map(([name, value]) => [name, utf8(value)]), [
      ["trace", "t"],
      ["tidemark.replayed", `${dead}/${letter.partition}@${letter.offset}`],
    ]);
    assertEquals((await job.records.replayAll(all)).replayed, 0);
  },
});
