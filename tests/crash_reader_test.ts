import { assertEquals } from "@std/assert";
import { readCommitted } from "./support/crash/read_committed.ts";
import { brokers, connect, ignore, plainClient } from "./support/kafka.ts";
import { freshTopic } from "./support/recording_reader.ts";

Deno.test({
  name: "The reader of the crash tests sees nothing of aborted transactions that were under way at the same time",
  ignore,
  async fn() {
    const topic = freshTopic();
    const connection = await connect();
    await connection.createTopic(topic, 1);
    await connection.close();
    const kafka = plainClient();
    const producers = ["first", "second"].map((name) =>
      kafka.producer({ transactionalId: `${topic}-${name}`, idempotent: true, maxInFlightRequests: 1 })
    );
    for (const producer of producers) await producer.connect();
    const [first, second] = [await producers[0].transaction(), await producers[1].transaction()];
    const messages = (value: string) => ({ topic, acks: -1, messages: [{ partition: 0, value }] });
    await first.send(messages("aborted last"));
    await second.send(messages("aborted first"));
    // The broker lists them in the order of their ends, which is not that of their beginnings.
    await second.abort();
    await first.abort();
    const third = await producers[0].transaction();
    await third.send(messages("committed"));
    await third.commit();
    for (const producer of producers) await producer.disconnect();

    const seen: string[] = [];
    const see = ({ value }: { value: Uint8Array | null }) => void seen.push(new TextDecoder().decode(value!));
    await readCommitted(kafka, { brokers, topics: [topic], partitions: 1 }, see);
    assertEquals(seen, ["committed"]);
  },
});
