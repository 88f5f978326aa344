/** A job whose input an open transaction of somebody else holds back, on a real Kafka. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { keyedReduce, run } from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import { Lines, scratch } from "./support/jobs.ts";
import { brokers, createTopicWith, ignore, plainClient } from "./support/kafka.ts";
import { realKafka } from "./support/real_kafka.ts";
import { freshTopic } from "./support/recording_reader.ts";
import { heldBackContract } from "./support/held_back.ts";

heldBackContract("Kafka", { make: realKafka, ignore });

const suite = ignore ? describe.ignore : describe;

suite("a job until the end of an input that is held back", () => {
  for (const how of ["commit", "abort"] as const) {
    it(`counts it as lag, waits, says so, and goes on when it ends with ${how}`, async () => {
      const [input, output] = [freshTopic(), freshTopic()];
      await createTopicWith(input, {});
      await createTopicWith(output, {});
      const upstream = plainClient().producer({ transactionalId: `${input}-upstream`, maxInFlightRequests: 1 });
      const plain = plainClient().producer();
      await Promise.all([upstream.connect(), plain.connect()]);
      const message = { key: "ada", value: JSON.stringify("ada") };
      const transaction = await upstream.transaction();
      await transaction.send({ topic: input, messages: [message] });
      await plain.send({ topic: input, messages: Array.from({ length: 100 }, () => message) });

      const broker = kafka({ brokers });
      const lines = new Lines();
      await using state = await scratch();
      const pipeline = broker.source<string>(input).pipe(
        keyedReduce({ name: "counts", key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
        broker.sink(output, { key: ({ key }) => key }),
      );
      const job = await run(pipeline, { name: input, state: state.path("state.db"), until: "end", log: lines.log });
      const line = await lines.line(/held back at offset 0 by an open transaction of/);
      assert(line.includes(`waiting, because the input ${input}/0`), line);
      assert(line.includes(`"${input}-upstream"`), line);
      const { lag, records_in, trouble } = job.metrics.snapshot();
      assertEquals([lag, records_in], [101, 0]);
      assert(trouble?.includes("held back"), trouble);
      assertEquals(lines.find(/finished/), undefined);

      await transaction[how]();
      assertEquals((await job.finished).reason, "finished");
      assert(lines.find(/no transaction holds the input back any more; all is well again/));
      assertEquals(job.metrics.snapshot().records_in, how === "commit" ? 101 : 100);
      await Promise.all([upstream.disconnect(), plain.disconnect()]);
    });
  }
});
